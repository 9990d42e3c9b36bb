//go:build unix

package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mockllm/mockllm/scenarios"
)

// watched begins to watch a scenario. What is followed comes through the channel.
func watched(t *testing.T, path string) <-chan string {
	t.Helper()
	now, _, err := openScenario(path)
	if err != nil {
		t.Fatal(err)
	}
	followed := make(chan string, 10)
	follow := func(s *scenarios.Scenario) error {
		followed <- s.Name
		return nil
	}
	r, err := newReloader(path, true, now, follow, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		r.run(t.Context())
	}()
	t.Cleanup(func() { <-over })
	return followed
}

// Once a bug: a change of the file to which a scenario links was not seen, nor one
// of that to which it links since.
func TestWatchedLink(t *testing.T) {
	here := filepath.Join(t.TempDir(), "s.toml")
	there := write(t, t.TempDir(), "there.toml", `name = "first"`)
	elsewhere := write(t, t.TempDir(), "elsewhere.toml", `name = "third"`)
	if err := os.Symlink(there, here); err != nil {
		t.Fatal(err)
	}
	followed := watched(t, here)
	for _, step := range []struct {
		want   string
		change func()
	}{
		{"second", func() { write(t, filepath.Dir(there), "there.toml", `name = "second"`) }},
		{"third", func() {
			if err := os.Symlink(elsewhere, here+"~"); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(here+"~", here); err != nil {
				t.Fatal(err)
			}
		}},
		{"fourth", func() { write(t, filepath.Dir(elsewhere), "elsewhere.toml", `name = "fourth"`) }},
	} {
		step.change()
		for got := range followed {
			if got == step.want {
				break
			}
		}
	}
}

// Once a bug: whoever put a pipe in the place of a scenario stopped the server from
// reading any other, and from ending.
func TestReloadedPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "s.toml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	var errs strings.Builder
	r := &reloader{scenario: pipe, log: slog.New(newLines(&errs, nil))}
	r.reload()
	if !strings.Contains(errs.String(), "no file that can be read again") {
		t.Errorf("told %q", errs.String())
	}
}
