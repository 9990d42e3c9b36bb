package admin

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// verify tells whether what the caller claims of the journal holds.
func (a api) verify(w http.ResponseWriter, r *http.Request, query url.Values) {
	text, ok := body(w, r, maxBody)
	if !ok {
		return
	}
	claim, wrong := claimOf(text)
	if wrong != nil {
		wrong.write(w)
		return
	}
	found, err := a.server.History().Verify(query.Get("namespace"), claim)
	var unsure *journal.UnsureError
	if errors.As(err, &unsure) {
		problem(w, http.StatusConflict, "nobody can know", "%s; let the journal keep more, or empty it before what is verified", unsure)
		return
	}
	if err != nil {
		unread(w, err)
		return
	}
	write(w, http.StatusOK, found)
}

// A fieldError is what is wrong with one field of a body.
type fieldError struct {
	title, pointer string
	detail         sentences.Sentence
}

func (e *fieldError) write(w http.ResponseWriter) {
	refuse(w, http.StatusBadRequest, e.title, e.detail, map[string]any{"pointer": e.pointer})
}

// A filler reads one field.
type filler func(raw json.RawMessage) error

// fill reads an object whose fields are all known.
func fill(pointer string, text []byte, fields map[string]filler) *fieldError {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil || object == nil {
		return &fieldError{"bad body", pointer, sentences.New("an object in JSON is wanted here")}
	}
	known := slices.Sorted(maps.Keys(fields))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		read, found := fields[name]
		if !found {
			return &fieldError{"unknown field", at, choose("field", name, known)}
		}
		if err := read(object[name]); err != nil {
			var deeper *fieldError
			if errors.As(err, &deeper) {
				return deeper
			}
			return &fieldError{"bad value", at, sentences.Of(err)}
		}
	}
	return nil
}

// Error implements error, so that a filler can return what is wrong further
// down.
func (e *fieldError) Error() string { return e.pointer + ": " + e.detail.String() }

// claimOf reads what is claimed.
func claimOf(text []byte) (c journal.Claim, wrong *fieldError) {
	var exactly, atLeast, atMost *int
	wrong = fill("", text, map[string]filler{
		"match": func(raw json.RawMessage) error {
			if err := fill("/match", raw, patternFields(&c.Pattern)); err != nil {
				return err
			}
			return nil
		},
		"count": number(&exactly), "at_least": number(&atLeast), "at_most": number(&atMost),
	})
	if wrong != nil {
		return c, wrong
	}
	c.AtMost = -1
	switch {
	case exactly == nil && atLeast == nil && atMost == nil:
		return c, &fieldError{"missing field", "/count", sentences.New("how many are claimed: count, at_least or at_most")}
	case exactly != nil && (atLeast != nil || atMost != nil):
		return c, &fieldError{"bad value", "/count", sentences.New("count goes with neither at_least nor at_most")}
	case atLeast != nil && atMost != nil && *atLeast > *atMost:
		return c, &fieldError{"bad value", "/at_least", sentences.New("at_least is more than at_most")}
	}
	if exactly != nil {
		atLeast, atMost = exactly, exactly
	}
	if atLeast != nil {
		c.AtLeast = *atLeast
	}
	if atMost != nil {
		c.AtMost = *atMost
	}
	return c, nil
}

// patternFields are the fields of match.
func patternFields(p *journal.Pattern) map[string]filler {
	return map[string]filler{
		"dialect": text(func(v string) (err error) {
			p.Dialect, err = oneOf("dialect", v, dialects())
			return err
		}),
		"operation": text(func(v string) (err error) {
			p.Operation, err = oneOf("operation", v, operations())
			return err
		}),
		"model": text(func(v string) error {
			p.Model = scenarios.Glob(v)
			return nil
		}),
		"error": text(func(v string) (err error) {
			p.Errors, err = errorIDs(v)
			return err
		}),
		"cause": text(func(v string) (err error) {
			p.Cause, err = oneOf("cause", v, causes())
			return err
		}),
		"rule": text(func(v string) error {
			p.Rule = v
			return nil
		}),
		"key": text(func(v string) error {
			if p.Key = v; !strings.Contains(v, "*") {
				return sentences.Errorf("a key is given redacted, as the journal shows it, such as sk-0***89")
			}
			return nil
		}),
		"body_contains": text(func(v string) error {
			p.BodyContains = v
			return nil
		}),
		"status": func(raw json.RawMessage) error {
			if err := json.Unmarshal(raw, &p.Status); err != nil || p.Status < 100 || p.Status > 999 {
				return sentences.Errorf("%s is no HTTP status", raw)
			}
			return nil
		},
	}
}

func dialects() []string {
	var names []string
	for _, d := range catalog.Dialects() {
		names = append(names, d.Name)
	}
	return names
}

// text reads a string that must not be empty: it would match everything.
func text(set func(string) error) filler {
	return func(raw json.RawMessage) error {
		var v *string
		if err := json.Unmarshal(raw, &v); err != nil || v == nil || *v == "" {
			return sentences.Errorf("a string is wanted here, and not an empty one")
		}
		return set(*v)
	}
}

// number reads a count.
func number(into **int) filler {
	return func(raw json.RawMessage) error {
		if err := json.Unmarshal(raw, into); err != nil || *into == nil || **into < 0 {
			return sentences.Errorf("%s is no whole number from 0", raw)
		}
		return nil
	}
}
