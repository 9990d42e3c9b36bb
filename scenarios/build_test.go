package scenarios

import (
	"strings"
	"testing"
	"time"
)

// TestRangesBuiltInGo refuses ranges that no file could hold: a rule that never
// fires would make a test pass for the wrong reason.
func TestRangesBuiltInGo(t *testing.T) {
	for want, when := range map[string]When{
		"":                     {Calls: CallsFrom(5), Window: WindowFrom(time.Minute)},
		"when.calls: calls 5":  {Calls: &Calls{From: 5}},
		"when.calls: calls 0":  {Calls: &Calls{To: 2}},
		"when.window: 1m0s to": {Window: &Window{From: time.Minute}},
		"when.window: -1s to":  {Window: &Window{From: -time.Second, To: 1}},
	} {
		s := &Scenario{Rules: []Rule{{Name: "r", When: when, Outcome: Outcome{Reply: &Reply{}}}}}
		if _, err := s.Compiled(); (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
