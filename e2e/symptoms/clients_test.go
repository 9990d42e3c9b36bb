package symptoms

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A call is what a client is to ask.
type call struct {
	URL    string `json:"url"`
	Stream bool   `json:"stream"`
}

// An answer is what a client has when it is through.
type answer struct {
	Text  string `json:"text"`
	Done  bool   `json:"done"` // It saw the end: a whole body, or [DONE].
	Error string `json:"error"`
}

// A client asks, and tells what it got.
type client struct {
	name    string
	program []string // What it is looked for by.
	version func() (string, error)
	ask     func(ctx context.Context, calls []call) ([]answer, error)
}

// patience is how long a client waits for a byte, or for the whole where it knows
// no other time-out.
const patience = 2 * time.Second

func clients() []client {
	all := []client{{"Go net/http", nil, func() (string, error) { return strings.TrimPrefix(runtime.Version(), "go"), nil }, goAnswers}}
	for _, library := range []string{"requests", "httpx", "aiohttp", "urllib"} {
		name := "Python " + library
		command := []string{"/usr/bin/python3", "testdata/client.py", library}
		all = append(all, client{name, append(slices.Clone(command), "version"), outputOf(append(slices.Clone(command), "version")), program(command)})
	}
	node := []string{"node", "testdata/client.mjs"}
	return append(all,
		client{"Node fetch", []string{"node", "--version"}, outputOf([]string{"node", "-p", "process.versions.node"}), program(node)},
		client{"curl", []string{"curl", "--version"}, curlVersion, curlAnswers},
	)
}

// missing returns why the client cannot be asked; nil if it can.
func (c client) missing() error {
	if c.program == nil {
		return nil
	}
	out, err := exec.Command(c.program[0], c.program[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %.200s", err, out)
	}
	return nil
}

func outputOf(command []string) func() (string, error) {
	return func() (string, error) {
		out, err := exec.Command(command[0], command[1:]...).Output()
		return strings.TrimSpace(string(out)), err
	}
}

func curlVersion() (string, error) {
	out, err := outputOf([]string{"curl", "--version"})()
	if err != nil {
		return "", err
	}
	return strings.Fields(out)[1], nil
}

// program asks a program, a line for each call.
func program(command []string) func(context.Context, []call) ([]answer, error) {
	return func(ctx context.Context, calls []call) (answers []answer, err error) {
		var in bytes.Buffer
		for _, c := range calls {
			json.NewEncoder(&in).Encode(c)
		}
		run := exec.CommandContext(ctx, command[0], command[1:]...)
		run.Env, run.Stdin, run.Stderr = direct(), &in, os.Stderr
		out, err := run.Output()
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(out)) {
			var a answer
			if err := json.Unmarshal([]byte(line), &a); err != nil {
				return nil, fmt.Errorf("%s: %w", line, err)
			}
			answers = append(answers, a)
		}
		return answers, nil
	}
}

// direct is the environment without proxies.
func direct() []string {
	return slices.DeleteFunc(os.Environ(), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return strings.HasSuffix(strings.ToLower(name), "_proxy")
	})
}

func question(stream bool) string {
	return fmt.Sprintf(`{"model":"qwen-plus","stream":%t,"messages":[{"role":"user","content":"Hello!"}]}`, stream)
}

func goAnswers(ctx context.Context, calls []call) (answers []answer, _ error) {
	for _, c := range calls {
		var a answer
		if err := a.ask(ctx, c); err != nil {
			a.Error = err.Error()
		}
		answers = append(answers, a)
	}
	return answers, nil
}

func (a *answer) ask(ctx context.Context, c call) error {
	hc := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, strings.NewReader(question(c.Stream)))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer any")
	resp, err := hc.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	if c.Stream {
		return a.stream(resp.Body)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return a.whole(body)
}

func (a *answer) whole(body []byte) error {
	var whole struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.Unmarshal(body, &whole); err != nil {
		return err
	}
	a.Text, a.Done = whole.Choices[0].Message.Content, true
	return nil
}

func (a *answer) stream(body io.Reader) error {
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		data, isData := strings.CutPrefix(lines.Text(), "data:")
		if !isData {
			continue
		}
		if data = strings.TrimSpace(data); data == "[DONE]" {
			a.Done = true
			continue
		}
		var frame struct {
			Choices []struct{ Delta struct{ Content string } }
		}
		if err := json.Unmarshal([]byte(data), &frame); err != nil {
			return err
		}
		for _, choice := range frame.Choices {
			a.Text += choice.Delta.Content
		}
	}
	return lines.Err()
}

// curlAnswers asks curl, which knows nothing of what it prints: that is read by
// what Go's client reads it by.
func curlAnswers(ctx context.Context, calls []call) (answers []answer, _ error) {
	for _, c := range calls {
		a, err := curlAnswer(ctx, c)
		if err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	return answers, nil
}

func curlAnswer(ctx context.Context, c call) (a answer, _ error) {
	curl := exec.CommandContext(ctx, "curl", "--silent", "--show-error", "--fail", "--compressed", "--no-buffer", "--noproxy", "*", "--max-time", fmt.Sprint(patience.Seconds()),
		"-H", "Authorization: Bearer any", "-d", question(c.Stream), c.URL)
	var out, problem bytes.Buffer
	curl.Stdout, curl.Stderr = &out, &problem
	err := curl.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return a, err
	}
	read := a.whole
	if c.Stream {
		read = func(body []byte) error { return a.stream(bytes.NewReader(body)) }
	}
	if unread := read(out.Bytes()); unread != nil {
		a.Error = "exit 0, and no JSON"
	}
	if exit != nil {
		a.Error = fmt.Sprintf("exit %d: %s", exit.ExitCode(), strings.TrimPrefix(strings.TrimSpace(problem.String()), fmt.Sprintf("curl: (%d) ", exit.ExitCode())))
	}
	return a, nil
}
