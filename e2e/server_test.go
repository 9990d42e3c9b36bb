package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/baidubce/bce-qianfan-sdk/go/qianfan"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/journal"
)

// binary is the path of the command, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == clientName {
		os.Exit(client(os.Args[1:]))
	}
	heedSignals()
	qianfan.SetLogLevel(0) // The SDK logs every error that the cases provoke.
	os.Exit(func() int {
		if _, err := required(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		dir, err := os.MkdirTemp("", "mockllm-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "mockllm")
		build := exec.Command("go", "build", "-o", binary, "./cmd/mockllm")
		build.Dir = ".." // The command belongs to the module above.
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
			return 1
		}
		if err := linkClient(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// heedSignals catches what this process was started to ignore, as a shell has it
// for jobs in the background: the processes that tests start would inherit that,
// and mockllm keeps to it.
func heedSignals() {
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}

// A server is a mockllm that runs, wherever it runs.
type server struct{ vendors, admin string }

// A target starts a server that follows a scenario, for the length of a test.
type target func(t *testing.T, scenario string) server

// targets are both ways in which mockllm is used.
var targets = []struct {
	name  string
	start target
}{
	{"in-process", startInProcess},
	{"binary", startBinary},
}

// A testCase is run once against each target.
type testCase struct {
	name     string
	scenario string // TOML; without one nothing goes wrong.
	run      func(t *testing.T, s server)
}

func runCases(t *testing.T, cases []testCase) {
	for _, on := range targets {
		for _, c := range cases {
			t.Run(on.name+"/"+c.name, func(t *testing.T) { c.run(t, on.start(t, c.scenario)) })
		}
	}
}

func startInProcess(t *testing.T, scenario string) server {
	srv := mockllm.RunT(t, mockllm.ScenarioText(scenario))
	management := httptest.NewServer(srv.AdminHandler(admin.Options{}))
	t.Cleanup(management.Close)
	return server{srv.URL(), management.URL}
}

func startBinary(t *testing.T, scenario string) server {
	file := filepath.Join(t.TempDir(), "scenario.toml")
	if err := os.WriteFile(file, []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := serve(nil, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--scenario", file, "--quiet")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections() // One that was never used would hold up the end.
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	return p.server
}

// A process is a running mockllm serve.
type process struct {
	server
	cmd    *exec.Cmd
	out    io.ReadCloser
	errs   bytes.Buffer
	cancel context.CancelFunc // Kills it.
}

// processTime bounds the life of a process, so that none is left behind.
const processTime = 5 * time.Minute

// serve starts mockllm serve with nothing but these variables in its
// environment, and returns when it has said where it listens.
func serve(environ []string, args ...string) (*process, error) {
	return serveTelling(nil, environ, args...)
}

// serveTelling does so, and has standard error go elsewhere than into errs.
func serveTelling(errs *os.File, environ []string, args ...string) (*process, error) {
	ctx, cancel := context.WithTimeout(context.Background(), processTime)
	p := &process{cmd: exec.CommandContext(ctx, binary, append([]string{"serve"}, args...)...), cancel: cancel}
	p.cmd.Env = append([]string{}, environ...) // Not nil, which would be our own environment.
	p.cmd.Stderr = &p.errs
	if errs != nil {
		p.cmd.Stderr = errs
	}
	var err error
	if p.out, err = p.cmd.StdoutPipe(); err != nil {
		cancel()
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	for lines := bufio.NewScanner(p.out); p.vendors == "" || p.admin == ""; {
		if !lines.Scan() {
			return nil, fmt.Errorf("mockllm serve ended before it listened: %w", p.stop())
		}
		switch words := strings.Fields(lines.Text()); {
		case len(words) != 2:
		case words[0] == "vendors":
			p.vendors = words[1]
		case words[0] == "admin":
			p.admin = words[1]
		}
	}
	return p, nil
}

// stop asks the process to end. It must do so with success, and with nothing
// to complain about.
func (p *process) stop() error {
	defer p.cancel()
	signalled := p.cmd.Process.Signal(syscall.SIGTERM)
	io.Copy(io.Discard, p.out)
	err := errors.Join(signalled, p.cmd.Wait())
	if err != nil || p.errs.Len() > 0 {
		return fmt.Errorf("mockllm serve: %w; it wrote to standard error: %q", err, p.errs.String())
	}
	return nil
}

// kill ends the process at once, unless it has ended: a test that gives up before
// it stops it leaves nothing behind.
func (p *process) kill() {
	p.cancel()
	p.cmd.Wait() // An error if somebody waited before.
}

// exchanges returns the journal of a namespace.
func (s server) exchanges(t *testing.T, namespace string) []journal.Exchange {
	t.Helper()
	answer, err := http.Get(s.admin + "/api/v1/journal?namespace=" + namespace)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var found struct{ Exchanges []journal.Exchange }
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("journal: %s, %v", answer.Status, err)
	}
	return found.Exchanges
}

// wantJournal compares the journal with what is expected of each exchange: the
// operation or, if there is none, the path; the error; and the rules fired with
// the number of the call.
func (s server) wantJournal(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, e := range s.exchanges(t, "") {
		text := e.Operation
		if text == "" {
			text = e.URL
		}
		text += " " + e.Error
		for _, f := range e.Rules {
			text += fmt.Sprintf(" %s#%d", f.Rule, f.N)
		}
		got = append(got, strings.TrimSpace(text))
	}
	if !slices.Equal(got, want) {
		t.Errorf("journal:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// must stops the test at an error that no case expects.
func must[V any](v V, err error) func(t *testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		if err != nil {
			t.Fatalf("%T: %v", err, err)
		}
		return v
	}
}

// wantError stops the test unless the error is of type E, and returns it.
func wantError[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("error %T: %v; want %T", err, err, e)
	}
	return e
}
