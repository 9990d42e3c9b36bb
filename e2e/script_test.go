package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the built command as the scripts in testdata/script say.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
			env.Values[running{}] = new(*process)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"serve":     serveInScript,
			"terminate": terminate,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// exits CODE COMMAND ARG… runs a command, which must end with the exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// running is the key under which a script keeps its server, if it has one.
type running struct{}

// serve NAME=VALUE… FLAG… starts mockllm serve with these variables and flags,
// waits until it listens, and sets $VENDORS and $ADMIN to host and port. A
// script has one server at a time; the last one ends with the script.
func serveInScript(ts *testscript.TestScript, neg bool, args []string) {
	var environ []string
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		environ, args = append(environ, args[0]), args[1:]
	}
	p, err := serve(environ, args...)
	if err != nil || neg {
		ts.Fatalf("serve: %v", err)
	}
	*ts.Value(running{}).(**process) = p
	ts.Defer(func() { terminate(ts, false, nil) })
	ts.Setenv("VENDORS", strings.TrimPrefix(p.vendors, "http://"))
	ts.Setenv("ADMIN", strings.TrimPrefix(p.admin, "http://"))
}

// terminate sends SIGTERM to the server, which must end with success.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	p := ts.Value(running{}).(**process)
	if *p == nil {
		return
	}
	err := (*p).stop()
	*p = nil
	ts.Check(err)
}
