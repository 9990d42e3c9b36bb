package metrics

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestShared(t *testing.T) {
	m := New()
	now := Shared{Up: true, Outages: 2, Refused: 30, Dropped: 4}
	if err := m.WatchShared(func() Shared { return now }); err != nil {
		t.Fatal(err)
	}
	if err := m.WatchShared(func() Shared { return now }); err == nil {
		t.Error("two are watched")
	}
	want := func(lines ...string) {
		t.Helper()
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		for _, line := range lines {
			if !strings.Contains(w.Body.String(), "\n"+line+"\n") {
				t.Errorf("no line %s", line)
			}
		}
	}
	want("mockllm_state_up 1", "mockllm_state_outages_total 2", "mockllm_state_refused_total 30", "mockllm_state_dropped_exchanges_total 4")
	now.Up = false
	want("mockllm_state_up 0")
}
