package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// A reloader follows the scenario of a file anew, on SIGHUP and, if it is
// watched, when it changes. One that does not load is told, and the old one
// stays.
type reloader struct {
	scenario string // The flag: a file or a folder.
	follow   func(*scenarios.Scenario) error
	log      *slog.Logger
	clock    play.Clock

	hangups chan os.Signal
	watcher *fsnotify.Watcher // Nil if the scenario is not watched.
	told    string            // The hash of the scenario that was read last, or what was wrong with it.
}

// newReloader begins to listen for what asks for a reload.
func newReloader(scenario string, watched bool, now *scenarios.Scenario, follow func(*scenarios.Scenario) error, log *slog.Logger) (*reloader, error) {
	r := &reloader{
		scenario: scenario, follow: follow, log: log, clock: play.Real(),
		hangups: make(chan os.Signal, 1), told: now.Hash(),
	}
	if watched {
		var err error
		if r.watcher, err = fsnotify.NewWatcher(); err != nil {
			return nil, fmt.Errorf("%s cannot be watched: %w", scenario, err)
		}
		if err := r.watch(); err != nil {
			return nil, errors.Join(err, r.watcher.Close())
		}
	}
	signal.Notify(r.hangups, syscall.SIGHUP)
	return r, nil
}

// watch looks at the scenario's folder, since editors put a new file in the place
// of the old one, and at that of the file to which it links. Both may be others
// than before.
func (r *reloader) watch() error {
	folders := []string{r.scenario}
	if info, err := os.Stat(r.scenario); err != nil || !info.IsDir() {
		folders[0] = filepath.Dir(r.scenario)
		if linked, err := filepath.EvalSymlinks(r.scenario); err == nil {
			folders = append(folders, filepath.Dir(linked))
		}
	}
	for _, folder := range folders {
		if err := r.watcher.Add(folder); err != nil {
			return fmt.Errorf("%s cannot be watched: %w", folder, err)
		}
	}
	return nil
}

// writeTime is how long the writer of a file has to finish it.
const writeTime = 50 * time.Millisecond

// run reloads whenever it is asked to, until the context ends.
func (r *reloader) run(ctx context.Context) {
	defer signal.Stop(r.hangups)
	var changes <-chan fsnotify.Event
	var failures <-chan error
	if r.watcher != nil {
		defer r.watcher.Close()
		changes, failures = r.watcher.Events, r.watcher.Errors
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.hangups:
			r.told = "" // Who asks is answered.
			r.reload()
		case <-changes:
			if r.settled(ctx, changes) {
				r.reload()
			}
		case err := <-failures:
			r.log.Error("changes of the scenario may be missed", "error", err)
		}
	}
}

// settled waits until the file has been left alone for as long as its writer has,
// or was changed for long, and reports whether the context lasted. Read in between,
// a file that is written again and again would often be empty.
func (r *reloader) settled(ctx context.Context, changes <-chan fsnotify.Event) bool {
	for range 20 {
		if r.clock.Sleep(ctx, writeTime) != nil {
			return false
		}
		select {
		case <-changes:
		default:
			return true
		}
	}
	return true
}

// reload reads the scenario and follows it, unless it is what was read before.
func (r *reloader) reload() {
	if r.watcher != nil {
		if err := r.watch(); err != nil {
			r.log.Error("changes of the scenario are missed until SIGHUP", "error", err)
		}
	}
	scenario, file, err := openAgain(r.scenario)
	if err == nil {
		if scenario.Hash() == r.told {
			return
		}
		err = r.follow(scenario)
	}
	if err != nil {
		r.refuse(err)
		return
	}
	r.told = scenario.Hash()
	r.log.Info("scenario replaced", "scenario", scenario.Name, "file", file, "sha256", r.told,
		"holds", countRules(len(scenario.Rules), len(scenario.Limits), len(scenario.Connections)))
}

// openAgain reads a scenario once more. What stood in a pipe is gone, and who waits
// for more waits for ever.
func openAgain(word string) (*scenarios.Scenario, string, error) {
	if file, err := scenarioFile(word); err == nil {
		if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
			return nil, "", fmt.Errorf("%s is no file that can be read again", file)
		}
	}
	return openScenario(word)
}

// refuse tells all that is wrong, once.
func (r *reloader) refuse(err error) {
	if err.Error() == r.told {
		return
	}
	r.told = err.Error()
	for _, problem := range strings.Split(r.told, "\n") {
		r.log.Error("scenario not replaced, the old one stays", "problem", problem)
	}
}
