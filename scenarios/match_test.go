package scenarios

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	for _, test := range []struct {
		glob, text string
		want       bool
	}{
		{"a", "a", true}, {"a", "b", false}, {"a", "", false}, {"a", "ab", false}, {"ab", "a", false}, {"A", "a", false},
		{"*", "", true}, {"*", "anything/at all", true}, {"**", "", true}, {"***", "x", true},
		{"?", "", false}, {"?", "a", true}, {"?", "ab", false}, {"?", "é", true}, {"?", "界", true}, {"??", "é", false}, {"?*", "界", true}, {"*?", "", false},
		{"a*", "a", true}, {"a*", "abc", true}, {"*c", "abc", true}, {"*c", "abcd", false}, {"a*c", "ac", true}, {"a*c", "abbc", true}, {"a*c", "abcb", false},
		{"*a*b*", "xxaxxbxx", true}, {"*a*b*", "xxbxxaxx", false}, {"*ab", "aab", true}, {"*aab", "aaaab", true}, {"a*a", "a", false},
		{"qwen-*-latest", "qwen-max-latest", true}, {"qwen-???", "qwen-max", true}, {"qwen-???", "qwen-plus", false},
		{"/api/*/x", "/api/v1/y/x", true}, // A star passes slashes.
		{"[a]", "a", false}, {"[a]", "[a]", true}, {`\*`, `\x`, true}, {"a.c", "abc", false},
		{"?", "\xff", true}, {"*\xff", "a\xff", true}, {"é*", "é", true}, {"*é", "xé", true}, {"界*界", "界世界", true},
		// Once a bug: a star may end inside a character, whose bytes then
		// count as characters of their own.
		{"*???z*", "你Xz--", false}, {"*??b*", "你b--", false},
	} {
		if got := Glob(test.glob).Matches(test.text); got != test.want {
			t.Errorf("Glob(%q).Matches(%q) = %v, want %v", test.glob, test.text, got, test.want)
		}
	}
}

// On random globs and texts, Matches says what the definition says.
func TestGlobAgainstDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	pick := func(letters []string, most int) string {
		var b strings.Builder
		for range random.IntN(most + 1) {
			b.WriteString(letters[random.IntN(len(letters))])
		}
		return b.String()
	}
	bad := 0
	for range 200_000 {
		glob, text := pick([]string{"a", "b", "é", "*", "*", "?"}, 6), pick([]string{"a", "b", "é", "你"}, 6)
		if got, want := Glob(glob).Matches(text), globDefinition([]rune(glob), []rune(text)); got != want {
			t.Errorf("Glob(%q).Matches(%q) = %v, want %v", glob, text, got, want)
			if bad++; bad == 5 {
				return
			}
		}
	}
}

func globDefinition(glob, text []rune) bool {
	switch {
	case len(glob) == 0:
		return len(text) == 0
	case glob[0] == '*':
		return globDefinition(glob[1:], text) || len(text) > 0 && globDefinition(glob, text[1:])
	case len(text) == 0:
		return false
	default:
		return (glob[0] == '?' || glob[0] == text[0]) && globDefinition(glob[1:], text[1:])
	}
}

// A hostile model name or header must not cost more than its length times the
// glob's: this ends at once, or never.
func TestGlobHostile(t *testing.T) {
	glob := Glob(strings.Repeat("a*", 50) + "b")
	if glob.Matches(strings.Repeat("a", 20_000)) {
		t.Error("matches a text without b")
	}
}

func TestPattern(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"refund", "a refund please", true}, {"refund", "a Refund", false}, {"refund", "", false},
		{"a.c", "abc", false}, {"a.c", "xa.cx", true},
		{"/a.c/", "xabcx", true}, {"/^a$/", "ba", false}, {"/(?i)REFUND/", "refund", true}, {"/^$/", "", true}, {"//", "", true},
		{"/", "a/b", true}, {"/ab", "x/ab", true}, {"ab/", "ab/", true}, // No pair of slashes, no expression.
		{"退款", "我要退款。", true}, {`/\p{Han}/`, "abc退", true}, {`/a/b/`, "a/b", true},
		{"/(a+)+$/", strings.Repeat("a", 50_000) + "b", false}, // Hostile elsewhere, linear here.
	} {
		var p Pattern
		if err := p.UnmarshalTOML(test.pattern); err != nil {
			t.Errorf("%s: %v", test.pattern, err)
		} else if got := p.in(test.text); got != test.want {
			t.Errorf("%s in %.20q: %v, want %v", test.pattern, test.text, got, test.want)
		}
	}
}

// What a JSON body must have. want is a TOML value.
func TestCondition(t *testing.T) {
	body := `{"n":3,"f":0.5,"s":"x y","e":"","t":true,"z":null,"a":[1,"two",{"k":"v"}],"o":{"in":{"deep":7}},"num":"3","w":"exists","gt":"> 3","big":9007199254740993,"dot.key":1,"h":"!= x","neg":-1}`
	for _, test := range []struct {
		path, want string
		holds      bool
	}{
		{"n", `3`, true}, {"n", `3.0`, true}, {"n", `4`, false}, {"n", `"3"`, false}, {"num", `"3"`, true}, {"num", `3`, false}, {"t", `1`, false},
		{"f", `0.5`, true}, {"f", `0`, false}, {"neg", `-1`, true},
		{"s", `"x y"`, true}, {"s", `"x"`, false}, {"e", `""`, true}, {"missing", `""`, false},
		{"t", `true`, true}, {"t", `false`, false}, {"s", `true`, false}, {"missing", `false`, false}, {"t", `"true"`, false},
		{"n", `"exists"`, true}, {"z", `"exists"`, true}, {"missing", `"exists"`, false}, {"e", `"exists"`, true},
		{"n", `"absent"`, false}, {"missing", `"absent"`, true}, {"z", `"absent"`, false}, {"o.in.none", `"absent"`, true},
		{"w", `"== exists"`, true}, {"s", `"== exists"`, false}, {"gt", `"== > 3"`, true}, {"h", `"== != x"`, true}, {"n", `"== 3"`, true}, {"missing", `"== "`, false}, {"e", `"== "`, true},
		{"s", `"!= x"`, true}, {"s", `"!= x y"`, false}, {"missing", `"!= x"`, false}, {"n", `"!= 4"`, true}, {"n", `"!= 3"`, false},
		{"n", `"> 2"`, true}, {"n", `"> 3"`, false}, {"n", `">= 3"`, true}, {"n", `"< 3"`, false}, {"n", `"<= 3"`, true}, {"n", `"< 3.5"`, true}, {"n", `">  2"`, true}, {"neg", `"> -2"`, true}, {"n", `"< 1e3"`, true},
		{"num", `"> 2"`, false}, {"missing", `"< 9"`, false}, {"z", `"< 9"`, false}, {"t", `"> 0"`, false}, {"a", `"> 0"`, false},
		{"a.0", `1`, true}, {"a.1", `"two"`, true}, {"a.2.k", `"v"`, true}, {"a.#", `3`, true}, {"a.9", `"absent"`, true}, {"o.in.deep", `"> 6"`, true}, {`dot\.key`, `1`, true},
		// Once a bug: whole numbers beyond 2^53 are compared as fractions.
		{"big", `9007199254740993`, true}, {"big", `9007199254740992`, false},
	} {
		w := newWorld(t, replyRule("r", "[rule.match.body]\n'"+test.path+"' = "+test.want))
		r := chat("qianfan-v1", func(r *Request) { r.Body, r.JSON = []byte(body), true })
		if got := answerOf(w.decide(r)) == "r"; got != test.holds {
			t.Errorf("%s = %s: %v, want %v", test.path, test.want, got, test.holds)
		}
	}
}

// A body that is no JSON, or too deep, has no values: nothing is looked up in
// it.
func TestConditionWithoutJSON(t *testing.T) {
	deep := strings.Repeat(`{"n":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for _, body := range []string{"", "n=3", `{"n":3`, deep, "\xff\xfe", `{"n":3}`} {
		for want, holds := range map[string]bool{`3`: false, `"exists"`: false, `"!= x"`: false, `"absent"`: true} {
			w := newWorld(t, replyRule("r", "match.body.n = "+want))
			r := chat("qianfan-v1", func(r *Request) { r.Body = []byte(body) })
			if got := answerOf(w.decide(r)) == "r"; got != holds {
				t.Errorf("n = %s of %.20q: %v, want %v", want, body, got, holds)
			}
		}
	}
}

// Paths that mean nothing, or a lot, must not panic, and match nothing by
// accident.
func TestHostilePaths(t *testing.T) {
	body := `{"a":[{"b":1},{"b":2}],"n":3}`
	for _, path := range []string{"a.#(", "a.#(b", "a.#(b==", "a.#(b==1", "..", ".", "a..b", "#", "@", "@nope", "@this.nope", `\`, "a.#.#.#", strings.Repeat("a.", 5_000), strings.Repeat("#(", 1_000), "{", "[", "|", "a|", "{a", "[n,"} {
		w := newWorld(t, replyRule("r", "[rule.match.body]\n'"+path+"' = 12345"))
		if got := answerOf(w.decide(chat("qianfan-v1", func(r *Request) { r.Body, r.JSON = []byte(body), true }))); got != "." {
			t.Errorf("path %.30q = 12345 matches", path)
		}
	}
}

// Once a bug: an empty table as a condition loads and panics when asked.
func TestEmptyTableAsCondition(t *testing.T) {
	defer func() {
		if e := recover(); e != nil {
			t.Errorf("Decide panics: %v", e)
		}
	}()
	s, err := Load("x.toml", []byte(replyRule("r", "match.body.n = {}")))
	if err != nil {
		return // Refused, as it should be.
	}
	w := &world{tb: t, engine: NewEngine(s, Settings{}, NewMemory()), now: start}
	w.decide(chat("qianfan-v1", func(r *Request) { r.Body, r.JSON = []byte(`{}`), true }))
}

// Every key of match, with a request for which it holds and one for which it
// does not.
func TestMatch(t *testing.T) {
	full := func(r *Request) {
		r.Method, r.Path, r.Model, r.Key, r.Stream = "POST", "/v1/chat", "qwen-max", "sk-1", true
		r.Header = map[string][]string{"X-Tag": {"a", "b"}, "Accept": {"*/*"}}
		r.Turns = []Turn{{"system", "be brief"}, {"user", "order 12"}, {"assistant", "yes?"}, {"user", "refund"}, {"tool", "data"}}
		r.Body, r.JSON = []byte(`{"n":1}`), true
	}
	for match, want := range map[string]bool{
		`provider = "dashscope"`: true, `provider = "qianfan"`: false,
		`dialect = "dashscope-native"`: true, `dialect = "dashscope-compatible"`: false,
		`operation = "chat"`: true, `operation = "token"`: false,
		`method = "POST"`: true, `method = "post"`: true, `method = "GET"`: false,
		`path = "/v1/*"`: true, `path = "/v2/*"`: false, `path = "v1"`: false,
		`model = "qwen-*"`: true, `model = "qwen"`: false,
		`stream = true`: true, `stream = false`: false,
		`key = "sk-?"`: true, `key = "sk"`: false,
		`header.X-Tag = "a, b"`: true, `header.x-tag = "*b"`: true, `header.X-Tag = "a"`: false, `header.X-None = "?*"`: false,
		`prompt = "refund"`: true, `prompt = "order"`: false, `prompt = "data"`: false, `prompt = "/^refund$/"`: true,
		`history = "order"`: true, `history = "brief"`: true, `history = "data"`: true, `history = "/^yes/"`: true, `history = "none"`: false,
		`body.n = 1`: true, `body.n = 2`: false,
		// All must hold.
		`model = "qwen-*", stream = true, key = "sk-1"`: true, `model = "qwen-*", stream = false`: false, `model = "x", stream = true`: false,
		`header = { X-Tag = "a*", Accept = "*" }`: true, `header = { X-Tag = "a*", Accept = "x" }`: false,
		``: true,
	} {
		// Raw, which every operation can carry.
		w := newWorld(t, "[[rule]]\nname = \"r\"\nraw = {}\nmatch = { "+match+" }")
		if got := w.decide(chat("dashscope-native", full)).Raw != nil; got != want {
			t.Errorf("match = { %s }: %v, want %v", match, got, want)
		}
	}
}

func TestPrompt(t *testing.T) {
	for _, test := range []struct {
		turns []Turn
		want  string
	}{
		{nil, ""}, {[]Turn{{"system", "s"}}, ""}, {[]Turn{{"user", "a"}}, "a"}, {[]Turn{{"user", "a"}, {"assistant", "b"}}, "a"}, {[]Turn{{"user", "a"}, {"user", ""}}, ""},
	} {
		if got := (&Request{Turns: test.turns}).Prompt(); got != test.want {
			t.Errorf("the prompt of %v is %q, want %q", test.turns, got, test.want)
		}
	}
}

// Once a bug: what a condition found was shown in full, credentials included.
func TestExplainHidesSecrets(t *testing.T) {
	const secret = "sk-0123456789abcdef"
	for match, want := range map[string]string{
		`key = "other"`:                     `has "sk-0***ef"`,
		`header.Authorization = "other"`:    `has "Bear***ef"`,
		`header.x-api-key = "other"`:        `has "sk-0***ef"`,
		`header.X-Tag = "other"`:            `has "plain enough to be shown"`,
		`body."user.api_key" = "other"`:     `has "sk-0***ef"`,
		`body."user.keywords" = "other"`:    `has "\"plain enough to be shown\""`,
		`body."user.max_tokens" = 1`:        `has "4096"`,
		`header = { Authorization = "x*" }`: `has "Bear***ef"`,
	} {
		w := newWorld(t, "[[rule]]\nname = \"r\"\nraw = {}\nmatch = { "+match+" }")
		_, trace := w.explain(chat("dashscope-native", func(r *Request) {
			r.Key = secret
			r.Header = map[string][]string{"Authorization": {"Bearer " + secret}, "X-Api-Key": {secret}, "X-Tag": {"plain enough to be shown"}}
			r.Body, r.JSON = []byte(`{"user":{"api_key":"`+secret+`","keywords":"plain enough to be shown","max_tokens":4096}}`), true
		}))
		if why := trace[0].Why.String(); !strings.Contains(why, want) || strings.Contains(why, secret[:8]) {
			t.Errorf("match = { %s }: %s, want %s", match, why, want)
		}
	}
}
