package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// withFamilies registers these families instead of the real ones for the
// time of a test, so that what is ambiguous does not change with every family
// that is added. Such a test must not run in parallel with others.
func withFamilies(t *testing.T, fs ...*Family) {
	t.Helper()
	before := families
	families = fs
	t.Cleanup(func() { families = before })
}

// console registers families of both providers that share codes. Two of them
// are met by one operation only.
func console(t *testing.T) {
	t.Helper()
	withFamilies(t,
		family(DashScope, "model", []string{DashScopeCompatible, DashScopeNative}),
		family(Qianfan, "dataset-common", []string{"qianfan-console"}, "dataset"),
		family(Qianfan, "finetune", []string{"qianfan-console"}, "finetune"),
		family(Qianfan, "iam", []string{"qianfan-console", "qianfan-v2"}),
		family(Qianfan, "v2", []string{"qianfan-v2"}),
	)
}

func TestResolve(t *testing.T) {
	compatible := Scope{Dialects: []string{DashScopeCompatible}}
	native := Scope{Dialects: []string{DashScopeNative}}
	v1 := Scope{Dialects: []string{QianfanV1}}
	for _, c := range []struct {
		name  string
		scope Scope
		want  string
	}{
		// Whole ids.
		{"qianfan/capability/336003", Scope{}, "qianfan/capability/336003"},
		{"dashscope/model/Throttling.RateQuota", native, "dashscope/model/Throttling.RateQuota"},
		{"qianfan/oauth/invalid_client", Scope{}, "qianfan/oauth/invalid_client"},
		{"dashscope/model/InternalError.Algo", Scope{}, "dashscope/model/InternalError.Algo"},
		// Provider and code.
		{"qianfan/336003", Scope{}, "qianfan/capability/336003"},
		{"dashscope/Throttling.RateQuota", compatible, "dashscope/model/Throttling.RateQuota"},
		{"dashscope/limit_requests", compatible, "dashscope/model/LimitRequests"},
		// Bare codes.
		{"18", v1, "qianfan/capability/18"},
		{"Throttling", native, "dashscope/model/Throttling"},
		{"Throttling.RateQuota", Scope{Operation: OpChat}, "dashscope/model/Throttling.RateQuota"},
		{"invalid_client", Scope{Operation: OpToken}, "qianfan/oauth/invalid_client"},
		// Compatible codes, on either side of DashScope: what stands in a
		// client's log may be looked up with any scope.
		{"data_inspection_failed", compatible, "dashscope/model/DataInspectionFailed"},
		{"data_inspection_failed", native, "dashscope/model/DataInspectionFailed"},
		{"insufficient_quota", compatible, "dashscope/model/Throttling.AllocationQuota"},
		{"invalid_api_key", compatible, "dashscope/model/InvalidApiKey"},
		{"model_not_found", compatible, "dashscope/model/ModelNotFound"},
		{"access_denied", compatible, "dashscope/model/AccessDenied"},
		{"system_error", compatible, "dashscope/model/SystemError"},
		// Two entries send limit_requests; the one that is spelt so is meant.
		{"limit_requests", compatible, "dashscope/model/LimitRequests"},
		{"dashscope/model/limit_requests", Scope{}, "dashscope/model/LimitRequests"},
		// Aliases.
		{"RetrievalFailed", native, "dashscope/model/RetrivalFailed"},
		{"ResourceExhausted", compatible, "dashscope/model/Throttling.RateQuota"},
		{"dashscope/model/Too many requests", Scope{}, "dashscope/model/Throttling.RateQuota"},
		// A code with a blank is a code.
		{"NOT AUTHORIZED", native, "dashscope/model/NOT AUTHORIZED"},
		// Without a scope client-side entries are found: one may ask what
		// they mean.
		{"NetworkError", Scope{}, "dashscope/model/NetworkError"},
		{"network_error", Scope{}, "dashscope/model/NetworkError"},
	} {
		e, err := Resolve(c.name, c.scope)
		if err != nil {
			t.Errorf("Resolve(%q, %v): %v", c.name, c.scope, err)
		} else if e.ID() != c.want {
			t.Errorf("Resolve(%q, %v) = %s, want %s", c.name, c.scope, e.ID(), c.want)
		}
	}
}

// The vendor's own code comes before a compatible one, and that before an
// alias, each kind alone: a better match hides the others.
func TestResolvePrefersTheOwnCode(t *testing.T) {
	one := func(e *Entry) *Family {
		f := &Family{Provider: DashScope, Name: e.Family, Dialects: []string{"d"}}
		e.Provider, e.Dialects = DashScope, f.Dialects
		f.holds(e)
		return f
	}
	own := one(&Entry{Family: "own", Code: "boom"})
	twin := one(&Entry{Family: "twin", Code: "Boom", CompatibleCode: "boom"})
	alias := one(&Entry{Family: "alias", Code: "Bang", Aliases: []string{"boom"}})
	for _, c := range []struct {
		families []*Family
		want     string
	}{
		{[]*Family{alias, twin, own}, "dashscope/own/boom"},
		{[]*Family{alias, twin}, "dashscope/twin/Boom"},
		{[]*Family{alias}, "dashscope/alias/Bang"},
	} {
		withFamilies(t, c.families...)
		if e, err := Resolve("boom", Scope{}); err != nil || e.ID() != c.want {
			t.Errorf("boom is %v (%v), want %s", e, err, c.want)
		}
	}
}

func TestResolveAmbiguous(t *testing.T) {
	console(t)
	for _, c := range []struct {
		name  string
		scope Scope
		want  []string // One is the answer, several are ambiguous.
	}{
		{"InternalError", Scope{}, []string{"dashscope/model/InternalError", "qianfan/dataset-common/InternalError", "qianfan/iam/InternalError"}},
		{"qianfan/InternalError", Scope{}, []string{"qianfan/dataset-common/InternalError", "qianfan/iam/InternalError"}},
		{"dashscope/InternalError", Scope{}, []string{"dashscope/model/InternalError"}},
		{"AccessDenied", Scope{}, []string{"dashscope/model/AccessDenied", "qianfan/iam/AccessDenied"}},
		// The scope decides, by dialect and by operation.
		{"InternalError", Scope{Dialects: []string{"qianfan-console"}}, []string{"qianfan/dataset-common/InternalError", "qianfan/iam/InternalError"}},
		{"InternalError", Scope{Dialects: []string{"qianfan-v2"}}, []string{"qianfan/iam/InternalError"}},
		{"InternalError", Scope{Dialects: []string{DashScopeNative, "qianfan-v2"}}, []string{"dashscope/model/InternalError", "qianfan/iam/InternalError"}},
		{"InternalError", Scope{Dialects: []string{"qianfan-console"}, Operation: "finetune"}, []string{"qianfan/iam/InternalError"}},
		// A whole id is never ambiguous.
		{"qianfan/iam/InternalError", Scope{}, []string{"qianfan/iam/InternalError"}},
		// One vendor's own code comes before the other's compatible one.
		{"internal_error", Scope{}, []string{"qianfan/v2/internal_error"}},
		{"internal_error", Scope{Dialects: []string{DashScopeCompatible}}, []string{"dashscope/model/InternalError"}},
	} {
		e, err := Resolve(c.name, c.scope)
		if len(c.want) == 1 {
			if err != nil || e.ID() != c.want[0] {
				t.Errorf("Resolve(%q, %v) = %v, %v, want %s", c.name, c.scope, e, err, c.want[0])
			}
			continue
		}
		var ambiguous *AmbiguousError
		if !errors.As(err, &ambiguous) {
			t.Errorf("Resolve(%q, %v) = %v, %v, want an AmbiguousError", c.name, c.scope, e, err)
			continue
		}
		if e != nil || ambiguous.Name != c.name || !slices.Equal(ambiguous.Candidates, c.want) {
			t.Errorf("Resolve(%q, %v) may mean %q, want %q", c.name, c.scope, ambiguous.Candidates, c.want)
		}
	}
	_, err := Resolve("AccessDenied", Scope{})
	want := `"AccessDenied" means several errors, write one of: dashscope/model/AccessDenied, qianfan/iam/AccessDenied`
	if err == nil || err.Error() != want {
		t.Errorf("the error says %v, want %s", err, want)
	}
}

// Entries that share a compatible code, none spelt like it, are ambiguous:
// taking the first one would depend on the order of a file.
func TestResolveAmbiguousTwins(t *testing.T) {
	f := &Family{Provider: DashScope, Name: "f", Dialects: []string{DashScopeNative}}
	f.holds(
		&Entry{Provider: DashScope, Family: "f", Code: "One", CompatibleCode: "shared", Dialects: f.Dialects},
		&Entry{Provider: DashScope, Family: "f", Code: "Two", CompatibleCode: "shared", Dialects: f.Dialects},
	)
	withFamilies(t, f)
	_, err := Resolve("shared", Scope{Dialects: []string{DashScopeNative}})
	var ambiguous *AmbiguousError
	if !errors.As(err, &ambiguous) || !slices.Equal(ambiguous.Candidates, []string{"dashscope/f/One", "dashscope/f/Two"}) {
		t.Errorf("Resolve gives %v", err)
	}
	// The one that is spelt alike is meant, wherever it stands.
	f.holds(
		&Entry{Provider: DashScope, Family: "f", Code: "Other", CompatibleCode: "limit_requests", Dialects: f.Dialects},
		&Entry{Provider: DashScope, Family: "f", Code: "LimitRequests", CompatibleCode: "limit_requests", Dialects: f.Dialects},
	)
	if e, err := Resolve("limit_requests", Scope{}); err != nil || e.Code != "LimitRequests" {
		t.Errorf("limit_requests is %v, %v", e, err)
	}
}

func TestResolveUnknown(t *testing.T) {
	for _, c := range []struct {
		name    string
		scope   Scope
		nearest string
	}{
		{"Throtling.RateQuota", Scope{}, "Throttling.RateQuota"},
		{"throttling.ratequota", Scope{}, "Throttling.RateQuota"}, // Case matters, and is suggested.
		{"Throttling.RateQoutа", Scope{}, "Throttling.RateQuota"}, // The last letter is Cyrillic.
		{"336O03", Scope{Dialects: []string{QianfanV1}}, "336003"},
		{"limit_request", Scope{Dialects: []string{DashScopeCompatible}}, "limit_requests"},
		{"dashscope/model/Arearage", Scope{}, "dashscope/model/Arrearage"},
		{"dashscope/Throtling.RateQuota", Scope{}, "dashscope/model/Throttling.RateQuota"},
		{"qianfan/capability/l8", Scope{}, "qianfan/capability/18"},
		// What cannot arrive there is not suggested.
		{"Throtling.RateQuota", Scope{Dialects: []string{QianfanV1}}, ""},
		{"NetworkErorr", Scope{Dialects: []string{DashScopeNative}}, ""},
		// Nothing like it.
		{"xyzzy", Scope{}, ""},
		{"完全不存在", Scope{}, ""},
		// Not an id: the provider does not exist, or stands in the wrong place.
		{"openai/model/rate_limit", Scope{}, ""},
		{"/", Scope{}, ""},
	} {
		e, err := Resolve(c.name, c.scope)
		var unknown *UnknownError
		if !errors.As(err, &unknown) || e != nil {
			t.Errorf("Resolve(%q, %v) = %v, %v, want an UnknownError", c.name, c.scope, e, err)
			continue
		}
		if unknown.Name != c.name || unknown.Nearest != c.nearest {
			t.Errorf("Resolve(%q, %v) suggests %q, want %q", c.name, c.scope, unknown.Nearest, c.nearest)
		}
	}
	for name, want := range map[string]string{
		"Arearage": `no documented error is called "Arearage"; did you mean "Arrearage"?`,
		"xyzzy":    `no documented error is called "xyzzy"`,
	} {
		if _, err := Resolve(name, Scope{}); err == nil || err.Error() != want {
			t.Errorf("the error says %v, want %s", err, want)
		}
	}
}

func TestResolveOutOfScope(t *testing.T) {
	console(t)
	for _, c := range []struct {
		name  string
		scope Scope
		want  string // Part of what is said.
	}{
		{"Arrearage", Scope{Dialects: []string{"qianfan-v2"}}, "dashscope/model/Arrearage cannot arrive on qianfan-v2, only on dashscope-compatible, dashscope-native"},
		{"dashscope/model/Arrearage", Scope{Dialects: []string{"qianfan-v2", "qianfan-console"}}, "dashscope/model/Arrearage cannot arrive on qianfan-v2, qianfan-console, only on"},
		{"qianfan/dataset-common/AuthFailed", Scope{Dialects: []string{"qianfan-console"}, Operation: "finetune"}, "qianfan/dataset-common/AuthFailed cannot arrive on qianfan-console finetune, only on qianfan-console"},
		{"AuthFailed", Scope{Operation: "finetune"}, "qianfan/dataset-common/AuthFailed cannot arrive on finetune, only on"},
		{"data_inspection_failed", Scope{Dialects: []string{"qianfan-v2"}}, "dashscope/model/DataInspectionFailed cannot arrive on qianfan-v2"},
		// Client-side: no dialect at all, so the scope is not to blame.
		{"NetworkError", Scope{Dialects: []string{DashScopeNative}}, "dashscope/model/NetworkError is never on the wire: "},
		{"network_error", Scope{Dialects: []string{DashScopeCompatible}}, "dashscope/model/NetworkError is never on the wire: "},
		{"dashscope/SDKError", Scope{Dialects: []string{DashScopeNative, DashScopeCompatible}}, "dashscope/model/SDKError is never on the wire: "},
	} {
		e, err := Resolve(c.name, c.scope)
		var outside *OutOfScopeError
		if !errors.As(err, &outside) || e != nil {
			t.Errorf("Resolve(%q, %v) = %v, %v, want an OutOfScopeError", c.name, c.scope, e, err)
			continue
		}
		if !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("Resolve(%q, %v) says\n%s\nwant\n%s", c.name, c.scope, err, c.want)
		}
	}
}

// Whatever list a person copies a name from, it must work: an id everywhere,
// a bare code wherever it can arrive, or else the person is told the choices
// and the entry is among them.
func TestEveryEntryResolves(t *testing.T) {
	for _, e := range All() {
		if got, err := Resolve(e.ID(), Scope{}); err != nil || got != e {
			t.Errorf("Resolve(%q) = %v, %v", e.ID(), got, err)
		}
		if !e.family.arrives() {
			continue // Nobody can ask for it yet.
		}
		if got, err := Resolve(e.ID(), Scope{Dialects: e.Dialects}); e.ClientSide == "" && (err != nil || got != e) {
			t.Errorf("Resolve(%q) on its own dialects = %v, %v", e.ID(), got, err)
		}
		names := append([]string{e.Code, e.Provider + "/" + e.Code}, e.Aliases...)
		for _, name := range names {
			for _, dialect := range e.Dialects {
				got, err := Resolve(name, Scope{Dialects: []string{dialect}})
				if err == nil && (got.family.Within == e.Family || e.family.Within == got.Family) {
					continue // One family words the other's codes anew: TestWithin says which is meant.
				}
				if got != e && e.family.Operations != nil { // An entry that all operations meet has the same code.
					got, err = Resolve(name, Scope{Dialects: []string{dialect}, Operation: e.family.Operations[0]})
				}
				if problem := notFound(e, got, err); problem != "" {
					t.Errorf("Resolve(%q) on %s: %s", name, dialect, problem)
				}
			}
		}
	}
}

// TestWithin: a short name that a family words anew for its own dialect means
// that wording where nothing but this dialect is asked about.
func TestWithin(t *testing.T) {
	for _, c := range []struct {
		name  string
		scope Scope
		want  string
	}{
		{"Throttling.RateQuota", Scope{}, "dashscope/model/Throttling.RateQuota"},
		{"dashscope/Throttling.RateQuota", Scope{}, "dashscope/model/Throttling.RateQuota"},
		{"Throttling.RateQuota", Scope{Dialects: []string{DashScopeNative, DashScopeWS}}, "dashscope/model/Throttling.RateQuota"},
		{"Throttling.RateQuota", Scope{Dialects: []string{DashScopeNative}}, "dashscope/model/Throttling.RateQuota"},
		{"Throttling.RateQuota", Scope{Dialects: []string{DashScopeWS}}, "dashscope/websocket/Throttling.RateQuota"},
		{"dashscope/model/Throttling.RateQuota", Scope{Dialects: []string{DashScopeWS}}, "dashscope/model/Throttling.RateQuota"},
		{"CLIENT_ERROR", Scope{}, "dashscope/websocket/CLIENT_ERROR"},
	} {
		if e, err := Resolve(c.name, c.scope); err != nil || e.ID() != c.want {
			t.Errorf("%s in %v: %v, %v", c.name, c.scope, e, err)
		}
	}
}

// notFound says why the answer does not lead to the entry, or "".
func notFound(want, got *Entry, err error) string {
	var ambiguous *AmbiguousError
	var outside *OutOfScopeError
	switch {
	case errors.As(err, &outside) && want.ClientSide != "" && outside.Entry == want:
		return ""
	case want.ClientSide != "":
		return fmt.Sprintf("a client-side entry gives %v, %v", got, err)
	case errors.As(err, &ambiguous) && slices.Contains(ambiguous.Candidates, want.ID()):
		return ""
	case err == nil && got == want:
		return ""
	default:
		return fmt.Sprintf("%v, %v", got, err)
	}
}

// An id is one person's way to end an ambiguity, so each must be its own.
func TestIDsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range everyFile(t) {
		for _, e := range mustEntries(t, f) {
			if seen[e.ID()] {
				t.Errorf("two entries are called %s", e.ID())
			}
			seen[e.ID()] = true
			if provider, family, code := split(e.ID()); provider != e.Provider || family != e.Family || code != e.Code {
				t.Errorf("%s is taken apart into %q, %q, %q", e.ID(), provider, family, code)
			}
			// A bare code that looks like an id would be read as one.
			if provider, _, code := split(e.Code); provider != "" || code != e.Code {
				t.Errorf("the code %q reads like an id", e.Code)
			}
		}
	}
}

// No code is empty, so an empty one is unknown: not every entry that has no
// compatible code, and not the only entry of a small family.
func TestResolveNothing(t *testing.T) {
	for _, name := range []string{"", "dashscope/", "dashscope/model/", "qianfan/capability/"} {
		var unknown *UnknownError
		if e, err := Resolve(name, Scope{}); !errors.As(err, &unknown) {
			t.Errorf("Resolve(%q) = %v, %v, want an UnknownError", name, e, err)
		}
	}
	withFamilies(t, family(Qianfan, "dataset-user", []string{"qianfan-console"}))
	if e, err := Resolve("qianfan/dataset-user/", Scope{}); err == nil {
		t.Errorf("a name without a code is %s", e.ID())
	}
}

// An id whose middle is empty is no short form: provider/code has one slash.
func TestResolveEmptyFamily(t *testing.T) {
	if e, err := Resolve("dashscope//Arrearage", Scope{}); err == nil {
		t.Errorf("dashscope//Arrearage is %s", e.ID())
	}
}

// A suggestion that is then refused as out of scope helps nobody.
func TestSuggestionsAreInScope(t *testing.T) {
	console(t)
	scope := Scope{Dialects: []string{"qianfan-console"}, Operation: "finetune"}
	var unknown *UnknownError
	if _, err := Resolve("AuthFialed", scope); !errors.As(err, &unknown) || unknown.Nearest != "" {
		t.Errorf("Resolve(AuthFialed, %v) says %v; AuthFailed cannot arrive there", scope, err)
	}
}

// A name may be as long as a request's header, and a suggestion is not worth
// a second of anybody's time.
func TestResolveLongNames(t *testing.T) {
	begun := time.Now()
	if _, err := Resolve(strings.Repeat("a", 1<<20), Scope{}); err == nil {
		t.Error("there is an error called aaaa…")
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("the answer took %v", took)
	}
}

// A name comes from a header of any request, so Resolve takes anything: it
// gives an entry of that name, or one of its three errors.
func FuzzResolve(f *testing.F) {
	for _, name := range []string{
		"18", "qianfan/18", "qianfan/capability/18", "dashscope/model/", "dashscope/", "/", "//", "", "limit_requests",
		"NetworkError", "Throtling.RateQuota", "qianfan/qianfan/qianfan/18", "\xff\xfe", "配额", strings.Repeat("a/", 500),
	} {
		f.Add(name, "", "")
		f.Add(name, QianfanV1, OpChat)
		f.Add(name, DashScopeCompatible, OpToken)
	}
	f.Add("18", "nonsense", "nonsense")
	f.Fuzz(func(t *testing.T, name, dialect, operation string) {
		scope := Scope{Operation: operation}
		if dialect != "" {
			scope.Dialects = []string{dialect}
		}
		e, err := Resolve(name, scope)
		if (e == nil) == (err == nil) {
			t.Fatalf("Resolve(%q, %v) = %v, %v", name, scope, e, err)
		}
		if err != nil {
			var unknown *UnknownError
			var ambiguous *AmbiguousError
			var outside *OutOfScopeError
			if !errors.As(err, &unknown) && !errors.As(err, &ambiguous) && !errors.As(err, &outside) || err.Error() == "" {
				t.Fatalf("Resolve(%q, %v) gives %T", name, scope, err)
			}
			if ambiguous != nil && len(ambiguous.Candidates) < 2 {
				t.Fatalf("Resolve(%q, %v) is ambiguous between %q", name, scope, ambiguous.Candidates)
			}
			return
		}
		_, _, code := split(name)
		if code != e.Code && code != e.CompatibleCode && !slices.Contains(e.Aliases, code) {
			t.Fatalf("Resolve(%q, %v) = %s, which is not called so", name, scope, e.ID())
		}
		if dialect != "" && !e.CarriedBy(dialect) {
			t.Fatalf("Resolve(%q, %v) = %s, which %s does not carry", name, scope, e.ID(), dialect)
		}
	})
}
