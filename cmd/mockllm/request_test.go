package main

import (
	"io"
	"strings"
	"testing"
)

func TestSplitRequest(t *testing.T) {
	for _, c := range []struct {
		name, raw, head, body string
	}{
		{"CRLF", "POST / HTTP/1.1\r\nA: 1\r\n\r\n{}", "POST / HTTP/1.1\r\nA: 1\r\n\r\n", "{}"},
		{"LF, as editors write", "POST / HTTP/1.1\nA: 1\n\n{}", "POST / HTTP/1.1\r\nA: 1\r\n\r\n", "{}"},
		{"mixed", "POST / HTTP/1.1\nA: 1\r\nB: 2\n\r\n{}", "POST / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\n", "{}"},
		{"empty lines before it", "\r\n\n\nGET / HTTP/1.1\n\n", "GET / HTTP/1.1\r\n\r\n", ""},
		{"no body", "GET / HTTP/1.1\r\nA: 1\r\n\r\n", "GET / HTTP/1.1\r\nA: 1\r\n\r\n", ""},
		{"no empty line", "GET / HTTP/1.1\nA: 1\n", "GET / HTTP/1.1\r\nA: 1\r\n\r\n", ""},
		{"no line end at all", "GET / HTTP/1.1", "GET / HTTP/1.1\r\n\r\n", ""},
		// The body is the client's: no byte of it changes.
		{"a body with empty lines", "POST / HTTP/1.1\n\n\n{\n\n}\n", "POST / HTTP/1.1\r\n\r\n", "\n{\n\n}\n"},
		{"a body with CRLF", "POST / HTTP/1.1\n\na\r\nb\rc\n", "POST / HTTP/1.1\r\n\r\n", "a\r\nb\rc\n"},
		{"a binary body", "POST / HTTP/1.1\r\n\r\n\x00\xff\n", "POST / HTTP/1.1\r\n\r\n", "\x00\xff\n"},
		{"nothing", "", "\r\n", ""},
		{"only line ends", "\r\n\r\n", "\r\n", ""},
	} {
		head, body := splitRequest([]byte(c.raw))
		h, _ := io.ReadAll(head)
		b, _ := io.ReadAll(body)
		if string(h) != c.head || string(b) != c.body {
			t.Errorf("%s: head %q, body %q; want %q, %q", c.name, h, b, c.head, c.body)
		}
	}
}

func TestParseRequest(t *testing.T) {
	for _, c := range []struct {
		name, raw          string
		method, uri, model string
		body               string
	}{
		{"with a length", "POST /x?a=1 HTTP/1.1\r\nHost: h\r\nX-Model: m\r\nContent-Length: 2\r\n\r\n{}", "POST", "/x?a=1", "m", "{}"},
		{"without a length", "POST /x HTTP/1.1\nHost: h\nX-Model: m\n\n{\"a\":\n1}\n", "POST", "/x", "m", "{\"a\":\n1}\n"},
		{"without a host", "GET /x HTTP/1.1\n\n", "GET", "/x", "", ""},
		{"an escaped path", "GET /a%2Fb HTTP/1.1\nHost: h\n\n", "GET", "/a%2Fb", "", ""},
	} {
		req, err := parseRequest([]byte(c.raw))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		body, err := io.ReadAll(req.Body)
		if err != nil || req.Method != c.method || req.RequestURI != c.uri || req.Header.Get("X-Model") != c.model || string(body) != c.body {
			t.Errorf("%s: %s %s, model %q, body %q, %v", c.name, req.Method, req.RequestURI, req.Header.Get("X-Model"), body, err)
		}
	}
	for name, raw := range map[string]string{
		"nothing":                "",
		"only a body":            `{"model":"qwen-plus"}`,
		"no lines":               strings.Repeat("x", 100_000),
		"no version":             "POST /x\nHost: h\n\n",
		"a header without colon": "POST /x HTTP/1.1\nHost h\n\n",
		"a bad length":           "POST /x HTTP/1.1\nHost: h\nContent-Length: many\n\n{}",
	} {
		if req, err := parseRequest([]byte(raw)); err == nil || !strings.HasPrefix(err.Error(), "no HTTP/1.1 request: ") || len(err.Error()) > 500 {
			t.Errorf("%s: %v, %v, want an error", name, req, err)
		}
	}
}

// A request as a client sent it may be chunked; the body is what the chunks
// hold.
func TestParseRequestChunked(t *testing.T) {
	req, err := parseRequest([]byte("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(req.Body); err != nil || string(body) != "{}" {
		t.Errorf("body %q, %v", body, err)
	}
}

// A body is as long as its header says: shorter is a body cut off, and what
// follows it belongs to no request.
func TestParseRequestLength(t *testing.T) {
	for _, c := range []struct {
		sent, body string
		cut        bool
	}{
		{"{}\r\n", "{}", false},
		{"{", "{", true},
	} {
		req, err := parseRequest([]byte("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n" + c.sent))
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(req.Body); string(body) != c.body || (err != nil) != c.cut {
			t.Errorf("of %q the body is %q, %v", c.sent, body, err)
		}
	}
}

func TestExplainReadsTheRequest(t *testing.T) {
	dir := t.TempDir()
	scenario := write(t, dir, "a.toml", `
name = "a"

[[rule]]
name  = "busy"
match = { dialect = "qianfan-v1" }
error = "18"
`)
	request := write(t, dir, "request.http", "POST /rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions?access_token=24.x HTTP/1.1\n"+
		"Host: 127.0.0.1\nContent-Type: application/json\n\n"+`{"messages":[{"role":"user","content":"hi"}]}`)
	if out := ok(t, "explain", scenario, "--request", request); !strings.Contains(out, `rule      "busy" fires`) || !strings.Contains(out, "qianfan/capability/18") {
		t.Errorf("explain prints\n%s", out)
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{scenario, "--request", request, "--call", "0"}, []string{"flag --call: calls are numbered from 1"}},
		{[]string{scenario, "--request", dir + "/absent.http"}, []string{"flag --request: open "}},
		{[]string{scenario}, []string{"flag --request: no HTTP/1.1 request: "}}, // Standard input is empty.
		{[]string{"absent.toml", "--seed", "x", "--call", "0"}, []string{"scenario: ", "flag --seed: ", "flag --call: "}},
	} {
		code, out, errs := call(nil, append([]string{"explain"}, c.args...)...)
		if code != exitUsage || out != "" {
			t.Errorf("explain %q exits %d and prints %q", c.args, code, out)
		}
		for _, want := range c.want {
			if !strings.Contains(errs, want) {
				t.Errorf("explain %q says %swant %s", c.args, errs, want)
			}
		}
	}
}
