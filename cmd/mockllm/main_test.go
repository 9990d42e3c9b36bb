package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm/catalog"
)

// call runs the command line as main does.
func call(environ []string, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	// Not nil: cobra would read the test's own command line.
	args = append([]string{}, args...)
	code = run(args, environ, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// ok runs a command line that must succeed quietly, and returns its output.
func ok(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := call(nil, args...)
	if code != exitOK || errs != "" {
		t.Fatalf("mockllm %s exits %d and says %s", strings.Join(args, " "), code, errs)
	}
	return out
}

// Scripts rely on the exit codes, people on being told what is wrong and what
// was perhaps meant. Nothing may come on standard output then: a script would
// take it for the answer.
func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args    []string
		environ []string
		want    []string // The lines on standard error, all of them.
	}{
		{args: []string{"catlog"}, want: []string{`mockllm has no command "catlog"; did you mean "catalog"?`}},
		{args: []string{"xyzzy"}, want: []string{`mockllm has no command "xyzzy"`}},
		{args: []string{"catalog", "shw"}, want: []string{`mockllm catalog has no command "shw"; did you mean "show"?`}},
		{args: []string{"catalog", "list", "more"}, want: []string{"mockllm catalog list takes no arguments, not 1"}},
		{args: []string{"catalog", "show"}, want: []string{"mockllm catalog show takes one id or code, not 0"}},
		{args: []string{"validate"}, want: []string{"mockllm validate takes at least one scenario, not 0"}},
		{args: []string{"serve", "x.toml"}, want: []string{"mockllm serve takes no arguments, not 1"}},
		{args: []string{"help", "srve"}, want: []string{`mockllm has no command "srve"; did you mean "serve"?`}},
		{args: []string{"help", "catalog", "shw"}, want: []string{`mockllm catalog has no command "shw"; did you mean "show"?`}},
		{args: []string{"serve", "--journal-exchanges", "0", "--journal-bytes", "-1"}, want: []string{
			"flag --journal-exchanges: the journal keeps at least 1 exchange, not 0", "flag --journal-bytes: the journal keeps at least 1 byte, not -1",
		}},
		{args: []string{"serve", "--watch"}, want: []string{"flag --watch: needs --scenario with a file or a folder"}},
		{args: []string{"serve", "--watch", "--scenario", "stream-cut"}, want: []string{"flag --watch: needs --scenario with a file or a folder"}},
		{args: []string{"serve", "--journal-bytes", "64M"}, want: []string{`flag --journal-bytes: "64M" is no whole number`}},
		{args: []string{"serve", "--listen", "nonsense"}, want: []string{"flag --listen: listen tcp: address nonsense: missing port in address"}},
		{args: []string{"serve", "--listen", "", "--admin", "127.0.0.1:0"}, want: []string{"flag --listen: is empty; an address is one such as 127.0.0.1:8080"}},
		{args: []string{"serve", "--tls-listen", "127.0.0.1:0", "--tls-cert", "none.pem", "--tls-key", "none.pem"}, want: []string{"flags --tls-cert and --tls-key: open none.pem: no such file or directory"}},
		{args: []string{"serve", "--tls-listen", "127.0.0.1:0", "--tls-ca-out", "none/ca.pem"}, want: []string{"flag --tls-ca-out: open none/ca.pem: no such file or directory"}},
		// Flags.
		{args: []string{"catalog", "list", "--providr", "qianfan"}, want: []string{"flag --providr is unknown; did you mean --provider?"}},
		{args: []string{"catalog", "list", "--providr=qianfan"}, want: []string{"flag --providr is unknown; did you mean --provider?"}},
		{args: []string{"catalog", "list", "--xyzzy"}, want: []string{"flag --xyzzy is unknown"}},
		// Only the command's own flags are suggested: --edition belongs to
		// catalog show.
		{args: []string{"catalog", "list", "--edition", "seed"}, want: []string{"flag --edition is unknown"}},
		{args: []string{"catalog", "list", "-x"}, want: []string{"unknown shorthand flag: 'x' in -x"}},
		{args: []string{"catalog", "list", "--status"}, want: []string{"flag needs an argument: --status"}},
		// Variables are looked at in any case: two mistakes, one run.
		{
			args: []string{"catalog", "list", "--providr", "qianfan"}, environ: []string{"MOCKLLM_FORMT=json"},
			want: []string{"flag --providr is unknown; did you mean --provider?", `variable MOCKLLM_FORMT is unknown; did you mean "MOCKLLM_FORMAT"?`},
		},
		{
			args: []string{"catalog", "list"}, environ: []string{"MOCKLLM_FORMT=json", "MOCKLLM_STATUS=many"},
			want: []string{
				`variable MOCKLLM_FORMT is unknown; did you mean "MOCKLLM_FORMAT"?`,
				`variable MOCKLLM_STATUS: "many" is no whole number`,
			},
		},
	} {
		code, out, errs := call(c.environ, c.args...)
		want := ""
		for _, line := range c.want {
			want += "mockllm: " + line + "\n"
		}
		if code != exitUsage || out != "" || errs != want {
			t.Errorf("mockllm %s, %q exits %d\nsays\n%swant\n%sand prints %q", strings.Join(c.args, " "), c.environ, code, errs, want, out)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "Exit codes: 0 ok, 1 own failure, 2 bad usage or invalid scenario."},
		{[]string{"--help"}, "Exit codes: 0 ok"},
		{[]string{"catalog", "list", "--help"}, "--provider"},
		{[]string{"version"}, "mockllm "},
	} {
		if out := ok(t, c.args...); !strings.Contains(out, c.want) {
			t.Errorf("mockllm %q prints %s, want %q in it", c.args, out, c.want)
		}
	}
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// What was asked for and could not be told is no success.
func TestOutputThatFails(t *testing.T) {
	file := write(t, t.TempDir(), "s.toml", `name = "s"`)
	request := write(t, t.TempDir(), "r.http", "GET /v2/models HTTP/1.1\nHost: x\n\n")
	for _, args := range [][]string{{"version"}, {"validate", file}, {"explain", file, "--request", request}, {"schema"}, {"catalog", "list"}, {"scenarios"}, {"completion", "bash"}} {
		var errs strings.Builder
		if code := run(args, nil, strings.NewReader(""), full{}, &errs); code != exitFailure || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("mockllm %q exits %d and says %q", args, code, errs.String())
		}
	}
}

// A port that is taken is no mistake in how the command was called, and a
// variable is called by its own name.
func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	code, _, errs := call([]string{"MOCKLLM_LISTEN=" + taken.Addr().String()}, "serve", "--admin", "127.0.0.1:0")
	if code != exitFailure || !strings.HasPrefix(errs, "mockllm: variable MOCKLLM_LISTEN: listen tcp") {
		t.Errorf("exits %d and says %s", code, errs)
	}
}

// parsed finds the command and parses its flags, as Execute does before it
// looks at the environment.
func parsed(t *testing.T, args ...string) *cobra.Command {
	t.Helper()
	c, rest, err := newRoot(nil).Find(args)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.ParseFlags(rest); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFromEnvironment(t *testing.T) {
	for _, c := range []struct {
		name     string
		args     string
		environ  []string
		flag     string // The flag that is looked at.
		value    string // What it must be.
		problems []string
	}{
		{"a twin", "catalog list", []string{"MOCKLLM_FORMAT=json"}, "format", "json", nil},
		{"a twin with a dash", "serve", []string{"MOCKLLM_ADMIN_TOKEN=secret"}, "admin-token", "secret", nil},
		{"a switch", "serve", []string{"MOCKLLM_QUIET=true"}, "quiet", "true", nil},
		{"a value with an equals sign", "serve", []string{"MOCKLLM_ADMIN_TOKEN=a=b=c"}, "admin-token", "a=b=c", nil},
		{"the command line wins", "catalog list --format table", []string{"MOCKLLM_FORMAT=json"}, "format", "table", nil},
		{"also with the flag's default", "serve --listen 127.0.0.1:8080", []string{"MOCKLLM_LISTEN=:9"}, "listen", "127.0.0.1:8080", nil},
		{"also with a switch turned off", "serve --quiet=false", []string{"MOCKLLM_QUIET=true"}, "quiet", "false", nil},
		// compose files set variables to nothing.
		{"empty is not set", "serve", []string{"MOCKLLM_LISTEN="}, "listen", "127.0.0.1:8080", nil},
		{"empty is not set, for a switch", "serve", []string{"MOCKLLM_QUIET="}, "quiet", "false", nil},
		// One environment serves all commands of a container.
		{"a twin of another command", "catalog list", []string{"MOCKLLM_LISTEN=:80"}, "format", "table", nil},
		{"not ours", "catalog list", []string{"FORMAT=json", "mockllm_format=json", "MOCKLLMFORMAT=json", "PATH"}, "format", "table", nil},

		{"unknown", "catalog list", []string{"MOCKLLM_FORMATT=json"}, "format", "table",
			[]string{`variable MOCKLLM_FORMATT is unknown; did you mean "MOCKLLM_FORMAT"?`}},
		{"unknown, although empty", "catalog list", []string{"MOCKLLM_FORMATT="}, "format", "table",
			[]string{`variable MOCKLLM_FORMATT is unknown; did you mean "MOCKLLM_FORMAT"?`}},
		{"unknown and like another command's", "catalog list", []string{"MOCKLLM_SCENARO=x"}, "format", "table",
			[]string{`variable MOCKLLM_SCENARO is unknown; did you mean "MOCKLLM_SCENARIO"?`}},
		{"unknown and like nothing", "catalog list", []string{"MOCKLLM_XYZZYXYZZYXYZZY=1"}, "format", "table",
			[]string{`variable MOCKLLM_XYZZYXYZZYXYZZY is unknown`}},
		{"no twin of help", "catalog list", []string{"MOCKLLM_HELP=true"}, "format", "table",
			[]string{`variable MOCKLLM_HELP is unknown`}},
		{"a bad value", "serve", []string{"MOCKLLM_QUIET=maybe"}, "quiet", "false",
			[]string{`variable MOCKLLM_QUIET: "maybe" is neither true nor false`}},
		{"a bad value behind the command line", "serve --quiet", []string{"MOCKLLM_QUIET=maybe"}, "quiet", "true", nil},
		// All at once, in an order that does not change.
		{"several", "serve", []string{"MOCKLLM_SPEEED=2", "MOCKLLM_SEDE=1", "MOCKLLM_QUIET=maybe", "MOCKLLM_LISTEN=:80"}, "listen", ":80",
			[]string{
				`variable MOCKLLM_QUIET: "maybe" is neither true nor false`,
				`variable MOCKLLM_SEDE is unknown; did you mean "MOCKLLM_SEED"?`,
				`variable MOCKLLM_SPEEED is unknown; did you mean "MOCKLLM_SPEED"?`,
			}},

		// Kubernetes sets these for services called mockllm and mockllm-admin.
		{"service links", "serve", []string{
			"MOCKLLM_SERVICE_HOST=10.0.0.1", "MOCKLLM_SERVICE_PORT=8080", "MOCKLLM_SERVICE_PORT_HTTP=8080",
			"MOCKLLM_PORT=tcp://10.0.0.1:8080", "MOCKLLM_PORT_8080_TCP=tcp://10.0.0.1:8080", "MOCKLLM_PORT_8080_TCP_PROTO=tcp",
			"MOCKLLM_PORT_8080_TCP_PORT=8080", "MOCKLLM_PORT_8080_TCP_ADDR=10.0.0.1",
			"MOCKLLM_ADMIN_SERVICE_HOST=10.0.0.2", "MOCKLLM_ADMIN_SERVICE_PORT=8081", "MOCKLLM_ADMIN_SERVICE_PORT_HTTP=8081",
			"MOCKLLM_ADMIN_PORT=tcp://10.0.0.2:8081", "MOCKLLM_ADMIN_PORT_8081_TCP_ADDR=10.0.0.2",
		}, "admin", "127.0.0.1:8081", nil},
		{"our own end-to-end tests", "serve", []string{"MOCKLLM_E2E_IMAGE=mockllm:test"}, "listen", "127.0.0.1:8080", nil},
		// But not all that looks a little like one.
		{"no service link", "serve", []string{"MOCKLLM_SERVICE=1", "MOCKLLM_PORTS=1", "MOCKLLM_REPORT=1"}, "listen", "127.0.0.1:8080",
			[]string{`variable MOCKLLM_PORTS is unknown`, `variable MOCKLLM_REPORT is unknown`, `variable MOCKLLM_SERVICE is unknown`}},
	} {
		command := parsed(t, strings.Fields(c.args)...)
		problems := fromEnvironment(command, c.environ)
		if strings.HasPrefix(c.name, "no ") {
			// What is suggested for these is of no interest here.
			for i := range problems {
				problems[i], _, _ = strings.Cut(problems[i], ";")
			}
		}
		if !slices.Equal(problems, c.problems) {
			t.Errorf("%s: problems\n%s\nwant\n%s", c.name, strings.Join(problems, "\n"), strings.Join(c.problems, "\n"))
		}
		if got := command.Flag(c.flag).Value.String(); got != c.value {
			t.Errorf("%s: --%s is %q, want %q", c.name, c.flag, got, c.value)
		}
	}
}

// The prefix that all variables share says nothing about what was meant.
func TestVariableSuggestions(t *testing.T) {
	for variable, want := range map[string]string{
		"MOCKLLM_HELP":  `variable MOCKLLM_HELP is unknown`,
		"MOCKLLM_PORTS": `variable MOCKLLM_PORTS is unknown`,
		"MOCKLLM_SEDE":  `variable MOCKLLM_SEDE is unknown; did you mean "MOCKLLM_SEED"?`,
	} {
		if got := fromEnvironment(parsed(t, "serve"), []string{variable + "=1"}); !slices.Equal(got, []string{want}) {
			t.Errorf("%q, want %s", got, want)
		}
	}
}

// Each flag of each command has its twin, without a list that somebody has to
// keep: a flag that is forgotten could not be set in a container.
func TestEveryFlagHasATwin(t *testing.T) {
	twins := 0
	for _, name := range allFlags(newRoot(nil)) {
		twin := envName(name)
		if problems := fromEnvironment(parsed(t, "catalog", "list"), []string{twin + "="}); len(problems) > 0 {
			t.Errorf("--%s: %q", name, problems)
		}
		// A twin that reads like Kubernetes' would be ignored in silence.
		if isForeign(twin) {
			t.Errorf("%s is taken for a variable of Kubernetes", twin)
		}
		twins++
	}
	if twins < 10 {
		t.Errorf("only %d flags", twins)
	}
}

func TestTwinsReachTheCommand(t *testing.T) {
	code, out, errs := call([]string{"MOCKLLM_PROVIDER=qianfan", "MOCKLLM_FAMILY=oauth"}, "catalog", "list")
	if code != exitOK || !strings.Contains(out, "qianfan/oauth/invalid_client") || strings.Contains(out, "capability") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	// Help is asked for, not set: every command would print it for ever.
	code, _, errs = call([]string{"MOCKLLM_HELP=true"}, "catalog", "list")
	if code != exitUsage || !strings.Contains(errs, "variable MOCKLLM_HELP is unknown") {
		t.Errorf("exit %d, %s", code, errs)
	}
	// The same mistakes as on the command line.
	code, _, errs = call([]string{"MOCKLLM_PROVIDER=openai"}, "catalog", "list")
	if code != exitUsage || !strings.Contains(errs, `unknown value "openai"`) {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestFlagError(t *testing.T) {
	for _, c := range []struct {
		text    string
		environ []string
		want    string
	}{
		{"unknown flag: --formt", nil, "flag --formt is unknown; did you mean --format?"},
		{"unknown flag: --xyzzy", nil, "flag --xyzzy is unknown"},
		{"flag needs an argument: --format", nil, "flag needs an argument: --format"},
		{"unknown flag: --formt", []string{"MOCKLLM_STATSU=1"}, "flag --formt is unknown; did you mean --format?\nvariable MOCKLLM_STATSU is unknown; did you mean \"MOCKLLM_STATUS\"?"},
	} {
		err := flagError(parsed(t, "catalog", "list"), c.environ, fmt.Errorf("%s", c.text))
		usage, isUsage := err.(*usageError)
		if !isUsage || usage.Error() != c.want {
			t.Errorf("%q becomes %v, want %s", c.text, err, c.want)
		}
	}
}

// The flags' help names what may be written; it must not lag behind.
func TestHelpNamesTheEditions(t *testing.T) {
	for _, args := range [][]string{{"catalog", "show"}, {"serve"}, {"explain"}} {
		usage := parsed(t, args...).Flag("edition").Usage
		for _, edition := range catalog.Editions() {
			if !strings.Contains(usage, string(edition)) {
				t.Errorf("%s --edition does not name %s: %s", args, edition, usage)
			}
		}
	}
}

// write writes a file for a test and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLoopbackByDefault: nobody else on the network reaches a server that was
// started without a thought.
func TestLoopbackByDefault(t *testing.T) {
	serve, _, err := newRoot(nil).Find([]string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"listen", "admin"} {
		host, _, err := net.SplitHostPort(serve.Flags().Lookup(name).DefValue)
		if ip := net.ParseIP(host); err != nil || !ip.IsLoopback() {
			t.Errorf("--%s is %q by default, %v", name, host, err)
		}
	}
	if tls := serve.Flags().Lookup(tlsListen).DefValue; tls != "" {
		t.Errorf("--%s is %q by default", tlsListen, tls)
	}
}
