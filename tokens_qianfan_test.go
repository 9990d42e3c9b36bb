package mockllm

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/play"
)

// bench is a server whose clock stands still, and a client of it.
type bench struct {
	t     *testing.T
	srv   *Server
	clock *play.Manual
}

func newBench(t *testing.T, scenario string) bench {
	clock := play.NewManual(goldenTime)
	return bench{t, RunT(t, ScenarioText(scenario), WithClock(clock)), clock}
}

// call sends a request and returns status and body; header is name and value.
func (b bench) call(method, path, body string, header ...string) (int, gjson.Result) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.srv.URL()+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer.StatusCode, gjson.ParseBytes(text)
}

// token fetches an access token; the prefix of the path may name a namespace.
func (b bench) token(prefix, client string) gjson.Result {
	b.t.Helper()
	status, answer := b.call(http.MethodPost, prefix+"/oauth/2.0/token?grant_type=client_credentials&client_secret=s&client_id="+client, "")
	if status != http.StatusOK {
		b.t.Fatalf("no token: %s", answer.Raw)
	}
	return answer
}

const v1Chats = "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions"

// wantCode calls V1 with the token; 0 is a success.
func (b bench) wantCode(what, prefix, token string, code int64) {
	b.t.Helper()
	_, answer := b.call(http.MethodPost, prefix+v1Chats+"?access_token="+token, `{"messages":[{"role":"user","content":"hi"}]}`)
	if got := answer.Get("error_code").Int(); got != code || (code == 0) != answer.Get("result").Exists() {
		b.t.Errorf("%s: code %d, want %d: %s", what, got, code, answer.Raw)
	}
}

// TestTokensExpire: a token lives in vendor time, however the clock goes.
func TestTokensExpire(t *testing.T) {
	for _, c := range []struct {
		scenario string
		life     time.Duration // On the clock.
		seconds  int64
	}{
		{"", 30 * 24 * time.Hour, 2592000},
		{"speed = 60", 12 * time.Hour, 2592000},
		{"tokens = { life = \"30m\" }", 30 * time.Minute, 1800},
		{"speed = 60\n[tokens]\nlife = \"30m\"\naccept = \"issued\"", 30 * time.Second, 1800},
		{"tokens = { life = \"1500ms\" }", 1500 * time.Millisecond, 2},
	} {
		b := newBench(t, c.scenario)
		answer := b.token("", "a")
		token := answer.Get("access_token").Str
		if got := answer.Get("expires_in").Int(); got != c.seconds {
			t.Errorf("%q: expires_in %d, want %d", c.scenario, got, c.seconds)
		}
		if parts := strings.Split(token, "."); len(parts) != 5 || parts[2] != gjson.Get(answer.Raw, "expires_in").Raw {
			t.Errorf("%q: the token %s does not tell its life", c.scenario, token)
		}
		b.clock.Advance(c.life - time.Millisecond)
		b.wantCode(c.scenario+", just before", "", token, 0)
		b.clock.Advance(time.Millisecond)
		b.wantCode(c.scenario+", expired", "", token, 111)
		b.wantCode(c.scenario+", another", "", b.token("", "a").Get("access_token").Str, 0)
	}
}

// TestTokensBelongToAccounts: a token stands as the key does that it was given
// to, and only where it was given out.
func TestTokensBelongToAccounts(t *testing.T) {
	const scenario = `
		tokens = "issued"
		[keys.broke]
		state = "arrears"
		[keys.small]
		models = ["ernie-*"]
		[keys.gone]
		state = "revoked"`
	b := newBench(t, scenario)
	token := b.token("", "a").Get("access_token").Str
	b.wantCode("issued", "", token, 0)
	b.wantCode("made up", "", "24.x.2592000.1979955199.1-2", 110)
	b.wantCode("of another namespace", "/ns/other", token, 110)
	b.wantCode("of that namespace", "/ns/other", b.token("/ns/other", "a").Get("access_token").Str, 0)
	b.wantCode("of an account in arrears", "", b.token("", "broke").Get("access_token").Str, 17)
	b.wantCode("of an account without the model", "", b.token("", "small").Get("access_token").Str, 6)
	second := b.token("", "a").Get("access_token").Str
	if err := b.srv.Admin().Revoke(t.Context(), "", token); err != nil {
		t.Fatal(err)
	}
	b.wantCode("revoked", "", token, 110)
	b.wantCode("beside the revoked one", "", second, 0)
	if err := b.srv.Admin().Revoke(t.Context(), "", "a"); err != nil {
		t.Fatal(err)
	}
	b.wantCode("of a revoked key", "", second, 110)
	if status, answer := b.call(http.MethodGet, "/oauth/2.0/token?grant_type=client_credentials&client_id=a&client_secret=s", ""); status != http.StatusUnauthorized {
		t.Errorf("a revoked key gets a token: %s", answer.Raw)
	}
}

// TestRevokedBesideStates: a revoked key takes its tokens with it, whatever the
// scenario says of all credentials.
func TestRevokedBesideStates(t *testing.T) {
	b := newBench(t, "[keys.\"*\"]\nstate = \"arrears\"")
	token := b.token("", "a").Get("access_token").Str
	b.wantCode("in arrears", "", token, 17)
	if err := b.srv.Admin().Revoke(t.Context(), "", "a"); err != nil {
		t.Fatal(err)
	}
	b.wantCode("of a revoked key", "", token, 110)
}

// TestTokensShareLimits: a fresh token does not make a fresh allowance.
func TestTokensShareLimits(t *testing.T) {
	b := newBench(t, "[[limit]]\nper = \"key\"\nmatch = { dialect = \"qianfan-v1\" }\nrpm = 2")
	for _, code := range []int64{0, 0, 336501} {
		b.wantCode("the account's third call", "", b.token("", "a").Get("access_token").Str, code)
	}
	b.wantCode("another account", "", b.token("", "b").Get("access_token").Str, 0)
}

// TestBearerTokensExpire: those of IAM live in vendor time as well.
func TestBearerTokensExpire(t *testing.T) {
	b := newBench(t, "speed = 60")
	sign := []string{"Authorization", "bce-auth-v1/ak/2026-05-28T08:00:00Z/1800/host/00"}
	_, answer := b.call(http.MethodGet, "/v1/BCE-BEARER/token?expireInSeconds=600", "", sign...)
	token := answer.Get("token").Str
	want := func(what string, status int, code string) {
		t.Helper()
		got, answer := b.call(http.MethodPost, "/v2/chat/completions", `{"model":"ernie-speed-8k","messages":[{"role":"user","content":"hi"}]}`, "Authorization", "Bearer "+token)
		if got != status || answer.Get("error.code").String() != code {
			t.Errorf("%s: %d %s", what, got, answer.Raw)
		}
	}
	b.clock.Advance(9 * time.Second)
	want("just before", http.StatusOK, "")
	b.clock.Advance(time.Second)
	want("expired", http.StatusUnauthorized, "invalid_iam_token")
	if status, _ := b.call(http.MethodPost, "/wenxinworkshop/service/list", "{}", "Authorization", "Bearer "+token); status != http.StatusForbidden {
		t.Errorf("the console lets an expired token in with %d", status)
	}
}

// signature signs a call as clients do, over method, path and host alone.
func signature(b bench, secret, method, path string) string {
	sum := func(key, text string) string {
		h := hmac.New(sha256.New, []byte(key))
		h.Write([]byte(text))
		return hex.EncodeToString(h.Sum(nil))
	}
	prefix := "bce-auth-v1/ak/" + b.clock.Now().UTC().Format(time.RFC3339) + "/1800"
	host := strings.ReplaceAll(strings.TrimPrefix(b.srv.URL(), "http://"), ":", "%3A")
	path, query, _ := strings.Cut(path, "?")
	return prefix + "/host/" + sum(sum(secret, prefix), method+"\n"+path+"\n"+query+"\nhost:"+host)
}

// TestRefusedCreateLeavesNothing: what the console refuses is not made.
func TestRefusedCreateLeavesNothing(t *testing.T) {
	const create, list = "/v2/dataset?Action=CreateDataset", "/v2/dataset?Action=DescribeDatasets"
	const body = `{"datasetName":"d"}`
	b := newBench(t, "[keys.ak]\nsecret = \"sk\"")
	want := func(what, prefix string, status int, secret string, datasets int) {
		t.Helper()
		got, answer := b.call(http.MethodPost, prefix+create, body, "Authorization", signature(b, secret, http.MethodPost, prefix+create))
		if got != status {
			t.Errorf("%s: %d %s", what, got, answer.Raw)
		}
		_, all := b.call(http.MethodPost, prefix+list, "{}", "Authorization", signature(b, "sk", http.MethodPost, prefix+list))
		if n := len(all.Get("result.datasetList").Array()); n != datasets {
			t.Errorf("%s: want %d datasets: %s", what, datasets, all.Raw)
		}
	}
	want("a wrong secret", "", http.StatusForbidden, "other", 0)
	want("the right one", "", http.StatusOK, "sk", 1)
	want("a wrong secret in a namespace", "/ns/x", http.StatusForbidden, "other", 0)
	want("the right one in a namespace, whose path is signed", "/ns/x", http.StatusOK, "sk", 1)
	b.clock.Advance(31 * time.Minute)
	late := "bce-auth-v1/ak/2026-05-28T08:00:00Z/1800/host/00"
	if status, _ := b.call(http.MethodPost, create, body, "Authorization", late); status != http.StatusBadRequest {
		t.Errorf("a late signature gets %d", status)
	}
}

// TestSemicolonIsSigned: a semicolon in a query is a character like any other,
// and signed like any other.
func TestSemicolonIsSigned(t *testing.T) {
	b := newBench(t, "[keys.ak]\nsecret = \"sk\"")
	const sent, canonical = "/v2/dataset?Action=DescribeDatasets&a;b=c;d", "/v2/dataset?Action=DescribeDatasets&a%3Bb=c%3Bd"
	for secret, want := range map[string]int{"sk": http.StatusOK, "other": http.StatusForbidden} {
		if got, answer := b.call(http.MethodPost, sent, "{}", "Authorization", signature(b, secret, http.MethodPost, canonical)); got != want {
			t.Errorf("signed with %s: %d %s", secret, got, answer.Raw)
		}
	}
}

// TestPublicURLIsNotSigned: a client signs the host that it calls, wherever
// addresses of files lead.
func TestPublicURLIsNotSigned(t *testing.T) {
	clock := play.NewManual(goldenTime)
	b := bench{t, RunT(t, ScenarioText("[keys.ak]\nsecret = \"sk\""), WithClock(clock), WithPublicURL("https://files.example")), clock}
	const list = "/v2/dataset?Action=DescribeDatasets"
	for secret, want := range map[string]int{"sk": http.StatusOK, "other": http.StatusForbidden} {
		if got, answer := b.call(http.MethodPost, list, "{}", "Authorization", signature(b, secret, http.MethodPost, list)); got != want {
			t.Errorf("signed with %s: %d %s", secret, got, answer.Raw)
		}
	}
}
