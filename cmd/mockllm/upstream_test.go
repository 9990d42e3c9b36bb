package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/recordings"
)

// TestRecordRefusesNonsense lists all mistakes at once, before anything is
// listened to or written.
func TestRecordRefusesNonsense(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "mockllm: flag --upstream is missing: where do calls pass to?\nmockllm: flag --out is missing: where is the scenario written to?\n"},
		{[]string{"--upstream", "example.com", "--out", "x", "--upstream-timeout", "soon"},
			"mockllm: flag --upstream: \"example.com\" must begin with http:// or https://; WebSockets pass through the same\n" +
				"mockllm: flag --upstream-timeout: \"soon\" is no duration above 0, such as 30s\n"},
		{[]string{"--upstream", "http://user:pw@example.com", "--out", "x"},
			"mockllm: flag --upstream: must have neither user nor password: the caller's own credentials pass through\n"},
		{[]string{"--upstream", "http://localhost", "--out", "x", "--listen", "nonsense"},
			"mockllm: flag --listen: listen tcp: address nonsense: missing port in address\n"},
	} {
		if code, _, errs := call(nil, append([]string{"record"}, c.args...)...); code != exitUsage || errs != c.want {
			t.Errorf("record %q exits %d and says %s", c.args, code, errs)
		}
	}
	code, _, errs := call(nil, "record", "--upstream", "http://localhost", "--listen", "127.0.0.1:0", "--out", filepath.Join(dir, "none", "x.toml"))
	if code != exitFailure || !strings.HasPrefix(errs, "mockllm: flag --out: ") {
		t.Errorf("exits %d and says %s", code, errs)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

// TestRecordLooksWhereItWrites tells before anything is recorded that it could
// not be saved.
func TestRecordLooksWhereItWrites(t *testing.T) {
	dir := t.TempDir()
	locked := filepath.Join(dir, "locked.toml")
	if err := os.WriteFile(locked, []byte("kept"), 0o400); err != nil {
		t.Fatal(err)
	}
	for out, want := range map[string]string{
		dir:    "mockllm: flag --out: " + dir + " is there, and is no file that can be replaced\n",
		locked: "mockllm: flag --out: " + locked + " is there, and may not be written to\n",
	} {
		code, _, errs := call(nil, "record", "--upstream", "http://localhost", "--listen", "127.0.0.1:0", "--out", out)
		if code != exitFailure || errs != want {
			t.Errorf("exits %d and says %s", code, errs)
		}
	}
	if text, err := os.ReadFile(locked); err != nil || string(text) != "kept" {
		t.Errorf("%s %v", text, err)
	}
}

// TestDraft replaces what a link leads to, and keeps what cannot be put in its
// place.
func TestDraft(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file.toml"), filepath.Join(dir, "link.toml")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Symlink(file, link)); err != nil {
		t.Skip(err) // Not everywhere may links be made.
	}
	publish := func(to string, between func()) error {
		d, err := newDraft(to)
		if err != nil {
			t.Fatal(err)
		}
		defer d.drop()
		between()
		return d.publish([]byte("new"))
	}
	err := publish(link, func() {})
	if text, _ := os.ReadFile(file); err != nil || string(text) != "new" {
		t.Errorf("%q %v", text, err)
	}
	later := filepath.Join(dir, "later.toml")
	err = publish(later, func() { os.MkdirAll(filepath.Join(later, "full"), 0o700) })
	_, kept, found := strings.Cut(fmt.Sprint(err), "the recording is in ")
	if text, err := os.ReadFile(kept); !found || err != nil || string(text) != "new" {
		t.Errorf("%q %v", text, err)
	}
}

// TestRecordedNothing: a recording that is there stays, where there is none to
// replace it.
func TestRecordedNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.toml")
	for _, want := range []string{"recorded 0 exchanges in " + file + "\n", "recorded nothing: " + file + " stays as it is\n"} {
		d, err := newDraft(file)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := save(recordings.NewRecorder(), d, file, &out); err != nil || out.String() != want {
			t.Errorf("%q %v, want %q", out.String(), err, want)
		}
		d.drop()
		if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
			t.Errorf("left are %v", left)
		}
	}
}

// TestLearnPrints holds both formats and the exit codes.
func TestLearnPrints(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const asked = "recorded = { method = \"POST\", url = \"/compatible-mode/v1/chat/completions\", body = \"{}\" }\n"
	changed := file("changed.toml", "[[rule]]\nname = \"chat-1\"\nmatch = { dialect = \"dashscope-compatible\", operation = \"chat\" }\n"+asked+
		`raw = { status = 418, body = "{\"error\":{\"code\":\"teapot\",\"message\":\"Brewing.\"}}" }`)
	code, out, errs := call(nil, "learn", changed)
	want := "unknown error \"teapot\" on dashscope-compatible chat (" + changed + ": rule \"chat-1\")\n" +
		"  entry    the catalogue has no error \"teapot\" on dashscope-compatible chat: \"Brewing.\"\n1 answer compared, 1 differ\n"
	if code != exitFail || out != want || errs != "" {
		t.Errorf("exits %d, says %s and prints\n%s", code, errs, out)
	}
	code, out, _ = call(nil, "learn", "--format", "json", changed)
	var lines []lessonLine
	if err := json.Unmarshal([]byte(out), &lines); err != nil || code != exitFail || len(lines) != 1 || lines[0].Differences[0].Part != "entry" {
		t.Errorf("exits %d (%v) and prints\n%s", code, err, out)
	}
	if code, _, _ := call(nil, "learn", file("empty.toml", "")); code != exitInconclusive {
		t.Errorf("nothing to compare exits %d", code)
	}
	if code, _, errs := call(nil, "learn", "--format", "xml", filepath.Join(dir, "none.toml")); code != exitUsage || strings.Count(errs, "\n") != 2 {
		t.Errorf("exits %d and says %s", code, errs)
	}
}

// TestNotices are told by validate, and by explain where a call would go.
func TestNotices(t *testing.T) {
	file := filepath.Join(t.TempDir(), "u.toml")
	if err := os.WriteFile(file, []byte("upstream = \"http://localhost:1\"\n[[rule]]\nname = \"r\"\nfault = \"wrong-length\""), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := ok(t, "validate", file); !strings.Contains(out, "u.toml: notice: upstream: calls signed with bce-auth-v1 cannot pass to another host") {
		t.Error(out)
	}
	request := filepath.Join(t.TempDir(), "r.http")
	if err := os.WriteFile(request, []byte("POST /v2/chat/completions HTTP/1.1\nHost: x\n\n{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := ok(t, "explain", file, "--request", request)
	for _, want := range []string{"answer    by upstream\n", "upstream  http://localhost:1, which is not asked; its answer gets the fault wrong-length\n", "head    as it comes from upstream"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
