package tcmockllm

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What each call sends, and what it makes of the answer.
func TestAdmin(t *testing.T) {
	for _, c := range []struct {
		name, sends, status, answer, want string
		call                              func(ctx context.Context, a *Admin) (any, error)
	}{
		{"throw", `POST /api/v1/faults {"error":"18","times":2}`, "201", `{"id":7}`, "7", func(ctx context.Context, a *Admin) (any, error) {
			return a.Throw(ctx, Fault{"error": "18", "times": 2})
		}},
		{"throw in a namespace", `POST /api/v1/faults?namespace=a~b {"error":"18"}`, "201", `{"id":1}`, "1", func(ctx context.Context, a *Admin) (any, error) {
			return a.In("a~b").Throw(ctx, Fault{"error": "18"})
		}},
		{"take back", "DELETE /api/v1/faults/7 ", "204", "", "<nil>", func(ctx context.Context, a *Admin) (any, error) {
			return nil, a.TakeBack(ctx, 7)
		}},
		{"take all back", "DELETE /api/v1/faults ", "204", "", "<nil>", func(ctx context.Context, a *Admin) (any, error) {
			return nil, a.TakeAllBack(ctx)
		}},
		{"reset", "POST /api/v1/reset ", "204", "", "<nil>", func(ctx context.Context, a *Admin) (any, error) {
			return nil, a.Reset(ctx)
		}},
		{"advance", `POST /api/v1/clock/advance {"by":"1m30s"}`, "200", `{"now":"2026-01-01T00:00:00Z"}`, "<nil>", func(ctx context.Context, a *Admin) (any, error) {
			return nil, a.Advance(ctx, 90*time.Second)
		}},
		{"journal", "GET /api/v1/journal ", "200", `{"exchanges":[{"cause":"rule","sent_bytes":3,"rules":[{"rule":"r","n":2}]}]}`, "rule 3 [{r 2}]",
			func(ctx context.Context, a *Admin) (any, error) {
				found, err := a.Journal(ctx)
				if err != nil {
					return nil, err
				}
				return fmt.Sprint(found[0].Cause, " ", found[0].SentBytes, " ", found[0].Rules), nil
			}},
		{"verdict", "GET /api/v1/verdict ", "200", `{"verdict": "PASS"}`, `{"verdict": "PASS"}`, func(ctx context.Context, a *Admin) (any, error) {
			v, err := a.Verdict(ctx)
			return string(v), err
		}},
		{"a problem", "POST /api/v1/reset ", "409", `{"title":"t","detail":"not now"}`, "mockllm: POST /api/v1/reset: 409 Conflict: not now", func(ctx context.Context, a *Admin) (any, error) {
			return nil, a.Reset(ctx)
		}},
		{"several problems", `POST /api/v1/faults {"eror":"18"}`, "422", `{"detail":"bad","problems":[{"pointer":"/eror","detail":"unknown key"}]}`,
			"mockllm: POST /api/v1/faults: 422 Unprocessable Entity: bad; /eror unknown key", func(ctx context.Context, a *Admin) (any, error) {
				_, err := a.Throw(ctx, Fault{"eror": "18"})
				return nil, err
			}},
		{"no mockllm", "GET /api/v1/journal ", "502", "<html>", "mockllm: GET /api/v1/journal: 502 Bad Gateway: <html>", func(ctx context.Context, a *Admin) (any, error) {
			return a.Journal(ctx)
		}},
		{"no JSON", "GET /api/v1/journal ", "200", "<html>", "invalid character", func(ctx context.Context, a *Admin) (any, error) {
			return a.Journal(ctx)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sent := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				sent = fmt.Sprintf("%s %s %s", r.Method, r.RequestURI, body)
				if r.Header.Get("Authorization") != "Bearer secret" {
					sent = "no token"
				}
				status := 0
				fmt.Sscan(c.status, &status)
				w.WriteHeader(status)
				io.WriteString(w, c.answer)
			}))
			defer server.Close()
			value, err := c.call(t.Context(), &Admin{URL: server.URL, Token: "secret"})
			got := fmt.Sprint(value)
			if err != nil {
				got = err.Error()
			}
			if sent != c.sends || !strings.Contains(got, c.want) {
				t.Errorf("sends %s, want %s\nreturns %s, want %s", sent, c.sends, got, c.want)
			}
		})
	}
}
