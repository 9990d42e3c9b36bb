package catalog

import (
	"slices"
	"strings"

	"github.com/mockllm/mockllm/sentences"
)

// A Scope narrows which entries a short name may mean.
type Scope struct {
	Dialects  []string // Any of these must carry the entry; nil is every dialect.
	Operation string   // The entry's family must meet it; empty is every operation.
}

// An UnknownError says that no entry has the name.
type UnknownError struct {
	Name    string
	Nearest string // What was perhaps meant; may be empty.
}

// Error implements error.
func (e *UnknownError) Error() string { return e.Said().String() }

// Said returns what the error says.
func (e *UnknownError) Said() sentences.Sentence {
	name := e.Name
	if runes := []rune(name); len(runes) > 100 {
		name = string(runes[:100]) + "…" // Callers choose the name.
	}
	return sentences.New("no documented error is called %q%s", name, didYouMean(e.Nearest))
}

// An AmbiguousError says that a short name means several entries.
type AmbiguousError struct {
	Name       string
	Candidates []string // The ids, one of which must be written instead.
}

// Error implements error.
func (e *AmbiguousError) Error() string { return e.Said().String() }

// Said returns what the error says.
func (e *AmbiguousError) Said() sentences.Sentence {
	return sentences.New("%q means several errors, write one of: %s", e.Name, strings.Join(e.Candidates, ", "))
}

// An OutOfScopeError says that the name is known but cannot arrive there.
type OutOfScopeError struct {
	Entry *Entry
	Scope Scope
}

// Error implements error.
func (e *OutOfScopeError) Error() string { return e.Said().String() }

// Said returns what the error says.
func (e *OutOfScopeError) Said() sentences.Sentence {
	if e.Entry.ClientSide != "" {
		return sentences.New("%s is never on the wire: %s", e.Entry.ID(), e.Entry.ClientSide)
	}
	if !e.Entry.family.arrives() {
		return sentences.New("%s is documented for %s, which nothing here answers yet", e.Entry.ID(), strings.Join(e.Entry.Dialects, ", "))
	}
	where := strings.Join(e.Scope.Dialects, ", ")
	if e.Scope.Operation != "" {
		where = strings.TrimLeft(where+" "+e.Scope.Operation, " ")
	}
	return sentences.New("%s cannot arrive on %s, only on %s", e.Entry.ID(), where, strings.Join(e.Entry.Dialects, ", "))
}

// Resolve returns the entry that the name means: a whole id, provider/code,
// or a bare code. A short name is looked for among the entries in scope that
// some dialect can carry today, and without a scope among the others too; the
// vendor's own code comes before the compatible one, and that before an alias.
// The error is an [*UnknownError], [*AmbiguousError] or [*OutOfScopeError].
func Resolve(name string, scope Scope) (*Entry, error) {
	found := search(name, scope, (*Family).arrives)
	if len(found) == 0 && scope.Dialects == nil && scope.Operation == "" {
		found = search(name, scope, (*Family).exists)
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		if elsewhere := search(name, Scope{}, (*Family).exists); len(elsewhere) > 0 {
			return nil, &OutOfScopeError{Entry: elsewhere[0], Scope: scope}
		}
		return nil, &UnknownError{Name: name, Nearest: Nearest(name, names(scope))}
	}
	ids := make([]string, len(found))
	for i, e := range found {
		ids[i] = e.ID()
	}
	return nil, &AmbiguousError{Name: name, Candidates: ids}
}

// search returns the best matches of the name, best kind of match only.
// A zero scope finds client-side entries too.
func search(name string, scope Scope, look func(*Family) bool) []*Entry {
	var byCode, byTwin, byAlias []*Entry
	provider, family, code := split(name)
	for _, f := range families {
		if provider != "" && f.Provider != provider || family != "" && f.Name != family {
			continue
		}
		if !look(f) || !f.meets(scope.Operation) {
			continue
		}
		for _, e := range f.Entries() {
			if !scope.carries(e) {
				continue
			}
			switch {
			case e.Code == code:
				byCode = append(byCode, e)
			case e.CompatibleCode != "" && e.CompatibleCode == code:
				byTwin = append(byTwin, e)
			case slices.Contains(e.Aliases, code):
				byAlias = append(byAlias, e)
			}
		}
	}
	if len(byCode) > 1 {
		byCode = scope.prefer(byCode)
	}
	if len(byCode) > 0 && !(scope.Operation == "" && confined(byCode) && len(byTwin) > 0 && !confined(byTwin)) {
		return byCode
	}
	if len(byTwin) > 1 {
		byTwin = sameLetters(byTwin, code)
	}
	if len(byTwin) > 0 {
		return byTwin
	}
	return byAlias
}

// confined reports whether the entries are met on some operations only. Who
// names no operation means what is met everywhere: model_not_found is an error
// of all calls before it is one of batches.
func confined(entries []*Entry) bool {
	return !slices.ContainsFunc(entries, func(e *Entry) bool { return e.family == nil || e.family.Operations == nil })
}

// sameLetters prefers, among entries that share a compatible code, the one
// whose own code is spelt alike: LimitRequests for limit_requests.
func sameLetters(entries []*Entry, code string) []*Entry {
	for _, e := range entries {
		if strings.EqualFold(e.Code, strings.ReplaceAll(code, "_", "")) {
			return []*Entry{e}
		}
	}
	return entries
}

// split takes a name apart into provider, family and code; what it does not
// name is empty.
func split(name string) (provider, family, code string) {
	first, rest, found := strings.Cut(name, "/")
	if !found || (first != Qianfan && first != DashScope) {
		return "", "", name
	}
	if family, code, found = strings.Cut(rest, "/"); found && family != "" {
		return first, family, code
	}
	return first, "", rest
}

// names lists what could have been written in the scope.
func names(scope Scope) []string {
	var all []string
	for _, f := range families {
		if !f.arrives() || !f.meets(scope.Operation) {
			continue
		}
		for _, e := range f.Entries() {
			if !scope.carries(e) {
				continue
			}
			all = append(all, e.Code, e.ID())
			if e.CompatibleCode != "" {
				all = append(all, e.CompatibleCode)
			}
		}
	}
	return all
}

// prefer decides between entries of one code of which one family words the
// other's anew: on its own dialects it comes first, elsewhere last.
func (s Scope) prefer(entries []*Entry) []*Entry {
	for _, e := range entries {
		if e.family.Within == "" {
			continue
		}
		own := s.Dialects != nil && !slices.ContainsFunc(s.Dialects, func(name string) bool { return !slices.Contains(e.family.Dialects, name) })
		rest := slices.DeleteFunc(slices.Clone(entries), func(other *Entry) bool {
			if own {
				return other.Provider == e.Provider && other.Family == e.family.Within
			}
			return other == e
		})
		if len(rest) > 0 {
			return rest
		}
	}
	return entries
}

func (s Scope) carries(e *Entry) bool {
	return s.Dialects == nil || slices.ContainsFunc(s.Dialects, e.CarriedBy)
}
