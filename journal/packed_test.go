package journal

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/scenarios"
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

// Of a header that is too long, secrets are kept first: the body may quote them.
func TestSecretsOfALongHeaderAreKnown(t *testing.T) {
	many := map[string][]string{"Cookie": {"session=" + secret}}
	for i := range 10 * keptFields {
		many[fmt.Sprint("X-", i)] = []string{"v"}
	}
	large := map[string][]string{"Cookie": {"session=" + secret}, "X-Large": {strings.Repeat("v", keptHeader-10)}}
	for name, header := range map[string]map[string][]string{"many values": many, "a large value": large} {
		call := Call{Request: &scenarios.Request{}, Header: header, Body: []byte("it is session=" + secret + "!")}
		e := Exchange{Raw: Keep(call)}.Rendered()
		if strings.Contains(e.Body, secret) || e.RequestHeader["Cookie"] == nil {
			t.Errorf("%s: the body is %q, the cookie %q", name, e.Body, e.RequestHeader["Cookie"])
		}
		if again := (Exchange{Raw: Keep(call)}).Rendered(); !reflect.DeepEqual(e.RequestHeader, again.RequestHeader) {
			t.Errorf("%s: another time other values are kept", name)
		}
	}
}
