package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// The keys that are planted, each in another place. None is part of another.
var planted = []string{
	"sk-plantedheader0123456789", "sk-plantedquery0123456789", "sk-plantedsecret0123456789", "sk-plantedapikey0123456789", "sk-plantedcookie0123456789",
	"sk-plantedform0123456789", "sk-plantedadmin0123456789", "sk-plantedrevoked0123456789", "sk-plantedscenario0123456789", "24.plantedtoken0123456789",
	"plantedsignature0123456789",
}

// plant sends keys everywhere where callers put them.
func plant(t *testing.T, s server) {
	const compatible = "/compatible-mode/v1/chat/completions"
	k := func(i int) string { return planted[i] }
	bearer := "Authorization: Bearer " + k(0)
	for _, path := range []string{
		compatible, "/v2/chat/completions", "/nothing", "/nothing/" + k(0), "/v2/" + k(0), "/ns/blue" + compatible,
		"/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions?access_token=" + k(9),
		"/oauth/2.0/token?grant_type=client_credentials&client_id=" + k(1) + "&client_secret=" + k(2),
		compatible + "?api_key=" + k(1) + "&next=" + url.QueryEscape("https://x/?token="+k(1)),
	} {
		s.ask(t, path, `{"model":"`+k(0)+`","messages":[{"role":"user","content":"my key is `+k(0)+`"}],"api_key":"`+k(3)+`"}`,
			bearer, "Cookie: session="+k(4), "X-Api-Key: "+k(3))
	}
	s.ask(t, compatible, `{`, bearer, "X-Mockllm-Error: "+k(0))
	s.ask(t, compatible, `{`, bearer, "X-Mockllm-Eror: "+k(0))
	s.ask(t, compatible, `{"model":"mockllm-error-`+k(0)+`"}`, bearer)
	s.ask(t, compatible, `{}`, "Authorization: "+k(0))
	s.ask(t, compatible, `{}`, "Authorization: Bearer "+k(8))
	s.ask(t, compatible, `{}`, "Authorization: Bearer mockllm-ns-x "+k(0))
	s.ask(t, "/oauth/2.0/token", "grant_type=client_credentials&client_id="+k(5)+"&client_secret="+k(5), "Content-Type: application/x-www-form-urlencoded")
	s.ask(t, "/v2/models", "", "Authorization: bce-auth-v1/"+k(7)+"/2026-01-01T00:00:00Z/1800/host/"+k(10))
	answer := must(http.Post(s.admin+"/api/v1/keys/"+k(7)+"/revoke", "", nil))(t)
	answer.Body.Close()
	s.ask(t, compatible, `{}`, "Authorization: Bearer "+k(7))
}

const keyScenario = `
[keys."sk-plantedscenario0123456789"]
state = "arrears"
`

// TestKeysAreNotLogged plants keys everywhere and looks for them in the log of
// the built binary.
func TestKeysAreNotLogged(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			file := t.TempDir() + "/scenario.toml"
			put(t, file, keyScenario)
			p, err := serve([]string{"MOCKLLM_LOG_FORMAT=" + format}, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--scenario", file)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.kill)
			plant(t, p.server)
			http.DefaultClient.CloseIdleConnections()
			p.stop() // It complains that something stands in the log.
			log := p.errs.String()
			if n := strings.Count(log, "\n"); n != 18 {
				t.Errorf("%d lines, want one for each call:\n%s", n, log)
			}
			for _, key := range planted {
				if strings.Contains(log, key) || strings.Contains(log, strings.TrimPrefix(key, "sk-")) {
					t.Errorf("%s is in the log:\n%s", key, log)
				}
			}
			if !strings.Contains(log, "sk-p***89") {
				t.Error("no key is redacted: the test looks at nothing")
			}
			if format == "json" {
				wantJSONLines(t, log)
			}
			if strings.Contains(log, "\x1b") {
				t.Error("there are colours in what is no terminal")
			}
		})
	}
}

// wantJSONLines holds that each line is an object in which no name stands twice,
// and that says what the journal says.
func wantJSONLines(t *testing.T, log string) {
	t.Helper()
	for line := range strings.Lines(log) {
		var e struct {
			Time, Level, Msg, Method, URL, Cause string
			ID, Status                           int
			TookNS                               int64 `json:"took_ns"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Msg != "exchange" || e.ID == 0 || e.Status == 0 || e.Cause == "" || e.TookNS == 0 {
			t.Errorf("%v: %s", err, line)
		}
		names := map[string]bool{}
		d := json.NewDecoder(strings.NewReader(line))
		for depth, isName := 0, false; ; {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			switch token {
			case json.Delim('{'), json.Delim('['):
				depth++
				isName = depth == 1
				continue
			case json.Delim('}'), json.Delim(']'):
				depth--
				isName = depth == 1
				continue
			}
			if depth == 1 {
				if name, _ := token.(string); isName && names[name] {
					t.Errorf("%s stands twice in %s", name, line)
				} else if isName {
					names[name] = true
				}
				isName = !isName
			}
		}
	}
}

// TestLogOnATerminal gives the binary a real terminal for its log.
func TestLogOnATerminal(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		args    []string
		colour  bool
	}{
		"usual":    {[]string{"TERM=xterm-256color"}, nil, true},
		"NO_COLOR": {[]string{"TERM=xterm-256color", "NO_COLOR=1"}, nil, false},
		"dumb":     {[]string{"TERM=dumb"}, nil, false},
		"json":     {[]string{"TERM=xterm-256color"}, []string{"--log-format", "json"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs, err := pty.Open()
			if err != nil {
				t.Skipf("no terminals here: %v", err)
			}
			defer ours.Close()
			p, err := serveTelling(theirs, c.environ, append(c.args, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")...)
			theirs.Close()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.kill)
			p.ask(t, "/compatible-mode/v1/chat/completions", `{"model":"\u001b[2J\u202ex\r\n"}`, "Authorization: Bearer any")
			lines := bufio.NewReader(ours)
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(line, "\x1b["); got != c.colour {
				t.Errorf("colours: %t in %q", got, line)
			}
			bare := regexp.MustCompile("\x1b\\[[0-9]+m").ReplaceAllString(strings.TrimRight(line, "\r\n"), "")
			if strings.ContainsFunc(bare, func(c rune) bool { return c < ' ' }) || !strings.Contains(bare, "404") {
				t.Errorf("%q", bare)
			}
			isDay := regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3}  #1  404  POST /compatible-mode/`).MatchString(bare)
			if isDay == (name == "json") {
				t.Errorf("%q", bare)
			}
			http.DefaultClient.CloseIdleConnections()
			if err := p.stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestQuietLog writes nothing about exchanges.
func TestQuietLog(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	p, err := serveTelling(write, nil, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--quiet")
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	p.ask(t, "/nothing", "")
	http.DefaultClient.CloseIdleConnections()
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	var told bytes.Buffer
	if io.Copy(&told, read); told.Len() > 0 {
		t.Errorf("told %q", told.String())
	}
}
