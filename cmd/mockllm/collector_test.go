package main

import (
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

// TestCollector: garbage is collected more rarely, unless the user has said how
// often, or how much memory there is.
func TestCollector(t *testing.T) {
	const usual = 100
	defer debug.SetGCPercent(debug.SetGCPercent(usual))
	for environ, want := range map[string]uint64{
		"":                               gcPercent,
		"GOGC_NOT=1":                     gcPercent,
		"MOCKLLM_SEED=GOGC=1":            gcPercent,
		"GOGC=100":                       usual,
		"GOGC=off":                       usual, // The runtime has read it.
		"GOMEMLIMIT=400MiB":              usual,
		"GOMEMLIMIT=9223372036854775807": usual,
	} {
		debug.SetGCPercent(usual)
		relaxCollector([]string{"HOME=/", environ, "PATH=/bin"})
		found := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(found)
		if got := found[0].Value.Uint64(); got != want {
			t.Errorf("with %q it is %d, want %d", environ, got, want)
		}
	}
}
