package mockllm

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/mockllm/mockllm/admin"
)

// TestNoChangeIsLost has several clients add a rule each to the same scenario at
// once, as somebody does who reads it, changes it and puts it back.
func TestNoChangeIsLost(t *testing.T) {
	srv := RunT(t, ScenarioText("# the rules of all\n"))
	api := httptest.NewServer(srv.AdminHandler(admin.Options{}))
	defer api.Close()
	url := api.URL + "/api/v1/scenario?namespace=blue"
	ask := func(method, tag, body string) (int, string, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0, "", ""
		}
		if tag != "" {
			req.Header.Set("If-Match", tag)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return 0, "", ""
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Error(err)
		}
		return res.StatusCode, string(text), res.Header.Get("ETag")
	}
	const clients = 8
	var adding sync.WaitGroup
	for i := range clients {
		adding.Go(func() {
			for {
				_, text, tag := ask(http.MethodGet, "", "")
				status, answer, _ := ask(http.MethodPut, tag, text+fmt.Sprintf("[[rule]]\nname = \"of %d\"\nmatch.model = \"m-%d\"\nerror = \"Throttling\"\n", i, i))
				if status == http.StatusPreconditionFailed {
					continue
				}
				if status != http.StatusOK {
					t.Errorf("%d %s", status, answer)
				}
				return
			}
		})
	}
	adding.Wait()
	if got := len(srv.Admin().Scenario("blue").Rules); got != clients {
		t.Errorf("%d rules of %d are left:\n%s", got, clients, srv.Admin().Scenario("blue").Source())
	}
	if got := len(srv.Admin().Scenario("").Rules); got != 0 {
		t.Errorf("the default namespace has %d rules", got)
	}
}
