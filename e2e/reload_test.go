package e2e

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestReload gives a running server other scenarios: it follows a good one from
// the next call on, and tells what is wrong with a bad one.
func TestReload(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		ask  func(p *process) error
	}{
		"watched": {[]string{"--watch"}, func(*process) error { return nil }},
		"SIGHUP":  {nil, func(p *process) error { return p.cmd.Process.Signal(syscall.SIGHUP) }},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "scenario.toml")
			put(t, file, "[[rule]]\nname = \"a\"\nerror = \"InternalError.Algo\"")
			told, errs, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer told.Close()
			p, err := serveTelling(errs, nil, append(c.args, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--scenario", file, "--quiet")...)
			errs.Close()
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := p.stop(); err != nil {
					t.Error(err)
				}
			}()
			lines := bufio.NewScanner(told)
			p.wantStatus(t, http.StatusInternalServerError)
			for _, step := range []struct {
				scenario, want string
				status         int
			}{
				{"[[rule]]\nname = \"a\"\nerror = \"Throttling.RateQuota\"", "scenario replaced", http.StatusTooManyRequests},
				{"[[rule]]\nname = \"a\"\nerrors = \"Throttling\"", "scenario.toml:3: rule", http.StatusTooManyRequests},
				{"", "scenario replaced", http.StatusOK},
			} {
				put(t, file, step.scenario)
				if err := c.ask(p); err != nil {
					t.Fatal(err)
				}
				if !lines.Scan() || !strings.Contains(lines.Text(), step.want) {
					t.Fatalf("told %q, want %q", lines.Text(), step.want)
				}
				p.wantStatus(t, step.status)
			}
		})
	}
}

// put puts a new file in the place of the old one, as editors do.
func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+"~", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+"~", file); err != nil {
		t.Fatal(err)
	}
}

func (s server) wantStatus(t *testing.T, want int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.vendors+"/api/v1/services/aigc/text-generation/generation",
		strings.NewReader(`{"model":"qwen-plus","input":{"prompt":"hi"}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer k")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	if answer.StatusCode != want {
		t.Errorf("answered %d, want %d", answer.StatusCode, want)
	}
}
