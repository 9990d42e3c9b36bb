package admin

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// send calls a path with a body.
func send(f *fake, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:8081"
	w := httptest.NewRecorder()
	Handler(f, Options{}).ServeHTTP(w, r)
	return w
}

// TestWorldAPI walks what a namespace has of its own, and what is refused.
func TestWorldAPI(t *testing.T) {
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string // A part of the answer.
	}{
		{"GET", "catalog", "", 200, `"id":"qianfan/capability/18"`},
		{"GET", "namespaces", "", 200, `"name":"blue","scenario":"own","own":true`},
		{"DELETE", "namespaces?namespace=blue", "", 204, ""},
		{"DELETE", "namespaces?namespace=red", "", 404, "nobody has called"},
		{"DELETE", "namespaces", "", 400, "only reset"},
		{"GET", "clock", "", 200, `"speed":60`},
		{"PUT", "clock", `{"stopped": true}`, 200, `"stopped":true`},
		{"PUT", "clock", `{"stoped": true}`, 400, `unknown field \"stoped\"`},
		{"PUT", "clock", `{}`, 400, "/stopped"},
		{"PUT", "clock", `{"stopped": 1}`, 400, "/stopped: must be of type bool"},
		{"PUT", "clock", ``, 400, "a JSON object is wanted"},
		{"POST", "clock/advance", `{"by": "90s"}`, 200, `"now"`},
		{"POST", "clock/advance", `{"by": "-1s"}`, 400, "/by"},
		{"POST", "clock/advance", `{"by": "9000h"}`, 400, "at most a year"},
		{"POST", "clock/advance", `{"by": "90s"} x`, 400, "something stands behind"},
		{"GET", "faults", "", 200, `{"faults":[]}`},
		{"POST", "faults", `{"error": "Throttling", "times": 2}`, 201, `{"id":1}`},
		{"POST", "faults", `{"eror": "Throttling"}`, 422, `"pointer":"/eror"`},
		{"POST", "faults", strings.Repeat(" ", 70_000), 413, "at most 65536"},
		{"POST", "verify", strings.Repeat(" ", 70_000), 413, "at most 65536"},
		{"DELETE", "faults", "", 204, ""},
		{"DELETE", "faults/7", "", 404, "no fault with id 7"},
		{"DELETE", "faults/x", "", 400, "number from 1"},
		{"GET", "scenario", "", 404, "built in Go"},
		{"PUT", "scenario", "[[rule]]\nname = \"a\"\nreply = {}\n", 200, `"rules":1`},
		{"PUT", "scenario", "[[rule]]\nname = \"a\"\nerror = \"Throtling\"\n", 422, `"line":3`},
		{"PUT", "scenario", "seed = \n", 422, "no valid TOML"},
		{"DELETE", "scenario?namespace=blue", "", 204, ""},
		{"DELETE", "scenario", "", 400, "needs a scenario"},
		{"DELETE", "faults", "x", 400, "no body is read here"},
	} {
		w := send(&fake{}, c.method, "/api/v1/"+c.path, c.body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s %.40s: got %d %s, want %d with %s", c.method, c.path, c.body, w.Code, w.Body, c.status, c.want)
		}
		if w.Code >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: content type %q", c.method, c.path, w.Header().Get("Content-Type"))
		}
	}
}

func TestWorldIsChanged(t *testing.T) {
	f := &fake{}
	send(f, "POST", "/api/v1/clock/advance", `{"by": "90s"}`)
	send(f, "POST", "/api/v1/faults", `{"error": "Throttling"}`)
	const text = "# kept as it is\nname = \"x\"\n"
	send(f, "PUT", "/api/v1/scenario", text)
	if f.advanced != 90*time.Second {
		t.Errorf("advanced by %v", f.advanced)
	}
	if w := send(f, "GET", "/api/v1/scenario", ""); w.Body.String() != text || w.Header().Get("Content-Type") != "application/toml" {
		t.Errorf("the scenario comes back as %q, %v", w.Body, w.Header())
	}
	var list struct {
		Faults []struct{ Fault struct{ Error string } }
	}
	if err := json.Unmarshal(send(f, "GET", "/api/v1/faults", "").Body.Bytes(), &list); err != nil || len(list.Faults) != 1 || list.Faults[0].Fault.Error != "Throttling" {
		t.Errorf("the faults are %+v, %v", list, err)
	}
	f.full = true
	if w := send(f, "POST", "/api/v1/faults", `{"error": "Throttling"}`); w.Code != 409 {
		t.Errorf("a full queue: %d %s", w.Code, w.Body)
	}
}

func TestPointer(t *testing.T) {
	for key, want := range map[string]string{"": "", "error": "/error", "step[1].error": "/step/1/error", "match.header.a/b": "/match/header/a~1b"} {
		if got := pointer(key); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
}
