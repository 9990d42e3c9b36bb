//go:build linux || darwin

package soak

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// choice is the header by which a caller chooses what goes wrong.
const choice = "X-Soak"

// faultKinds are all kinds of faults, as the schema has them.
func faultKinds(t *testing.T) (kinds []string) {
	t.Helper()
	text, err := os.ReadFile("../docs/mockllm.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`\[[^\[\]]*"gzip-cut"[^\[\]]*\]`).Find(text)
	if err := json.Unmarshal(list, &kinds); err != nil || len(kinds) < 20 {
		t.Fatalf("kinds of faults in the schema: %v, %s", err, list)
	}
	return kinds
}

// scenario has a rule for every fault, and some besides.
func scenario(kinds []string) string {
	var b strings.Builder
	b.WriteString(`
		[[limit]]
		concurrency = 12
		per         = "namespace"
		[[rule]]
		name    = "slow"
		match   = { header = { X-Soak = "slow" } }
		latency = { first_byte = "20ms", frame = "5ms" }
		[[rule]]
		name  = "now and then"
		when  = { probability = 0.1 }
		error = "Throttling"
		[[rule]]
		name     = "in the middle"
		match    = { header = { X-Soak = "middle" } }
		error    = "data_inspection_failed"
		delivery = { mode = "mid-stream", after_frames = 1 }`)
	keys := map[string]string{"hang": `for = "150ms"`, "stall": `for = "150ms"`, "drip": "bytes_per_second = 50000", "ws-close": "code = 1011", "split": "bytes = 3"}
	for _, kind := range kinds {
		fault := fmt.Sprintf("{ kind = %q", kind)
		if more := keys[kind]; more != "" {
			fault += ", " + more
		}
		fmt.Fprintf(&b, "\n[[rule]]\nname = %q\nmatch = { header = { X-Soak = %q } }\nfault = %s }\n", kind, kind, fault)
	}
	return b.String()
}

// passing is the same in front of another server. A WebSocket passes as it is.
func passing(to string, kinds []string) string {
	onWire := slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool { return strings.HasPrefix(kind, "ws-") })
	return fmt.Sprintf("upstream = %q\n%s", to, scenario(onWire))
}

// atTheDoor are the faults of connections, one after the other.
const atTheDoor = `
	[[connection]]
	name  = "refused"
	when  = { every = 3 }
	fault = "refuse"
	[[connection]]
	name  = "closed"
	when  = { every = 2 }
	fault = "close"
	[[connection]]
	name  = "stalled"
	fault = { kind = "stall", for = "50ms" }`

// requests are those of all golden files: every operation of every dialect, and
// every mistake that a client can make. Those that name a namespace are not for
// the one that is counted.
func requests(t *testing.T) (all []string) {
	t.Helper()
	files, err := filepath.Glob("../testdata/golden/*/*.http")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "### ") {
			request, found := strings.CutPrefix(part, "request\n")
			if !found || regexp.MustCompile(`(?i)/ns/|mockllm-ns|x-mockllm-namespace`).MatchString(request) {
				continue
			}
			head, body, _ := strings.Cut(request, "\n\n")
			body = strings.TrimSuffix(body, "\n")
			all = append(all, fmt.Sprintf("%s\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: %d\r\n%s: %%s\r\n\r\n%s",
				strings.ReplaceAll(strings.ReplaceAll(head, "%", "%%"), "\n", "\r\n"), len(body), choice, strings.ReplaceAll(body, "%", "%%")))
		}
	}
	return all
}
