package catalog

import (
	"cmp"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// The files are written by hand and by many; these tests are what FORMAT.md
// promises will say what is wrong with them. They read all files, also those
// whose family is not registered yet.

// knownDialects are the dialects that a file may name: those of the design,
// served or not. A misspelt one would quietly never match.
var knownDialects = []string{
	"qianfan-v1", "qianfan-v2", "qianfan-anthropic", "qianfan-responses", "qianfan-oauth", "qianfan-iam", "qianfan-console",
	"dashscope-native", "dashscope-compatible", "dashscope-ws", "dashscope-responses", "dashscope-anthropic",
}

// waiting says for which dialect and operation a file waits that is not
// registered. When both are served and the family still is not, somebody has
// forgotten it, and its errors are known to nobody.
var waiting = map[string]struct{ dialect, operation string }{}

// A family without a file panics when it is first asked for; a family
// registered twice makes each of its codes ambiguous.
func TestRegisteredFamiliesHaveAFile(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Families() {
		id := f.Provider + "/" + f.Name
		if seen[id] {
			t.Errorf("%s is registered twice", id)
		}
		seen[id] = true
		if _, err := fs.Stat(data, "data/"+id+".toml"); err != nil {
			t.Errorf("%s is registered and has no file: %v", id, err)
		}
		if len(f.Dialects) == 0 {
			t.Errorf("%s is registered with no dialect", id)
		}
		if wait, waits := waiting[id]; waits {
			if d, served := DialectNamed(wait.dialect); served && d.Carries(wait.operation) || f.arrives() {
				t.Errorf("%s waited for %s on %s, which is served now: say so here", id, wait.operation, wait.dialect)
			}
			continue
		}
		for _, name := range f.Dialects {
			if d, served := DialectNamed(name); !served || d.Provider != f.Provider {
				t.Errorf("%s is registered for %q, which %s does not serve", id, name, f.Provider)
			}
		}
		for _, operation := range f.Operations {
			carries := func(name string) bool { d, _ := DialectNamed(name); return d.Carries(operation) }
			if !slices.ContainsFunc(f.Dialects, carries) {
				t.Errorf("%s is registered for operation %q, which none of its dialects offers", id, operation)
			}
		}
	}
}

func TestNoFileIsForgotten(t *testing.T) {
	for _, f := range everyFile(t) {
		id := f.Provider + "/" + f.Name
		if registered(f.Provider, f.Name) != nil {
			continue
		}
		t.Errorf("%s is not registered", id)
	}
}

// The files are sorted so that a reader finds a code, and a second entry for
// a code, which nobody could name, is seen.
func TestEntriesAreSortedAndUnique(t *testing.T) {
	for _, f := range everyFile(t) {
		entries := mustEntries(t, f)
		if len(entries) == 0 {
			t.Errorf("%s/%s is empty", f.Provider, f.Name)
		}
		for i, e := range entries[:max(len(entries)-1, 0)] {
			next := entries[i+1]
			switch compareCodes(e.Code, next.Code) {
			case 0:
				t.Errorf("%s stands there twice", e.ID())
			case 1:
				t.Errorf("%s stands before %s", e.ID(), next.Code)
			}
		}
	}
}

// compareCodes orders numbers by value and before all other codes.
func compareCodes(a, b string) int {
	x, errX := strconv.ParseUint(a, 10, 64)
	y, errY := strconv.ParseUint(b, 10, 64)
	switch {
	case errX == nil && errY == nil:
		return cmp.Compare(x, y)
	case errX == nil:
		return -1
	case errY == nil:
		return 1
	default:
		return strings.Compare(a, b)
	}
}

func TestCompareCodes(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"18", "200", -1},
		{"336003", "18", 1}, // By value, not by letter.
		{"18", "18", 0},
		{"1007", "Access", -1},
		{"Access", "1007", 1},
		{"Offline", "account", -1}, // Bytes: capitals first.
	} {
		if got := compareCodes(c.a, c.b); got != c.want {
			t.Errorf("compareCodes(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// eachEntry runs the check on every entry of every file, as one subtest per
// file.
func eachEntry(t *testing.T, check func(t *testing.T, e *Entry)) {
	t.Helper()
	for _, f := range everyFile(t) {
		t.Run(f.Provider+"/"+f.Name, func(t *testing.T) {
			for _, e := range mustEntries(t, f) {
				check(t, e)
			}
		})
	}
}

// eachVariant is eachEntry for variants; n counts them from 1.
func eachVariant(t *testing.T, check func(t *testing.T, e *Entry, n int, v *Variant)) {
	t.Helper()
	eachEntry(t, func(t *testing.T, e *Entry) {
		for i := range e.Variants {
			check(t, e, i+1, &e.Variants[i])
		}
	})
}

func TestEntryFields(t *testing.T) {
	eachEntry(t, func(t *testing.T, e *Entry) {
		for name, value := range map[string]string{
			"code": e.Code, "meaning": e.Meaning, "meaning_zh": e.MeaningZH, "source": e.Source,
		} {
			if strings.TrimSpace(value) == "" {
				t.Errorf("%s: %s is missing", e.ID(), name)
			}
		}
		if len(e.Variants) == 0 {
			t.Errorf("%s has no variant", e.ID())
		}
		// Sources are cited without a scheme; a full link would be the only one.
		if strings.Contains(e.Source, "://") {
			t.Errorf("%s: source %q has a scheme", e.ID(), e.Source)
		}
		if e.CompatibleCode != "" && e.Provider != DashScope {
			t.Errorf("%s has a compatible code, which only DashScope has", e.ID())
		}
		if e.CompatibleCode == e.Code {
			t.Errorf("%s: the compatible code is the code", e.ID())
		}
		// A name that means the entry twice over hides a typo.
		names := append([]string{e.Code, e.CompatibleCode}, e.Aliases...)
		slices.Sort(names)
		if len(slices.Compact(names)) != len(e.Aliases)+2 {
			t.Errorf("%s: code, compatible code and aliases %q are not all different", e.ID(), e.Aliases)
		}
	})
}

// Meanings are shown in a table cell and on one line.
func TestMeaningsAreOneShortLine(t *testing.T) {
	eachEntry(t, func(t *testing.T, e *Entry) {
		for name, meaning := range map[string]string{"meaning": e.Meaning, "meaning_zh": e.MeaningZH} {
			if n := utf8.RuneCountInString(meaning); n > 200 {
				t.Errorf("%s: %s has %d characters, more than 200", e.ID(), name, n)
			}
			if strings.ContainsAny(meaning, "\r\n\t") {
				t.Errorf("%s: %s has more than one line", e.ID(), name)
			}
			// Meanings are in our own words: one that repeats the vendor's
			// message explains nothing.
			for _, v := range e.Variants {
				if meaning == v.Message {
					t.Errorf("%s: %s is only the message again", e.ID(), name)
				}
			}
		}
		if !strings.ContainsFunc(e.MeaningZH, func(c rune) bool { return unicode.Is(unicode.Han, c) }) {
			t.Errorf("%s: meaning_zh %q is not Chinese", e.ID(), e.MeaningZH)
		}
		if strings.ContainsFunc(e.Meaning, func(c rune) bool { return unicode.Is(unicode.Han, c) }) {
			t.Errorf("%s: meaning %q is not English", e.ID(), e.Meaning)
		}
	})
}

func TestVariantFields(t *testing.T) {
	eachVariant(t, func(t *testing.T, e *Entry, n int, v *Variant) {
		if v.Message == "" {
			t.Errorf("%s, message %d is empty", e.ID(), n)
		}
		if !slices.Contains([]Retry{RetryNo, RetryAfterFix, RetryBackoff, RetryAfterWindow, RetryRefreshToken}, v.Retry) {
			t.Errorf("%s, message %d: unknown retry %q", e.ID(), n, v.Retry)
		}
		if !slices.Contains([]Origin{OriginGateway, OriginModel, OriginTask, OriginControl}, v.Origin) {
			t.Errorf("%s, message %d: unknown origin %q", e.ID(), n, v.Origin)
		}
		if !slices.Contains([]Confidence{Certain, Likely, Guess}, v.Confidence) {
			t.Errorf("%s, message %d: unknown confidence %q", e.ID(), n, v.Confidence)
		}
		if v.HelpAnchor != "" && e.Provider != DashScope {
			t.Errorf("%s, message %d: only DashScope appends help links", e.ID(), n)
		}
		// Wording of ours is never certain to be the vendor's, unless a
		// source saw it.
		if v.Realistic && v.Confidence == Certain && v.Source == "" {
			t.Errorf("%s, message %d: our own wording cannot be certain", e.ID(), n)
		}
	})
}

// Within an entry, the texts are what tells its variants apart: those that
// may stand on one dialect must differ, and no text may be the alias of
// another variant.
func TestTextsTellVariantsApart(t *testing.T) {
	eachEntry(t, func(t *testing.T, e *Entry) {
		owner := map[string]int{}
		for i, v := range e.Variants {
			for _, text := range append([]string{v.Message}, v.Aliases...) {
				if first, taken := owner[text]; taken && first == i {
					t.Errorf("%s, message %d prints %q twice", e.ID(), i+1, text)
				} else if taken {
					t.Errorf("%s: %q belongs to the messages %d and %d", e.ID(), text, first+1, i+1)
				}
				owner[text] = i
			}
		}
	})
}

// A hole that is not declared would be sent as {name}; one that is not used
// is a typo.
func TestHolesAreDeclaredAndUsed(t *testing.T) {
	hole := regexp.MustCompile(`\{([^{}]*)\}`)
	eachVariant(t, func(t *testing.T, e *Entry, n int, v *Variant) {
		used := map[string]bool{}
		for _, match := range hole.FindAllStringSubmatch(v.Message, -1) {
			used[match[1]] = true
			if _, declared := v.Holes[match[1]]; !declared {
				t.Errorf("%s, message %d: hole {%s} has no realistic value", e.ID(), n, match[1])
			}
		}
		for name, realistic := range v.Holes {
			if !used[name] {
				t.Errorf("%s, message %d: hole %q is declared and stands nowhere", e.ID(), n, name)
			}
			if realistic == "" {
				t.Errorf("%s, message %d: hole %q has an empty realistic value", e.ID(), n, name)
			}
		}
		if filled := v.Fill(nil); hole.MatchString(filled) {
			t.Errorf("%s, message %d is sent as %q", e.ID(), n, filled)
		}
	})
}

func TestDialectsAreKnown(t *testing.T) {
	eachEntry(t, func(t *testing.T, e *Entry) {
		named := slices.Clone(e.Dialects)
		for i, v := range e.Variants {
			named = append(named, v.Dialects...)
			for _, d := range v.Dialects {
				// e.Dialects is empty for a family that is not registered.
				if len(e.Dialects) > 0 && !slices.Contains(e.Dialects, d) {
					t.Errorf("%s, message %d is for %s, which the entry is not", e.ID(), i+1, d)
				}
			}
			// An empty list means no restriction, which nobody would guess.
			if v.Dialects != nil && len(v.Dialects) == 0 {
				t.Errorf("%s, message %d has an empty list of dialects", e.ID(), i+1)
			}
		}
		for _, d := range named {
			if !slices.Contains(knownDialects, d) {
				t.Errorf("%s names the dialect %q, which does not exist", e.ID(), d)
			}
			if !strings.HasPrefix(d, e.Provider+"-") {
				t.Errorf("%s names the dialect %q of another provider", e.ID(), d)
			}
		}
	})
}

// Every served dialect must be one that the files may name.
func TestServedDialectsAreKnown(t *testing.T) {
	for _, d := range Dialects() {
		if !slices.Contains(knownDialects, d.Name) {
			t.Errorf("%s is served and unknown here", d.Name)
		}
	}
}

// An entry that says it arrives on a dialect needs something to send there:
// otherwise the caller who asks for it gets nothing.
func TestEveryServedDialectHasAMessage(t *testing.T) {
	eachEntry(t, func(t *testing.T, e *Entry) {
		for _, name := range e.Dialects {
			if _, served := DialectNamed(name); served && e.CarriedBy(name) && e.Variant(name) == nil {
				t.Errorf("%s lists %s and has no message for it", e.ID(), name)
			}
		}
		for i := range e.Variants {
			carried := func(name string) bool { return e.Variants[i].CarriedBy(name) }
			if len(e.Dialects) > 0 && !slices.ContainsFunc(e.Dialects, carried) {
				t.Errorf("%s, message %d arrives nowhere", e.ID(), i+1)
			}
		}
	})
}

func TestStatuses(t *testing.T) {
	eachVariant(t, func(t *testing.T, e *Entry, n int, v *Variant) {
		printed := map[Edition]int{}
		if v.Status != 0 {
			printed[EditionSeed] = v.Status
		}
		for edition, status := range v.Statuses {
			if !slices.Contains(Editions(), edition) {
				t.Errorf("%s, message %d: unknown edition %q", e.ID(), n, edition)
			}
			if edition == EditionSeed {
				t.Errorf("%s, message %d: the seed's status belongs in status", e.ID(), n)
			}
			printed[edition] = status
		}
		for edition, status := range printed {
			// 101 is what a WebSocket client has seen.
			if status != 101 && (status < 200 || status > 599) {
				t.Errorf("%s, message %d: status %d in edition %s", e.ID(), n, status, edition)
			}
		}
		if e.ClientSide != "" && len(printed) > 0 {
			t.Errorf("%s, message %d is never on the wire and has a status", e.ID(), n)
		}
		// Nothing would be sent from the family's own status, so that one
		// here would only mislead.
		if e.Provider == Qianfan && e.Family == "capability" && len(printed) > 0 {
			t.Errorf("%s, message %d has a status; Qianfan V1 always answers 200", e.ID(), n)
		}
		if e.ClientSide == "" && len(printed) == 0 && (e.Provider != Qianfan || e.Family != "capability") {
			t.Errorf("%s, message %d has no status in any edition", e.ID(), n)
		}
	})
}

// What is sent has a status that HTTP knows, on each dialect that is served
// and in each edition.
func TestEveryWireVariantHasAStatus(t *testing.T) {
	checked := 0
	eachVariant(t, func(t *testing.T, e *Entry, n int, v *Variant) {
		for _, d := range Dialects() {
			if !e.CarriedBy(d.Name) || !v.CarriedBy(d.Name) {
				continue
			}
			for _, edition := range Editions() {
				checked++
				status := v.StatusOn(d, edition)
				if d.Sockets && status == 101 {
					continue // It comes behind the handshake.
				}
				if status < 200 || status > 599 {
					t.Errorf("%s, message %d: status %d on %s in edition %s", e.ID(), n, status, d.Name, edition)
				}
				if d.Name == QianfanV1 && status != 200 {
					t.Errorf("%s, message %d: status %d on Qianfan V1, which always answers 200", e.ID(), n, status)
				}
			}
		}
	})
	if checked == 0 {
		t.Error("no variant was checked")
	}
}

// A client-side entry explains; it must never be sent, on no dialect at all.
func TestClientSideEntriesAreNotCarried(t *testing.T) {
	clientSide := 0
	eachEntry(t, func(t *testing.T, e *Entry) {
		if e.ClientSide == "" {
			return
		}
		clientSide++
		for _, name := range knownDialects {
			if e.CarriedBy(name) {
				t.Errorf("%s is client-side and carried by %s", e.ID(), name)
			}
		}
	})
	if clientSide == 0 {
		t.Error("no client-side entry: NetworkError is one")
	}
}

// A family whose file is missing must not look like one without errors.
func TestMissingFilesAreRefused(t *testing.T) {
	_, err := parseFamily(&Family{Provider: DashScope, Name: "no-such-family"})
	if err == nil || !strings.Contains(err.Error(), "no-such-family") {
		t.Errorf("a family without a file gives %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("Entries of a family without a file does not panic")
		}
	}()
	family(DashScope, "no-such-family", nil).Entries()
}

func TestAllIsEveryFamilyInOrder(t *testing.T) {
	var want []string
	for _, f := range Families() {
		for _, e := range f.Entries() {
			want = append(want, e.ID())
			if e.Provider != f.Provider || e.Family != f.Name {
				t.Errorf("%s stands in %s/%s", e.ID(), f.Provider, f.Name)
			}
		}
	}
	var got []string
	for _, e := range All() {
		got = append(got, e.ID())
	}
	if !slices.Equal(got, want) || len(got) == 0 {
		t.Errorf("All has %d entries, the families have %d", len(got), len(want))
	}
}
