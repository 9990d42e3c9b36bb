package journal

import (
	"testing"
	"time"
)

func TestLine(t *testing.T) {
	for want, e := range map[string]Exchange{
		`#1 GET /v2/models → under way, success`: {ID: 1, Method: "GET", URL: "/v2/models", Cause: "success"},
		`#2 [a] POST /x m stream → 429 qianfan/v2/rpm, rule "busy" (call 3), 1.23s`: {
			ID: 2, Namespace: "a", Method: "POST", URL: "/x", Model: "m", Stream: true, Error: "qianfan/v2/rpm", Cause: "rule",
			Rules: []Firing{{Rule: "busy", N: 3}}, Done: true, Sent: Sent{Status: 429, Took: 1230 * time.Millisecond},
		},
		`#3 POST /x → no status, fault reset, rule "dead" (call 1), the client left`: {
			ID: 3, Method: "POST", URL: "/x", Fault: "reset", Rules: []Firing{{Rule: "dead", N: 1}}, Done: true, Sent: Sent{ClientLeft: true},
		},
		`#4 GET /y → 404, no such path: /y, failed: it broke`: {
			ID: 4, Method: "GET", URL: "/y", Cause: "server", Problem: "no such path: /y", Done: true, Sent: Sent{Status: 404, Failed: "it broke"},
		},
		`#5 POST /x → 429 a/b/c, limit "#1"`:           {ID: 5, Method: "POST", URL: "/x", Error: "a/b/c", Cause: "limit", Limit: "#1", Done: true, Sent: Sent{Status: 429}},
		"#6 POST /x a\uFFFD[31m\uFFFDb → 200, success": {ID: 6, Method: "POST", URL: "/x", Model: "a\x1b[31m\nb", Cause: "success", Done: true, Sent: Sent{Status: 200}},
	} {
		if got := e.Line(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
