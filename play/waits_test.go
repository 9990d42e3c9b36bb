package play

import (
	"testing"
	"time"
)

func TestWaits(t *testing.T) {
	for name, c := range map[string]struct {
		script         Script
		firstByte, all time.Duration
	}{
		"nothing": {},
		"latency": {Script{{Kind: Wait, For: 2 * time.Second}, {Kind: Head}, {Kind: Wait, For: time.Second}, {Kind: Write}}, 2 * time.Second, 3 * time.Second},
		"drip":    {Script{{Kind: Head}, {Kind: Write, Data: make([]byte, 50), Rate: 100}}, 0, time.Second / 2},
		"stall":   {Script{{Kind: Head}, {Kind: Hang, For: time.Minute}}, 0, time.Minute},
		"hang":    {Script{{Kind: Wait, For: time.Second}, {Kind: Hang}}, time.Second, time.Second}, // For as long as the client likes.
		"message": {Script{{Kind: Wait, For: time.Second}, {Kind: Text}, {Kind: Wait, For: time.Second}, {Kind: Binary}}, time.Second, 2 * time.Second},
	} {
		if got := c.script.Waits(); got.FirstByte != c.firstByte || got.All != c.all {
			t.Errorf("%s: %v before the first byte and %v in all, want %v and %v", name, got.FirstByte, got.All, c.firstByte, c.all)
		}
	}
	var w Waits // Of a call whose answers are planned one by one.
	w.add(Script{{Kind: Wait, For: time.Second}, {Kind: Text}})
	w.add(Script{{Kind: Wait, For: time.Second}, {Kind: Text}})
	if w.FirstByte != time.Second || w.All != 2*time.Second {
		t.Errorf("%+v", w)
	}
}
