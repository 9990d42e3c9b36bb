package tcmockllm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Admin is a client of the admin API, about one namespace.
type Admin struct {
	URL       string       // Such as "http://127.0.0.1:8081".
	Token     string       // What the API demands; "" if nothing.
	Namespace string       // "" is the default one.
	Client    *http.Client // nil is http.DefaultClient.
}

// In returns a client that is about another namespace.
func (a *Admin) In(namespace string) *Admin {
	other := *a
	other.Namespace = namespace
	return &other
}

// A Fault is a one-shot: what is thrown at the next calls that match. It has the
// keys of a rule of a scenario, and "times" and "for":
//
//	Fault{"error": "Throttling.RateQuota", "times": 2, "match": map[string]any{"model": "qwen-*"}}
type Fault map[string]any

// Throw throws a one-shot and returns its id.
func (a *Admin) Throw(ctx context.Context, fault Fault) (id int, err error) {
	body, err := json.Marshal(fault)
	if err != nil {
		return 0, fmt.Errorf("mockllm: fault: %w", err)
	}
	var made struct{ ID int }
	err = a.call(ctx, http.MethodPost, "faults", body, &made)
	return made.ID, err
}

// TakeBack takes a one-shot back that still waits.
func (a *Admin) TakeBack(ctx context.Context, id int) error {
	return a.call(ctx, http.MethodDelete, "faults/"+strconv.Itoa(id), nil, nil)
}

// TakeAllBack takes back all one-shots that wait.
func (a *Admin) TakeAllBack(ctx context.Context) error {
	return a.call(ctx, http.MethodDelete, "faults", nil, nil)
}

// Reset makes the namespace as new, but for its scenario and its clock.
func (a *Admin) Reset(ctx context.Context) error {
	return a.call(ctx, http.MethodPost, "reset", nil, nil)
}

// Advance moves the namespace's clock forward: windows, tokens and tasks, and
// waits on the wire.
func (a *Admin) Advance(ctx context.Context, by time.Duration) error {
	body, err := json.Marshal(map[string]string{"by": by.String()})
	if err != nil {
		return fmt.Errorf("mockllm: advance: %w", err)
	}
	return a.call(ctx, http.MethodPost, "clock/advance", body, nil)
}

// An Exchange is a request and what was sent for it: what tests mostly ask for
// of the journal. Its documentation has all fields.
type Exchange struct {
	ID         int
	Time       time.Time
	Dialect    string
	Operation  string
	Model      string
	Method     string
	URL        string
	Body       string
	Cause      string  // What answered, such as "rule" or "success".
	Error      string  // The id of the documented error that was sent, if any.
	Rules      []Fired // The rules that fired.
	Done       bool    // Whether the answer is over; what follows is empty before.
	Status     int
	SentBytes  int  `json:"sent_bytes"`
	ClientLeft bool `json:"client_left"`
}

// Fired says that a rule fired, at its n-th matching call.
type Fired struct {
	Rule string
	N    int
}

// Journal returns the exchanges of the namespace, oldest first.
func (a *Admin) Journal(ctx context.Context) ([]Exchange, error) {
	var found struct{ Exchanges []Exchange }
	err := a.call(ctx, http.MethodGet, "journal", nil, &found)
	return found.Exchanges, err
}

// Verdict returns what the server says of how the client behaved, as JSON.
func (a *Admin) Verdict(ctx context.Context) (json.RawMessage, error) {
	var verdict json.RawMessage
	err := a.call(ctx, http.MethodGet, "verdict", nil, &verdict)
	return verdict, err
}

// maxAnswer bounds what is read of an answer: the journal keeps at most 10,000
// exchanges with some kilobytes of each.
const maxAnswer = 1 << 30

// call asks the API and reads the answer's JSON into what is wanted, if anything.
func (a *Admin) call(ctx context.Context, method, path string, body []byte, want any) error {
	at := "/api/v1/" + path
	if a.Namespace != "" {
		at += "?namespace=" + url.QueryEscape(a.Namespace)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.URL+at, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("mockllm: %w", err)
	}
	if a.Token != "" {
		req.Header.Set("Authorization", "Bearer "+a.Token)
	}
	client := a.Client
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("mockllm: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	switch {
	case err != nil:
		return fmt.Errorf("mockllm: %s %s: %w", method, at, err)
	case answer.StatusCode >= 300:
		return fmt.Errorf("mockllm: %s %s: %s: %s", method, at, answer.Status, detail(text))
	case want == nil:
		return nil
	}
	if err := json.Unmarshal(text, want); err != nil {
		return fmt.Errorf("mockllm: %s %s: %w", method, at, err)
	}
	return nil
}

// detail says what a problem says: all that is wrong, if it is several things.
func detail(body []byte) string {
	var p struct {
		Detail   string
		Problems []struct{ Pointer, Detail string }
	}
	if json.Unmarshal(body, &p) != nil || p.Detail == "" {
		return strings.TrimSpace(string(body[:min(len(body), 200)]))
	}
	text := p.Detail
	for _, one := range p.Problems {
		text += "; " + strings.TrimSpace(one.Pointer+" "+one.Detail)
	}
	return text
}
