package journal

import (
	"maps"
	"strings"
	"testing"
)

func TestPackedHeader(t *testing.T) {
	want := map[string]string{"": "", "A": "", "B": "x\x00y", "C": strings.Repeat("z", 5000), "限": "流"}
	header := map[string][]string{}
	for name, value := range want {
		header[name] = []string{value}
	}
	p := packer(nil).header(header)
	if got := maps.Collect(packedHeader(p).all()); !maps.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for range packedHeader(p).all() {
		break // Leaving early is no mistake.
	}
}
