package admin

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// ErrChanged says that a scenario was not replaced, because it is not the one any
// more that was to be replaced.
var ErrChanged = sentences.Errorf("the namespace follows another scenario than the one that was read: read it again, and change that")

// tagOf returns the entity tag of a scenario's text; "" if it has none.
func tagOf(s *scenarios.Scenario) string {
	if s.Source() == nil {
		return ""
	}
	return `"` + s.Hash() + `"`
}

// precondition reads what a change demands of the scenario that is followed until
// then, in If-Match and If-None-Match as RFC 9110 has them. Without either it
// demands nothing.
func precondition(h http.Header) (func(*scenarios.Scenario) bool, error) {
	match, err := tags(h, "If-Match")
	if err != nil {
		return nil, err
	}
	noneMatch, err := tags(h, "If-None-Match")
	if err != nil {
		return nil, err
	}
	return func(s *scenarios.Scenario) bool {
		return (match == nil || matches(match, tagOf(s))) && (noneMatch == nil || !matches(noneMatch, tagOf(s)))
	}, nil
}

// has reports whether a client has what it asks for already, by its If-None-Match.
func has(h http.Header, tag string) (bool, error) {
	listed, err := tags(h, "If-None-Match")
	for i := range listed {
		listed[i] = strings.TrimPrefix(listed[i], "W/") // Who only reads need not have it byte for byte.
	}
	return matches(listed, tag), err
}

// matches reports whether a tag is among those listed. What has no text has no tag
// and is not even any.
func matches(listed []string, tag string) bool {
	return tag != "" && (slices.Contains(listed, tag) || slices.Contains(listed, "*"))
}

// tags reads a list of entity tags; nil is no such header. A weak one is never the
// same as ours.
func tags(h http.Header, name string) (all []string, err error) {
	one := regexp.MustCompile(`^[ \t]*(\*|(?:W/)?"[^"]*")[ \t]*(?:,|$)`)
	for _, list := range h.Values(name) {
		for rest := list; rest != ""; {
			found := one.FindStringSubmatch(rest)
			if found == nil {
				return nil, sentences.Errorf("%s holds entity tags in quotes, or *, not %q", name, clipped(list))
			}
			all, rest = append(all, found[1]), rest[len(found[0]):]
		}
	}
	if all == nil && h.Values(name) != nil {
		return nil, sentences.Errorf("%s is empty", name)
	}
	return all, nil
}
