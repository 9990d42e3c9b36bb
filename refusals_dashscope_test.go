package mockllm

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// What DashScope knows beforehand in the tables of refusals.
const dashScopeKnows = `
	[keys.sk-revoked]
	state = "revoked"
	[keys.sk-elsewhere]
	state = "wrong-region"
	[keys.sk-arrears]
	state = "arrears"
	[keys.sk-free]
	state = "free-tier-used"
	[keys.sk-barred]
	state = "no-access"
	[keys.sk-turbo]
	models = ["qwen-turbo*"]

	[models.short]
	max_input = 4
	max_output = 9
	[models.mute]
	no_tools = true
	[models.withdrawn]
	offline = true
`

// TestDashScopeRefusals sends the request of every row of the tables in
// testdata/refusals and compares status and body, byte for byte but for the
// request id, with what stands there. A row is
//
//	# what it shows
//	METHOD path [Header: value]...
//	body
//	-> status
//	answer
//
// The same request is answered where refusals are off, and a rule that matches
// it comes before what is refused of a body, but not before what is refused of
// the caller.
func TestDashScopeRefusals(t *testing.T) {
	for _, dialect := range []string{"dashscope-native", "dashscope-compatible"} {
		t.Run(dialect, func(t *testing.T) { refusals(t, "testdata/refusals/"+dialect+".txt") })
	}
}

func refusals(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	clock := WithClock(play.NewManual(goldenTime))
	on := RunT(t, ScenarioText(dashScopeKnows), clock)
	off := RunT(t, ScenarioText("refusals = \"off\"\n"+dashScopeKnows), clock)
	ruled := RunT(t, ScenarioText(dashScopeKnows+"\n[[rule]]\nname = \"busy\"\nerror = \"dashscope/model/Throttling.RateQuota\""), clock)
	var rewritten strings.Builder
	for _, row := range strings.Split("\n"+string(text), "\n# ")[1:] {
		asked, want, _ := strings.Cut(row, "\n-> ")
		name, request, _ := strings.Cut(asked, "\n")
		status, body := exchangeRow(t, on, request)
		got := fmt.Sprintf("%d\n%s", status, body)
		if fmt.Fprintf(&rewritten, "# %s\n-> %s\n\n", asked, got); !*update && got != strings.TrimRight(want, "\n") {
			t.Errorf("%s\n--- got\n%s\n--- want\n%s", name, got, want)
		}
		cause := lastOf(on).Cause
		if cause != string(scenarios.ByBody) && cause != string(scenarios.ByIdentity) {
			t.Errorf("%s: answered by %s", name, cause)
		}
		if status, body := exchangeRow(t, off, request); status != http.StatusOK {
			t.Errorf("%s: with refusals off: %d %s", name, status, body)
		}
		wantRuled := http.StatusTooManyRequests
		if cause == string(scenarios.ByIdentity) {
			wantRuled = status
		}
		if got, _ := exchangeRow(t, ruled, request); got != wantRuled {
			t.Errorf("%s: with a rule: status %d, want %d", name, got, wantRuled)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.TrimSuffix(rewritten.String(), "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func lastOf(srv *Server) journal.Exchange {
	all := srv.Journal()
	return all[len(all)-1]
}

// exchangeRow sends the request of a row and returns the answer, its request id
// replaced.
func exchangeRow(t *testing.T, srv *Server, request string) (int, string) {
	t.Helper()
	head, body, _ := strings.Cut(request, "\n")
	parts := strings.Split(head, " [")
	method, path, _ := strings.Cut(parts[0], " ")
	req, err := http.NewRequest(method, srv.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sk-good")
	for _, header := range parts[1:] {
		name, value, _ := strings.Cut(strings.TrimSuffix(header, "]"), ": ")
		req.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	id := answer.Header.Get("X-Request-ID")
	if id == "" {
		t.Errorf("%s: no request id", request)
	}
	return answer.StatusCode, strings.TrimRight(strings.ReplaceAll(string(text), id, "{id}"), "\n")
}

// TestDashScopeRefusalChoices: what a scenario says of refusals and models wins
// over what the catalogue knows.
func TestDashScopeRefusalChoices(t *testing.T) {
	const (
		native  = "POST /api/v1/services/aigc/text-generation/generation\n"
		gpt     = native + `{"model":"gpt-4o","input":{"prompt":"hi"}}`
		plus    = native + `{"model":"qwen-plus","input":{"prompt":"say 禁 things"}}`
		escaped = native + `{"model":"qwen-plus","input":{"prompt":"say \u7981 things"}}`
	)
	for name, c := range map[string]struct {
		scenario, request string
		status            int
		answer            string
	}{
		"not found":        {"refusals = { unknown_model = \"not-found\" }", gpt, 404, `{"code":"ModelNotFound","message":"Model can not be found.","request_id":"{id}"}`},
		"answered":         {"refusals = { unknown_model = \"answer\" }", gpt, 200, ""},
		"known here":       {"[models.gpt-4o]", gpt, 200, ""},
		"withdrawn here":   {"[models.\"qwen-*\"]\noffline = true", plus, 400, `{"code":"InvalidParameter","message":"Model not exist.","request_id":"{id}"}`},
		"shorter here":     {"[models.qwen-plus]\nmax_input = 1", plus, 400, `{"code":"InvalidParameter","message":"Range of input length should be [1, 1]","request_id":"{id}"}`},
		"another marker":   {"refusals = { unsafe = \"禁\" }", plus, 400, `{"code":"DataInspectionFailed","message":"Input data may contain inappropriate content.","request_id":"{id}"}`},
		"escaped by JSON":  {"refusals = { unsafe = \"禁\" }", escaped, 400, `{"code":"DataInspectionFailed","message":"Input data may contain inappropriate content.","request_id":"{id}"}`},
		"the marker alone": {"", plus, 200, ""},
	} {
		srv := RunT(t, ScenarioText(c.scenario))
		status, body := exchangeRow(t, srv, c.request)
		if status != c.status || c.answer != "" && body != c.answer {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

// TestDashScopeKeyRevokedMeanwhile: a key that was good is refused from then on.
func TestDashScopeKeyRevokedMeanwhile(t *testing.T) {
	for path, body := range map[string]string{
		"/api/v1/services/aigc/text-generation/generation": `{"model":"qwen-plus","input":{"prompt":"hi"}}`,
		"/compatible-mode/v1/chat/completions":             `{"model":"qwen-plus","messages":[{"role":"user","content":"hi"}]}`,
	} {
		srv := RunT(t, ScenarioText(""))
		ask := func() int {
			status, _ := exchangeRow(t, srv, "POST "+path+"\n"+body)
			return status
		}
		before := ask()
		if err := srv.Admin().Revoke(t.Context(), "", "sk-good"); err != nil {
			t.Fatal(err)
		}
		if after := ask(); before != http.StatusOK || after != http.StatusUnauthorized {
			t.Errorf("%s: %d before, %d after", path, before, after)
		}
	}
}
