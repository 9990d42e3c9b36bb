package sentences

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

func TestSentences(t *testing.T) {
	wrong := Errorf("must be %s, not %d%%: %w", Plain("a number"), 7, io.EOF)
	for _, c := range []struct {
		said       Sentence
		text, json string
	}{
		{Sentence{}, "", `{"form":""}`},
		{New("nothing was called"), "nothing was called", `{"form":"nothing was called"}`},
		{New("rule %q, call %d, roll %.2f", `a"b`, 3, 0.125), `rule "a\"b", call 3, roll 0.12`, `{"form":"rule {1}, call {2}, roll {3}","with":["\"a\\\"b\"","3","0.12"]}`},
		{New("%+5.2f%% of %-4d: %03d, %x", 0.5, 7, 9, "a"), "+0.50% of 7   : 009, 61", `{"form":"{1}% of {2}: {3}, {4}","with":["+0.50","7   ","009","61"]}`},
		{New("%s%s", "unknown", Sentence{}), "unknown", `{"form":"{1}{2}","with":["unknown",""]}`},
		{New("%s", New("found %s", "it")), "found it", `{"form":"found {1}","with":["it"]}`},
		{Of(io.EOF), "EOF", `{"form":"{1}","with":["EOF"]}`},
		{Of(&fs.PathError{Op: "open", Path: "a.toml", Err: syscall.ENOENT}), "open a.toml: no such file or directory", `{"form":"{1}{2}","with":["open a.toml: ",{"form":"no such file or directory"}]}`},
		{Of(syscall.ECONNREFUSED), "connection refused", `{"form":"connection refused"}`},
		{New("it is %q", fs.ErrExist), `it is "file already exists"`, `{"form":"it is {1}","with":["\"file already exists\""]}`},
		{Of(Errorf("read: %w, again", syscall.EISDIR)), "read: is a directory, again", `{"form":"read: {1}, again","with":[{"form":"is a directory"}]}`},
		{Of(fmt.Errorf("read: %w, again", syscall.EISDIR)), "read: is a directory, again", `{"form":"{1}","with":["read: is a directory, again"]}`},
		{Read("found 'x' (two)", "found {1} and {2}", "found {1} ({2})"), "found 'x' (two)", `{"form":"found {1} ({2})","with":["'x'","two"]}`},
		{Read("a [b] is c.", "{1} is {2}."), "a [b] is c.", `{"form":"{1} is {2}.","with":["a [b]","c"]}`},
		{Read("unexpected", "expected"), "unexpected", `{"form":"{1}","with":["unexpected"]}`},
		{Of(wrong), "must be a number, not 7%: EOF", `{"form":"must be {1}, not {2}%: {3}","with":[{"form":"a number"},"7","EOF"]}`},
		{New("it %s", "{1}"), "it {1}", `{"form":"it {1}","with":["{1}"]}`},
	} {
		if c.said.String() != c.text || fmt.Sprint(c.said) != c.text {
			t.Errorf("got %q, want %q", c.said, c.text)
		}
		written, err := json.Marshal(c.said)
		if err != nil || string(written) != c.json {
			t.Errorf("%s: got %s, %v, want %s", c.text, written, err, c.json)
		}
		var read Sentence
		if err := json.Unmarshal(written, &read); err != nil || !reflect.DeepEqual(read, c.said) {
			t.Errorf("%s: read back as %#v, %v", c.text, read, err)
		}
	}
	if !errors.Is(wrong, io.EOF) || wrong.Error() != Of(wrong).String() {
		t.Errorf("the error is %v", wrong)
	}
	var s Sentence
	if err := json.Unmarshal([]byte(`{"form":"a {1}","with":[7]}`), &s); err == nil || !strings.Contains(err.Error(), "a {1}") {
		t.Errorf("a number fills a sentence: %v", err)
	}
}

func TestForm(t *testing.T) {
	for format, want := range map[string]string{
		"":                 "",
		"all is well":      "all is well",
		"%s%d%q%v%w":       "{1}{2}{3}{4}{5}",
		"100%":             "100%",
		"%%%s%%":           "%{1}%",
		"%.s and %.3s, %.": "%.s and {1}, %.",
		"%é %d":            "%é {1}",
		"% +-#0d of {1}":   "{1} of {1}",
	} {
		if got := Form(format); got != want {
			t.Errorf("%q: got %q, want %q", format, got, want)
		}
	}
}

// What is redacted is so wherever it stands.
func TestFilled(t *testing.T) {
	said := New("%s: %s", Plain("bad header"), New("%s says %q", "X", "secret")).Filled(func(text string) string { return strings.ReplaceAll(text, "secret", "***") })
	written, err := json.Marshal(said)
	if want := `{"form":"{1}: {2}","with":[{"form":"bad header"},{"form":"{1} says {2}","with":["X","\"***\""]}]}`; err != nil || string(written) != want || said.String() != `bad header: X says "***"` {
		t.Errorf("got %s %s %v, want %s", said, written, err, want)
	}
}
