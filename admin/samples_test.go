package admin

import (
	"strings"
	"testing"

	"github.com/mockllm/mockllm/catalog"
)

// Every error that is ever on a wire can be shown on each dialect that carries
// it.
func TestSamplesOfEveryEntry(t *testing.T) {
	for _, e := range catalog.All() {
		for _, variant := range []int{0, len(e.Variants)} {
			shown := map[string]bool{}
			for _, s := range samplesOf(e, variant, catalog.EditionSeed) {
				shown[s.Dialect] = true
				if s.Transcript == "" || s.Variant == 0 {
					t.Errorf("%s on %s by %s: %+v", e.ID(), s.Dialect, s.Delivery, s)
				}
			}
			for _, name := range e.Dialects {
				carried := variant == 0 || e.Variants[variant-1].CarriedBy(name)
				if _, known := catalog.DialectNamed(name); known && carried && !shown[name] && e.ClientSide == "" {
					t.Errorf("%s, message %d: nothing is shown on %s", e.ID(), variant, name)
				}
			}
		}
	}
}

// A delivery is shown as it is on the wire.
func TestSamplesByDelivery(t *testing.T) {
	e, err := catalog.Resolve("dashscope/model/Throttling.RateQuota", catalog.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range samplesOf(e, 0, catalog.EditionSeed) {
		got[s.Dialect+" "+s.Delivery] = s.Transcript
	}
	for at, words := range map[string][]string{
		"dashscope-native status":         {"HTTP/1.1 429 ", `{"code":"Throttling.RateQuota"`},
		"dashscope-native body":           {"HTTP/1.1 200 ", `{"code":"Throttling.RateQuota"`},
		"dashscope-native event":          {"HTTP/1.1 200 ", "event:error"},
		"dashscope-compatible mid-stream": {"HTTP/1.1 200 ", `"delta"`, `"error"`},
	} {
		for _, word := range words {
			if !strings.Contains(got[at], word) {
				t.Errorf("%s has no %q:\n%s", at, word, got[at])
			}
		}
	}
}
