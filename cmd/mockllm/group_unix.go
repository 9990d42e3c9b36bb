//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/mockllm/mockllm/play"
)

// ownGroup has a process lead a group of its own, which its children join, so
// that all can be ended together.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// inBackground keeps us from being stopped if we read the terminal as a
// background job. CMD, which runs already, does not inherit it.
func inBackground() { signal.Ignore(syscall.SIGTTIN) }

func signalGroup(p *os.Process, s os.Signal) { syscall.Kill(-p.Pid, s.(syscall.Signal)) }

func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }

// stopGroup ends what is left of a group whose leader is gone, first kindly,
// and reports whether anything was left.
func stopGroup(id int, clock play.Clock) bool {
	if !groupLives(id) {
		return false
	}
	syscall.Kill(-id, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(context.Background(), leftTime)
	defer cancel()
	for groupLives(id) && clock.Sleep(ctx, 5*time.Millisecond) == nil {
	}
	syscall.Kill(-id, syscall.SIGKILL)
	return true
}

// groupLives reports whether anybody of the group is left. Where we are the
// first process of a container, orphans are ours to wait for.
func groupLives(id int) bool {
	for {
		if pid, err := syscall.Wait4(-id, nil, syscall.WNOHANG, nil); pid <= 0 && err != syscall.EINTR {
			return syscall.Kill(-id, 0) == nil
		}
	}
}

// exitOf returns the exit code of a process that has ended, 128+n if signal n
// ended it, and says how it ended.
func exitOf(state *os.ProcessState) (code int, how string) {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return signalled(status.Signal()), fmt.Sprintf("was ended by signal %d (%s)", int(status.Signal()), status.Signal())
	}
	return state.ExitCode(), fmt.Sprintf("ended with exit code %d", state.ExitCode())
}

// signalled returns the exit code that stands for a signal.
func signalled(s os.Signal) int { return 128 + int(s.(syscall.Signal)) }
