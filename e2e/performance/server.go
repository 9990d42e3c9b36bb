package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A server is a process that answers.
type server struct {
	address string
	command *exec.Cmd
}

// launch starts a program and waits until it prints its address, which follows
// the mark.
func launch(command *exec.Cmd, mark string) (*server, error) {
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		return nil, err
	}
	s := &server{command: command}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, address, found := strings.Cut(lines.Text(), mark); found {
			s.address = strings.TrimSpace(address)
			go io.Copy(io.Discard, out)
			return s, nil
		}
	}
	s.stop()
	return nil, errors.New("the server ended before it listened")
}

// product starts the release binary as users do, with its journal on. Lines per
// exchange are off: they would measure who reads them.
func (p plan) product(arguments ...string) (*server, error) {
	arguments = append([]string{"serve", "--quiet", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, arguments...)
	return launch(exec.Command(p.binary, arguments...), "vendors   http://")
}

// own starts this program as a server; see play.
func own(r role) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	command := exec.Command(self)
	command.Env = append(os.Environ(), roleVariable+"="+string(text))
	return launch(command, addressMark)
}

func (s *server) stop() {
	s.command.Process.Kill()
	s.command.Wait()
}

// cpu is how much processor time the process has taken; 0 where nobody tells.
func (s *server) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.command.Process.Pid))
	if err != nil {
		return 0
	}
	const ticks = time.Second / 100 // Of Linux, on every platform that Go knows.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * ticks
}

// memory is how many bytes of the process are resident; 0 where nobody tells.
func (s *server) memory() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(fields[0], 10, 64)
	return kilobytes << 10
}

// descriptors raises the limit of open files to what is allowed and returns it.
func descriptors() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	limit.Cur = limit.Max
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return limit.Cur
}
