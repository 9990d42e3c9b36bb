package mockllm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/mockllm/mockllm/recordings"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// A Learned tells how a recorded answer differs from what the mock would have
// sent.
type Learned struct {
	recordings.Lesson
	Differences []recordings.Difference
}

// Learn asks a mock of its own what was asked in a recording, and compares the
// answers. An error that the catalogue knows is compared with what the mock
// sends for that very error.
func Learn(ctx context.Context, recording *scenarios.Scenario, options ...Option) ([]Learned, error) {
	s, err := New(append([]Option{WithQuietWire()}, options...)...)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var all []Learned
	for _, l := range recordings.Lessons(recording) {
		differences, err := s.learn(ctx, &l)
		if err != nil {
			return nil, fmt.Errorf("mockllm: rule %q: %w", l.Rule, err)
		}
		all = append(all, Learned{l, differences})
	}
	return all, nil
}

// learn compares one answer.
func (s *Server) learn(ctx context.Context, l *recordings.Lesson) ([]recordings.Difference, error) {
	unknown := l.Unknown()
	natural, err := s.wouldAnswer(ctx, l, "")
	if err != nil || l.Sighting != nil && l.Sighting.Entry == nil {
		return unknown, err // There is nothing to compare an unknown error with.
	}
	if l.Sighting == nil {
		if d := natural.Decision; d.Cause == scenarios.ByBody {
			unknown = append(unknown, recordings.Difference{Part: "entry", Text: "mockllm refuses the call with " + d.Failure.Entry.ID()})
		}
		open, err := s.wouldAnswer(ctx, l, `refusals = "off"`)
		return append(unknown, l.Compare(recordings.Planned(open.Script))...), err
	}
	if d := natural.Decision; d.Failure != nil && d.Failure.Entry == l.Sighting.Entry {
		return append(unknown, l.Compare(recordings.Planned(natural.Script))...), nil
	}
	rule := fmt.Sprintf("refusals = \"off\"\n[[rule]]\nname = \"learn\"\nmatch = { dialect = %q, operation = %q }\nerror = %q\n", l.Dialect, l.Operation, l.Sighting.Entry.ID())
	if v := l.Sighting.Variant; v > 0 {
		rule += fmt.Sprintf("variant = %d\n", v)
	}
	forced, err := s.wouldAnswer(ctx, l, rule)
	return append(unknown, l.Compare(recordings.Planned(forced.Script))...), err
}

// anyNonce is as good as any other to open a WebSocket.
const anyNonce = "dGhlIHNhbXBsZSBub25jZQ=="

// wouldAnswer tells what the recorded call would get if the scenario was
// followed.
func (s *Server) wouldAnswer(ctx context.Context, l *recordings.Lesson, scenario string) (Explanation, error) {
	followed, err := scenarios.Load("learn.toml", []byte(scenario))
	if err == nil {
		err = errors.Join(s.Follow(followed), s.Reset(ctx))
	}
	if err != nil {
		return Explanation{}, err
	}
	req, err := http.NewRequestWithContext(ctx, l.Asked.Method, "http://localhost"+l.Asked.URL, strings.NewReader(l.Asked.Body))
	if err != nil {
		return Explanation{}, err
	}
	for name, value := range l.Asked.Header {
		req.Header.Set(name, value)
	}
	if host, _ := responders.PlanAt(req.URL.Path); host != "" {
		req.Host = host // The key that showed whose path it is was redacted.
	}
	if req.Header["Sec-Websocket-Key"] != nil {
		req.Header.Set("Sec-Websocket-Key", anyNonce) // It looks like a secret, and was redacted.
	}
	return s.Explain(ctx, req)
}
