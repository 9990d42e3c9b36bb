package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/mockllm/mockllm/play"
)

// A child is CMD.
type child struct {
	args, environ []string
	in            io.Reader // nil is an empty one.
	out, errs     io.Writer
	signals       <-chan os.Signal // What we were sent.
	clock         play.Clock
}

// ended is how CMD ended.
type ended struct {
	code   int       // 128+n if signal n ended it.
	how    string    // In words, behind "CMD".
	caught os.Signal // What we were sent while it ran; nil if nothing.
	notes  []string  // What else there is to say.
}

func (e *ended) note(format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, args...))
}

const (
	// patience is how long CMD may go on after a signal.
	patience = 5 * time.Second

	// leftTime is how long what CMD leaves behind may take to end.
	leftTime = time.Second
)

// catchSignals catches what would end us, so that CMD can be ended first. What
// is ignored, as under nohup, stays so.
func catchSignals() (<-chan os.Signal, func()) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, heeded(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)...)
	return signals, func() { signal.Stop(signals) }
}

// heeded returns those of the signals that whoever started us did not have ignored,
// as nohup does.
func heeded(signals ...os.Signal) []os.Signal { return slices.DeleteFunc(signals, signal.Ignored) }

// run runs CMD until it ends, or until the context does: then it is killed. An
// error says that it did not start.
func (c *child) run(ctx context.Context) (ended, error) {
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.environ, c.out, c.errs
	cmd.SysProcAttr = ownGroup()
	cmd.WaitDelay = leftTime // Others may hold on to a pipe.
	feed, err := c.stdin(cmd)
	if err != nil {
		return ended{}, err
	}
	if err := cmd.Start(); err != nil {
		return ended{}, notStarted(err)
	}
	feed()
	done := make(chan struct{})
	go func() {
		cmd.Wait() // What is wrong stands in the state too.
		close(done)
	}()
	e := c.await(ctx, cmd.Process, done)
	if stopGroup(cmd.Process.Pid, c.clock) {
		e.note("CMD left processes behind, which were ended")
	}
	e.code, e.how = exitOf(cmd.ProcessState)
	return e, nil
}

// stdin connects the standard input. A file is passed on. A terminal cannot be:
// CMD is no longer of the group that may read it.
func (c *child) stdin(cmd *exec.Cmd) (feed func(), err error) {
	f, isFile := c.in.(*os.File)
	if c.in == nil || isFile && !isTerminal(f) {
		cmd.Stdin = c.in
		return func() {}, nil
	}
	pipe, err := cmd.StdinPipe()
	return func() {
		inBackground()
		go func() {
			io.Copy(pipe, c.in)
			pipe.Close()
		}()
	}, err
}

// await waits for CMD, passes on what we are sent, and ends it if need be.
func (c *child) await(ctx context.Context, p *os.Process, done <-chan struct{}) (e ended) {
	over := ctx.Done()
	var tired <-chan struct{}
	for {
		select {
		case <-done:
			return e
		case <-over:
			killGroup(p)
			e.note("time is up: CMD was killed")
			over, tired = nil, nil
		case s := <-c.signals:
			if e.caught != nil {
				killGroup(p)
				e.note("a second signal came: CMD was killed")
				continue
			}
			e.caught = s
			signalGroup(p, s)
			patient, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			tired = patient.Done()
		case <-tired:
			killGroup(p)
			e.note("CMD went on for %s after it was sent %q, and was killed", patience, e.caught)
			tired = nil
		}
	}
}

// notStarted says why CMD did not start, with the exit code that shells use.
func notStarted(err error) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return &exitError{exitNotFound, err}
	}
	return &exitError{exitNotExecutable, err}
}
