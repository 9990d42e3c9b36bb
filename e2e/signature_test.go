package e2e

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/baidubce/bce-qianfan-sdk/go/qianfan"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/play"
)

// TestSignatures has Baidu's own Go SDK sign its calls for a server that knows
// the secret.
func TestSignatures(t *testing.T) { runCases(t, signatureCases) }

// endpoint keeps the SDK from asking the console first where its model is.
var endpoint = qianfan.WithEndpoint("completions")

// knownSecret makes the server verify the signatures of every key.
const knownSecret = `
	[keys."*"]
	secret = "secret"`

var signatureCases = []testCase{
	{"a chat and the console", knownSecret, func(t *testing.T, s server) {
		sign(t, s)
		must(ask(endpoint))(t)
		must(qianfan.NewService().List(t.Context(), &qianfan.ServiceListRequest{}))(t)
		s.wantJournal(t, "chat", "service")
	}},
	{"a namespace in the path, which is signed with it", knownSecret, func(t *testing.T, s server) {
		s.vendors += "/ns/blue"
		sign(t, s)
		must(ask(endpoint))(t)
		if got := len(s.exchanges(t, "blue")); got != 1 {
			t.Errorf("%d exchanges in the namespace", got)
		}
	}},
	{"through somebody who changes nothing", knownSecret, func(t *testing.T, s server) {
		sign(t, server{vendors: between(t, s, false)})
		must(ask(endpoint))(t)
	}},
	{"a tampered signature", knownSecret, func(t *testing.T, s server) {
		sign(t, server{vendors: between(t, s, true)})
		_, err := ask(endpoint)
		wantAPIError(t, err, 14, "IAM Certification failed")
		if _, err := qianfan.NewService().List(t.Context(), &qianfan.ServiceListRequest{}); err == nil {
			t.Error("the console lets a tampered signature in")
		}
		s.wantJournal(t, "chat qianfan/capability/14", "service qianfan/gateway/SignatureDoesNotMatch")
	}},
	{"another secret", knownSecret, func(t *testing.T, s server) {
		sign(t, s)
		qianfan.GetConfig().SecretKey = "mistyped"
		_, err := ask(endpoint)
		wantAPIError(t, err, 14, "IAM Certification failed")
	}},
}

// between stands between the SDK and the server, and changes the last digit of
// every signature if it shall.
func between(t *testing.T, s server, tampers bool) string {
	t.Helper()
	target := must(url.Parse(s.vendors))(t)
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
		signature := []byte(r.In.Header.Get("Authorization"))
		if tampers && len(signature) > 0 {
			last := &signature[len(signature)-1]
			*last = map[bool]byte{true: '1', false: '0'}[*last == '0']
			r.Out.Header.Set("Authorization", string(signature))
		}
	}})
	t.Cleanup(proxy.Close)
	return proxy.URL
}

// startManual starts a server in the process whose clock stands still, at what
// is now for an SDK that signs.
func startManual(t *testing.T, scenario string) (server, *play.Manual) {
	clock := play.NewManual(time.Now())
	srv := mockllm.RunT(t, mockllm.ScenarioText(scenario), mockllm.WithClock(clock))
	management := httptest.NewServer(srv.AdminHandler(admin.Options{}))
	t.Cleanup(management.Close)
	return server{srv.URL(), management.URL}, clock
}

func TestSignaturesAge(t *testing.T) {
	s, clock := startManual(t, knownSecret)
	sign(t, s)
	qianfan.GetConfig().IAMSignExpirationSeconds = 300
	must(ask(endpoint))(t)
	clock.Advance(6 * time.Minute)
	_, err := ask(endpoint)
	wantAPIError(t, err, 14, "IAM Certification failed")
	s.wantJournal(t, "chat", "chat qianfan/capability/14")
}

// TestTokenIsRenewedOnce: when a token has expired, the SDK fetches one new
// one and repeats its call.
func TestTokenIsRenewedOnce(t *testing.T) {
	s, clock := startManual(t, "speed = 60\n[tokens]\nlife = \"30m\"\naccept = \"issued\"")
	configure(t, s)
	qianfan.GetConfig().AccessTokenRefreshMinInterval = 0
	must(ask(endpoint))(t)
	clock.Advance(29 * time.Second)
	must(ask(endpoint))(t)
	clock.Advance(time.Second)
	must(ask(endpoint))(t)
	must(ask(endpoint))(t)
	s.wantJournal(t, "token", "chat", "chat", "chat qianfan/capability/111", "token", "chat", "chat")
}
