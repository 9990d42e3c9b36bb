package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestStateFlags: what is wrong with them is told at once, and never the password.
func TestStateFlags(t *testing.T) {
	for _, test := range []struct {
		args, environ []string
		want          string
	}{
		{[]string{"--state", "redis:6379"}, nil, "flag --state: no URL such as redis://"},
		{[]string{"--state-failure", "local"}, nil, "flag --state-failure: goes with --state"},
		{[]string{"--state", "redis://:hunter2@127.0.0.1/0", "--state-failure", "wait"}, nil, `flag --state-failure: unknown value "wait"; it is refuse or local`},
		{nil, []string{"MOCKLLM_STATE=redis://:hunter2@127.0.0.1/0?prefix=a%20b"}, "variable MOCKLLM_STATE: prefix \"a b\": it has 1 to 64 letters"},
		{[]string{"--state", "redis://:hunter2@127.0.0.1:1/0"}, nil, "state: redis at 127.0.0.1:1/0: "},
	} {
		var out, errs bytes.Buffer
		args := append([]string{"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, test.args...)
		code := run(args, test.environ, strings.NewReader(""), &out, &errs)
		if code == 0 || !strings.Contains(errs.String(), test.want) || strings.Contains(errs.String()+out.String(), "hunter2") {
			t.Errorf("%v %v: %d %s%s", test.args, test.environ, code, out.String(), errs.String())
		}
	}
}
