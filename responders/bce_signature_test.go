package responders

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// signed is the call of the vendor's documentation, for which it prints the
// signature: cloud.baidu.com/doc/Reference/s/njwvz1yfu.
func signed(headers string) *Incoming {
	key := strings.Repeat("a", 32)
	return &Incoming{
		Method: http.MethodPut, Path: "/v1/test/myfolder/readme.txt", Signed: "/v1/test/myfolder/readme.txt", Host: "http://bj.bcebos.com",
		Query: map[string][]string{"partNumber": {"9"}, "uploadId": {"a44cc9bab11cbd156984767aad637851"}},
		Header: http.Header{
			"Date": {"Mon, 27 Apr 2015 16:23:49 +0800"}, "Content-Type": {"text/plain"}, "Content-Length": {"8"},
			"Content-Md5": {"NFzcPqhviddjRNnSOGo4rw=="}, "X-Bce-Date": {"2015-04-27T08:23:49Z"},
			"Authorization": {"bce-auth-v1/" + key + "/2015-04-27T08:23:49Z/1800/" + headers +
				"/d74a04362e6a848f5b39b15421cb449427f419c95a480fd6b8cf9fc783e2999e"},
		},
		Body: []byte("Example\n"), Now: time.Date(2015, time.April, 27, 8, 24, 0, 0, time.UTC),
		Scenario: &scenarios.Scenario{Keys: map[string]scenarios.Key{key: {Secret: strings.Repeat("b", 32)}}},
	}
}

// TestSignatureOfTheDocumentation checks the algorithm against the vendor's own
// numbers, with the headers named and not.
func TestSignatureOfTheDocumentation(t *testing.T) {
	for _, headers := range []string{"", "content-length;content-md5;content-type;host;x-bce-date"} {
		if _, v := judgeBCE(signed(headers)); v != bceGood {
			t.Errorf("headers %q: verdict %d", headers, v)
		}
	}
	if got, want := canonicalQuery(map[string][]string{"text": {""}, "text1": {"测试"}, "text10": {"test"}, "Authorization": {"x"}}),
		"text10=test&text1=%E6%B5%8B%E8%AF%95&text="; got != want {
		t.Errorf("query %q, want %q", got, want)
	}
}

// TestSignatureIsOfTheCall changes one thing of a signed call after the other.
func TestSignatureIsOfTheCall(t *testing.T) {
	for name, c := range map[string]struct {
		change func(in *Incoming)
		want   verdict
	}{
		"nothing":            {func(*Incoming) {}, bceGood},
		"the method":         {func(in *Incoming) { in.Method = http.MethodPost }, bceWrong},
		"the path":           {func(in *Incoming) { in.Signed += "x" }, bceWrong},
		"a namespace":        {func(in *Incoming) { in.Signed = "/ns/a" + in.Signed }, bceWrong},
		"the query":          {func(in *Incoming) { in.Query["partNumber"] = []string{"8"} }, bceWrong},
		"a parameter more":   {func(in *Incoming) { in.Query["x"] = []string{""} }, bceWrong},
		"a signed header":    {func(in *Incoming) { in.Header.Set("X-Bce-Date", "2015-04-27T08:23:50Z") }, bceWrong},
		"another header":     {func(in *Incoming) { in.Header.Set("Date", "never") }, bceGood},
		"the host":           {func(in *Incoming) { in.Host = "http://gz.bcebos.com" }, bceWrong},
		"a port":             {func(in *Incoming) { in.Host += ":8080" }, bceGood},
		"the secret":         {func(in *Incoming) { in.Scenario.Keys[strings.Repeat("a", 32)] = scenarios.Key{Secret: "c"} }, bceWrong},
		"no secret":          {func(in *Incoming) { in.Scenario = nil; in.Signed = "/" }, bceGood},
		"its end":            {func(in *Incoming) { in.Now = in.Now.Add(1789 * time.Second) }, bceGood},
		"behind its end":     {func(in *Incoming) { in.Now = in.Now.Add(1790 * time.Second) }, bceExpired},
		"a clock behind":     {func(in *Incoming) { in.Now = in.Now.Add(-15 * time.Minute) }, bceGood},
		"a clock far behind": {func(in *Incoming) { in.Now = in.Now.Add(-16 * time.Minute) }, bceExpired},
	} {
		in := signed("")
		c.change(in)
		if _, got := judgeBCE(in); got != c.want {
			t.Errorf("%s: verdict %d, want %d", name, got, c.want)
		}
	}
}

// TestSignedPath holds that a path is taken as it was sent, whether a client
// signs it escaped or plain.
func TestSignedPath(t *testing.T) {
	for sent, want := range map[string]string{
		"":              "/",
		"/a/b":          "/a/b",
		"/ns/x/a%20b":   "/ns/x/a%20b /ns/x/a%2520b",
		"/broken%zz":    "/broken%25zz",
		"/%E5%A5%BD~-_": "/%E5%A5%BD~-_ /%25E5%25A5%25BD~-_",
		"/a%2Fb":        "/a/b /a%2Fb /a%252Fb",
		"/a%2fb":        "/a/b /a%2fb /a%252fb",
	} {
		if got := strings.Join(signedPaths(&Incoming{Signed: sent}), " "); got != want {
			t.Errorf("%q: %q, want %q", sent, got, want)
		}
	}
}

// TestSignedHost holds that the host is taken with its port and without, an
// address of IPv6 with its brackets and without.
func TestSignedHost(t *testing.T) {
	for sent, want := range map[string]string{
		"http://bj.bcebos.com":    "bj.bcebos.com",
		"http://127.0.0.1:8080":   "127.0.0.1:8080 127.0.0.1",
		"https://localhost:443":   "localhost:443 localhost",
		"http://[::1]:8080":       "[::1]:8080 [::1] ::1",
		"http://[::1]":            "[::1] ::1",
		"http://[fe80::1%25a]:80": "[fe80::1%25a]:80 [fe80::1%25a] fe80::1%25a",
	} {
		if got := strings.Join(signedHosts(&Incoming{Host: sent}), " "); got != want {
			t.Errorf("%q: %q, want %q", sent, got, want)
		}
	}
}

func FuzzSignature(f *testing.F) {
	f.Add(signed("").Header.Get("Authorization"), "host:8080", "/%zz")
	f.Add("bce-auth-v1/a/b/2015-04-27T08:23:49Z/99999999999999999999/;;;/x", "", "")
	f.Add("bce-auth-v1////-1//"+strings.Repeat(";", 100), "[::1", "/%")
	f.Fuzz(func(t *testing.T, header, host, path string) {
		in := signed("")
		in.Header["Authorization"], in.Host, in.Signed = []string{header}, "http://"+host, path
		s, v := judgeBCE(in)
		if refused := s.gatewayRefusal(v); (refused == nil) != (v == bceGood) {
			t.Errorf("%q: verdict %d, refusal %+v", header, v, refused)
		}
		in.Scenario.Keys = map[string]scenarios.Key{s.key: {Secret: "s"}}
		if _, v := judgeBCE(in); v == bceGood && s.key != "" {
			t.Errorf("%q fits by accident", header)
		}
	})
}
