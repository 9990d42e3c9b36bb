package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A trial is a running mockllm run, whose CMD waits.
type trial struct {
	cmd  *exec.Cmd
	errs bytes.Buffer
	out  io.Reader // Where CMD writes.
	pids []int     // Who waits.
}

// startTrial starts mockllm run with client and these words, and returns when
// that many of them wait.
func startTrial(t *testing.T, waiting int, words ...string) *trial {
	t.Helper()
	return start(t, waiting, []string{"run", "--scenario", quiet(t)}, words)
}

// quiet returns a scenario in which nothing goes wrong.
func quiet(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "quiet.toml")
	if err := os.WriteFile(file, []byte("name = \"quiet\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func start(t *testing.T, waiting int, args, words []string) *trial {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), processTime)
	t.Cleanup(cancel)
	args = slices.Concat(args, []string{"--", filepath.Join(filepath.Dir(binary), clientName)}, words)
	r := &trial{cmd: exec.CommandContext(ctx, binary, args...)}
	r.out = watched(t, r)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(r.out); len(r.pids) < waiting; {
		var pid int
		if !lines.Scan() {
			t.Fatalf("CMD does not wait: %v, %s", r.cmd.Wait(), r.errs.String())
		}
		if n, _ := fmt.Sscanf(lines.Text(), "waiting %d", &pid); n == 1 {
			r.pids = append(r.pids, pid)
		}
	}
	return r
}

// watched returns where CMD writes: score lets it write to standard error only.
func watched(t *testing.T, r *trial) io.Reader {
	t.Helper()
	if r.cmd.Args[1] == "score" {
		errs, err := r.cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		return io.TeeReader(errs, &r.errs)
	}
	r.cmd.Stderr = &r.errs
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (r *trial) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// wants waits for the end, which must come with the exit code and the words on
// standard error, and leave nobody behind.
func (r *trial) wants(t *testing.T, code int, words ...string) {
	t.Helper()
	io.Copy(io.Discard, r.out)
	err := r.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != code {
		t.Errorf("ends with %v, want exit code %d", err, code)
	}
	for _, word := range words {
		if !strings.Contains(r.errs.String(), word) {
			t.Errorf("%q is not said:\n%s", word, r.errs.String())
		}
	}
	for _, pid := range r.pids {
		if runs(t, pid) {
			t.Errorf("process %d still runs", pid)
		}
	}
}

// runs reports whether a process runs. One that was killed may take a moment to
// go, and stays as a zombie where nobody waits for it.
func runs(t *testing.T, pid int) bool {
	t.Helper()
	for range 100 {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return false
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && bytes.Contains(stat, []byte(") Z ")) {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

// What ends mockllm ends CMD, and all that CMD has started.
func TestRunPassesSignalsOn(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			r := startTrial(t, 2, "leave=wait", "wait")
			r.signal(t, s)
			r.wants(t, 128+int(s), fmt.Sprintf("CMD was ended by signal %d", s), "INCONCLUSIVE  quiet", "to repeat it: ")
		})
	}
}

// A run that was cut short is no success, whatever CMD says and the verdict is.
func TestRunCutShort(t *testing.T) {
	r := startTrial(t, 1, "hammer=1", "obey", "wait")
	r.signal(t, syscall.SIGTERM)
	r.wants(t, 143, "PASS  quiet", "CMD ended with exit code 0", "exit code 143 is that of the signal")
}

// What ends score ends it whole.
func TestScoreCutShort(t *testing.T) {
	only := quiet(t)
	r := start(t, 1, []string{"score", "--only", only + "," + quiet(t)}, []string{"wait"})
	r.signal(t, syscall.SIGINT)
	r.wants(t, 130, "mockllm: 1 of 2: "+only, "0 PASS, 0 FAIL, 1 INCONCLUSIVE, 1 not run; exit code 130 is that of the signal")
}

func TestRunKillsTheStubborn(t *testing.T) {
	t.Run("after a while", func(t *testing.T) {
		t.Parallel()
		r := startTrial(t, 2, "stubborn", "leave=stubborn,wait", "wait")
		r.signal(t, syscall.SIGTERM)
		r.wants(t, 137, `CMD went on for 5s after it was sent "terminated", and was killed`)
	})
	t.Run("at once if told twice", func(t *testing.T) {
		t.Parallel()
		r := startTrial(t, 1, "stubborn", "wait")
		began := time.Now()
		r.signal(t, syscall.SIGINT)
		for time.Since(began) < 3*time.Second && r.cmd.Process.Signal(syscall.SIGTERM) == nil && !gone(r.pids[0]) {
			time.Sleep(20 * time.Millisecond) // Two signals that come together are one.
		}
		r.wants(t, 137, "a second signal came: CMD was killed")
	})
}

func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
