//go:build !unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/mockllm/mockllm/play"
)

func ownGroup() *syscall.SysProcAttr { return nil }

func inBackground() {}

// signalGroup has nothing to do: what interrupts us on a console reaches all
// processes on it.
func signalGroup(*os.Process, os.Signal) {}

// killGroup ends a process and those that it started.
func killGroup(p *os.Process) {
	if exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(p.Pid)).Run() != nil {
		p.Kill()
	}
}

// stopGroup cannot know what a process that is gone has left behind.
func stopGroup(int, play.Clock) bool { return false }

func exitOf(state *os.ProcessState) (code int, how string) {
	return state.ExitCode(), fmt.Sprintf("ended with exit code %d", state.ExitCode())
}

// signalled returns the exit code that stands for a signal.
func signalled(s os.Signal) int {
	n, _ := s.(syscall.Signal)
	return 128 + int(n)
}
