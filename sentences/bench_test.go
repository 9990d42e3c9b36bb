package sentences

import "testing"

// BenchmarkNew makes what a rule that did not fire says of each exchange.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New("when.%s starts at %d, this is call %d", "calls", 6, uint64(3))
	}
}
