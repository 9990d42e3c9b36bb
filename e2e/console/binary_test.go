package console

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

// built starts the command as a user does, and returns where it listens.
func built(t *testing.T, args ...string) (vendors, console string) {
	t.Helper()
	need(t)
	binary := filepath.Join(t.TempDir(), "mockllm")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "./cmd/mockllm")
	build.Dir = "../.." // The command belongs to the module above.
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience) // So that none is left behind.
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	cmd.Env, cmd.Dir = []string{}, t.TempDir() // Nothing of the source is at hand.
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("mockllm serve: %v\n%s", err, errs.String())
		}
	})
	lines := bufio.NewScanner(out)
	for (vendors == "" || console == "") && lines.Scan() {
		switch words := strings.Fields(lines.Text()); {
		case len(words) != 2:
		case words[0] == "vendors":
			vendors = words[1]
		case words[0] == "admin":
			console = words[1] + "/"
		}
	}
	if vendors == "" || console == "" {
		t.Fatalf("mockllm serve does not say where it listens: %s", errs.String())
	}
	return vendors, console
}

// TestBuiltBinary uses the console of the command that is built, in each view,
// the way somebody does who has read the first page of the README.
func TestBuiltBinary(t *testing.T) {
	scenario := filepath.Join(t.TempDir(), "throttle.toml")
	if err := os.WriteFile(scenario, []byte("[[rule]]\nname = \"rate quota\"\nwhen = { calls = 1 }\nerror = \"Throttling.RateQuota\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	vendors, console := built(t, "--scenario", scenario, "--admin-token", "open sesame")
	w := &world{t: t, vendors: vendors, console: console}
	p := open(t, w.console, desk)
	p.sees("dialog", "admin token")
	p.write("#token", "open sesame")
	p.click("dialog button[type=submit]")
	p.sees("#stream", "live")
	if status, body := w.chat("", "qwen-plus", "Hello!"); status != 429 {
		t.Fatalf("%d %s", status, body)
	}
	p.sees("#list", "429", "rate quota #1")
	p.click("#row-1")
	p.sees("#detail .decision", "rate quota · call 1")
	p.visit("throw?entry=dashscope%2Fmodel%2FArrearage")
	p.click("#throw-it")
	p.sees("#waiting", "Arrearage")
	if status, body := w.chat("", "qwen-plus", "Hello!"); status != 400 || !strings.Contains(body, "Arrearage") {
		t.Errorf("%d %s", status, body)
	}
	p.visit("scenario")
	p.sees("#standing", "rate quota", "calls: 1, of which fire: 1") // A one-shot counts for no rule.
	p.write("#editor", "[[rule]]\nname = \"x\"\nerror = \"Throtling\"\n")
	p.click("#apply")
	p.sees("#problems", "line 3", "Throttling")
	p.click("#undo")
	p.sees("dialog", "Discard that?")
	p.visit("verdict") // Who goes elsewhere does not discard it, and is asked no more.
	p.until(`!document.querySelector('dialog')`)
	p.sees("#judged", "Exchanges: 2 · logical calls: ")
	p.click("#download-junit")
	p.sees("#said", "junit.xml is saved.")
	p.visit("clock")
	p.sees("#clock-about", "runs")
	p.quiet("401", "422")
}
