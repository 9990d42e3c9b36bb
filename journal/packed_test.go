package journal

import (
	"maps"
	"strings"
	"testing"
)

func TestPack(t *testing.T) {
	want := map[string]string{"": "", "A": "", "B": "x\x00y", "C": strings.Repeat("z", 5000), "限": "流"}
	header := map[string][]string{}
	for name, value := range want {
		header[name] = []string{value}
	}
	packed := pack([]byte("before"), header)
	if got := maps.Collect(unpacked(packed[len("before"):])); !maps.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for range unpacked(packed[len("before"):]) {
		break // Leaving early is no mistake.
	}
}
