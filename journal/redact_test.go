package journal

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// secret is what must never be seen; it is long enough to be shown in part.
const secret = "sk-0123456789abcdef"

func TestRedactKey(t *testing.T) {
	for key, want := range map[string]string{
		"": "", "ab": "**", "short-key": "***", "sk-0123456789": "sk-0***89", "密钥密钥密钥密钥密钥密钥": "密钥密钥***密钥", "密": "*",
	} {
		if got := RedactKey(key); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}

// Once a bug: only six names were known, and no odd way to write one.
func TestRedactURLHides(t *testing.T) {
	for _, name := range []string{
		"access_token", "ACCESS_TOKEN", "refresh_token", "client_secret", "client_id", "api_key", "apikey", "api-key", "key", "token",
		"secret", "secret_key", "sk", "ak", "password", "authorization", "Authorization", "signature", "sign", "x-bce-security-token",
		"session_secret", "assertion", "client_assertion", "code", "OSSAccessKeyId", "access_token%5B%5D", "%61ccess_token",
		"a=1;access_token", "a=b?access_token", "a=1;b=2;sk", "access_token;access_token", "x=access_token", "%zz", "a=b%26access_token",
	} {
		for _, query := range []string{name + "=" + secret, "a=1&" + name + "=" + secret + "&b=2", name + "=" + secret + ";" + secret} {
			got := RedactURL("/p", query)
			if !strings.HasPrefix(got, "/p?") || strings.Contains(got, secret[4:]) {
				t.Errorf("%q became %q", query, got)
			}
			if strings.HasSuffix(query, "&b=2") && !strings.HasSuffix(got, "&b=2") {
				t.Errorf("%q became %q, without what follows", query, got)
			}
		}
	}
}

func TestRedactURL(t *testing.T) {
	for query, want := range map[string]string{
		"access_token=" + secret:          "access_token=sk-0***ef",
		"a=1&access_token=short&b=2":      "a=1&access_token=***&b=2",
		"a=1;access_token=" + secret:      "a=1;access_token=sk-0***ef",
		"a=b?access_token=" + secret:      "a=b?access_token=sk-0***ef",
		"access_token%5B%5D=" + secret:    "access_token%5B%5D=sk-0***ef",
		"token=a%26b%26c%26d%26e%26f%26g": "token=a%26b%26***%26g",
		"token=&sk":                       "token=&sk",
		"to=https%3A%2F%2Fx%3Fa%3D1%26access_token%3D" + secret + "%26b%3D2": "to=https%3A%2F%2Fx%3Fa%3D1%26access_token%3Dsk-0***ef%26b%3D2",
	} {
		if got := RedactURL("/p", query); got != "/p?"+want {
			t.Errorf("%q became %q, want %q", query, got, want)
		}
	}
}

// What helps to find a mistake, and what looks odd, stays as it was sent.
func TestRedactURLKeeps(t *testing.T) {
	for _, query := range []string{
		"a=b", "Action=DescribeServices", "max_tokens=4096&total_tokens=7", "keyword=abcdefghijklmnop", "grant_type=client_credentials",
		"&&=", "=", "%", "a", "a;b?c", "a=%zz", "a=%41%42+c", "a=x%3Dy%26z", "model=qwen-plus&stream=true", "task=abcdefghijklmnop",
	} {
		if got := RedactURL("/p", query); got != "/p?"+query {
			t.Errorf("%q became %q", query, got)
		}
	}
	if got := RedactURL("/p", ""); got != "/p" {
		t.Errorf("no query became %q", got)
	}
}

func TestRedactBody(t *testing.T) {
	for body, want := range map[string]string{
		// Forms.
		"grant_type=client_credentials&client_id=a&client_secret=" + secret: "grant_type=client_credentials&client_id=*&client_secret=sk-0***ef",
		"client_secret=" + secret + "&scope=x":                              "client_secret=sk-0***ef&scope=x",
		`payload={"api_key":"` + secret + `"}`:                              `payload={"api_key":"sk-0***ef"}`,
		// JSON, as it is written.
		`{"api_key":"` + secret + `","n":1}`:                                             `{"api_key":"sk-0***ef","n":1}`,
		"\ufeff { \"access_token\" :\n\t\"" + secret + "\" , \"b\" : [ ] }":              "\ufeff { \"access_token\" :\n\t\"sk-0***ef\" , \"b\" : [ ] }",
		`{"tools":[{"headers":{"Authorization":"Bearer ` + secret + `"}}],"x":"y"}`:      `{"tools":[{"headers":{"Authorization":"Bear***ef"}}],"x":"y"}`,
		`{"api_keys":["` + secret + `",["` + secret + `"],{"a":"b"},"short"],"a":["b"]}`: `{"api_keys":["sk-0***ef",["sk-0***ef"],{"a":"b"},"***"],"a":["b"]}`,
		`[{"token":"` + secret + `"},"` + secret + `"]`:                                  `[{"token":"sk-0***ef"},"` + secret + `"]`,
		`{"\u0061pi_k\u0065y":"` + secret + `"}`:                                         `{"\u0061pi_k\u0065y":"sk-0***ef"}`,
		`{"password":"with \"quotes\" ` + secret + `"}`:                                  `{"password":"***"}`,
		`{"a":"\"api_key\"","b":"api_key"}`:                                              `{"a":"\"api_key\"","b":"api_key"}`,
		`{"password":""}`:                                                                `{"password":""}`,
		// Cut off, or no JSON.
		`{"a":1,"api_key":"` + secret:          `{"a":1,"api_key":"sk-0***ef`,
		`{"a":1,"api_key":"` + secret + `\`:    `{"a":1,"api_key":"***`,
		`{"api_key":"` + secret + `":`:         `{"api_key":"sk-0***ef":`,
		`{"api_key" "` + secret + `"`:          `{"api_key" "` + secret + `"`,
		`}]{"n":tru,"secret":"` + secret + `"`: `}]{"n":tru,"secret":"sk-0***ef"`,
	} {
		if got := RedactBody(body); got != want {
			t.Errorf("%q became\n%q, want\n%q", body, got, want)
		}
	}
}

func TestRedactBodyKeeps(t *testing.T) {
	for _, body := range []string{
		"", " ", "{", `"`, `"\`, "[", "]]}}", "hello", "a key = 5 in prose", "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n",
		`{"max_tokens":"100","max_completion_tokens":100,"token":5,"api_key":null,"keywords":["one very long keyword"],"author":"someone known"}`,
		`{"messages":[{"role":"user","content":"my api_key=0123456789abcdef, key: \"x\""}]}`,
		`{"properties":{"token":{"type":"string","description":"what the tool needs"}}}`,
	} {
		if got := RedactBody(body); got != body {
			t.Errorf("%q became %q", body, got)
		}
	}
}

// FuzzRedactURL holds that nothing makes it panic, and that the token behind
// whatever query is hidden.
func FuzzRedactURL(f *testing.F) {
	for _, q := range []string{"", "a=b", "ACCESS_TOKEN=S&b", "&&=", "client_secret=S%zz", "%zz=S", "a;b=?c", "%3d%26"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		if got := RedactURL("/p", query+"&access_token="+secret); !strings.HasSuffix(got, "&access_token=sk-0***ef") {
			t.Errorf("%q became %q", query, got)
		}
	})
}

// FuzzRedactBody holds that nothing makes it panic, that what names no secret
// stays as it is, and that JSON stays JSON.
func FuzzRedactBody(f *testing.F) {
	for _, b := range []string{
		"", "a=b&c", `{"a":"b"}`, `{"api_key":"` + secret + `"}`, `{"token":["a",{"b":"c"}],"d":1}`, "client_secret=" + secret,
		`{"api_key":"sk`, `{"a\`, "\xff\xfe", `"":"":`, "]]", `{"sk":"\u00`, "a=%41%3D&b",
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got := RedactBody(body)
		if namesNone(body) && got != body {
			t.Errorf("%q became %q", body, got)
		}
		if strings.HasPrefix(body, "{") && json.Valid([]byte(body)) && !json.Valid([]byte(got)) {
			t.Errorf("%q became %q, which is no JSON", body, got)
		}
	})
}

// namesNone reports whether a body plainly has no secret: not even its letters
// alone, with nothing in between, have one of the words. Of escapes that
// question is not asked.
func namesNone(body string) bool {
	letters := strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, body)
	words := []string{"token", "secret", "key", "passw", "pwd", "sign", "auth", "assert", "credential", "cookie", "ak", "sk", "code", "clientid"}
	return !strings.ContainsAny(body, `%\`) &&
		!slices.ContainsFunc(words, func(word string) bool { return strings.Contains(letters, word) })
}

// A body as long as the journal keeps must cost next to nothing.
func BenchmarkRedactBody(b *testing.B) {
	for name, unit := range map[string]string{
		"messages": `{"role":"user","content":"hello there"},`, "secrets": `{"api_key":"` + secret + `"},`,
		"quotes": `"`, "brackets": `[`, "spaces": `"" `,
	} {
		body := "[" + strings.Repeat(unit, 16<<10/len(unit))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				RedactBody(body)
			}
		})
	}
	form := "a=" + url.QueryEscape(strings.Repeat("%&=", 2<<10))
	b.Run("form", func(b *testing.B) {
		for b.Loop() {
			RedactBody(form)
		}
	})
}
