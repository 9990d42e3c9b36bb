package redisstate_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
)

// TestAdminWithoutRedis: what only Redis knows, and what only it could keep, is
// answered by 503 while it is gone.
func TestAdminWithoutRedis(t *testing.T) {
	server := redistest.Run(t)
	state := open(t, server, patient, redisstate.Options{})
	srv := mockllm.RunT(t, mockllm.WithState(state), mockllm.ScenarioText(everything))
	ask(t, srv, "blue")
	api := httptest.NewServer(srv.AdminHandler(admin.Options{}))
	defer api.Close()
	server.Kill()
	await(t, func() bool { return ask(t, srv, "blue") == "503" })
	for _, test := range []string{
		"POST reset", "POST rules/held/release", "POST keys/sk-a/revoke", "GET rules", "DELETE namespaces",
		`PUT clock {"stopped":true}`, `POST clock/advance {"by":"1s"}`, "PUT scenario " + arrears, "DELETE scenario",
		"GET faults", `POST faults {"error":"Arrearage"}`, "DELETE faults", "DELETE faults/1", "GET journal", "GET journal/4294967295", "DELETE journal", `POST verify {"count":0}`,
	} {
		method, rest, _ := strings.Cut(test, " ")
		path, body, _ := strings.Cut(rest, " ")
		req, err := http.NewRequestWithContext(t.Context(), method, api.URL+"/api/v1/"+path+"?namespace=blue", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		told, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(told), `"state unavailable"`) {
			t.Errorf("%s: %d %s", test, res.StatusCode, told)
		}
	}
}
