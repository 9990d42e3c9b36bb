package e2e

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRecordAndReplay records one binary with another, stops that by each
// signal, and has a third answer the same from what was saved.
func TestRecordAndReplay(t *testing.T) {
	const path = "/compatible-mode/v1/chat/completions"
	bodies := []string{
		`{"model":"qwen-plus","messages":[{"role":"user","content":"One."}]}`,
		`{"model":"qwen-plus","stream":true,"messages":[{"role":"user","content":"Two."}]}`,
		`{"model":"no-such-model","messages":[{"role":"user","content":"Three."}]}`,
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "recorded.toml")
			vendor := startBinary(t, "")
			front, stop := recorder(t, vendor.vendors, file)
			want := make([]string, len(bodies))
			for i, body := range bodies {
				_, want[i] = front.post(t, path, body)
			}
			if left, _ := os.ReadDir(dir); len(left) != 1 || left[0].Name() == "recorded.toml" {
				t.Errorf("before it ends, there is %v", left)
			}
			if out := stop(signal); !strings.Contains(out, "recorded 3 exchanges in "+file) {
				t.Errorf("it ends with %s", out)
			}
			if left, _ := os.ReadDir(dir); len(left) != 1 {
				t.Errorf("left are %v", left)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			replay := startBinary(t, string(text))
			for i, body := range bodies {
				if _, got := replay.post(t, path, body); got != want[i] {
					t.Errorf("call %d is answered\n%s\nwant\n%s", i+1, got, want[i])
				}
			}
			if out, err := exec.CommandContext(t.Context(), binary, "learn", file).CombinedOutput(); err != nil || string(out) != "3 answers compared, 0 differ\n" {
				t.Errorf("learn: %v\n%s", err, out)
			}
		})
	}
}

// recorder starts mockllm record and returns where it listens, and what stops
// it and returns what it printed since.
func recorder(t *testing.T, upstream, file string) (server, func(os.Signal) string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), processTime)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, "record", "--upstream", upstream, "--listen", "127.0.0.1:0", "--out", file, "--quiet")
	cmd.Env = []string{}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	var s server
	for s.vendors == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("mockllm record ended before it listened: %v, %s", cmd.Wait(), &errs)
		}
		if words := strings.Fields(line); len(words) == 2 && words[0] == "vendors" {
			s.vendors = words[1]
		}
	}
	return s, func(signal os.Signal) string {
		if err := cmd.Process.Signal(signal); err != nil {
			t.Error(err)
		}
		rest, _ := io.ReadAll(lines)
		if err := cmd.Wait(); err != nil || strings.Count(errs.String(), "\n") != 1 || !strings.Contains(errs.String(), "signed with bce-auth-v1 cannot pass") {
			t.Errorf("mockllm record: %v, and says %s", err, &errs)
		}
		return string(rest)
	}
}
