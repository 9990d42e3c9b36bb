package mockllm

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/responders"
)

// TestMeter holds how many tokens are taken of odd answers, and when.
func TestMeter(t *testing.T) {
	const frame = "data: {\"usage\":{\"output_tokens\":%d},\"output\":{\"finish_reason\":%q}}\r\n\r\n"
	long := strings.Repeat("x", longestHeard)
	for name, c := range map[string]struct {
		stream bool
		body   string
		want   []int
	}{
		"counts that grow":    {true, fmt.Sprintf(frame+frame+frame, 3, "null", 5, "null", 9, "stop"), []int{9}},
		"behind the end":      {true, fmt.Sprintf(frame+frame, 3, "stop", 5, "null"), []int{3, 2}},
		"no end":              {true, fmt.Sprintf(frame, 3, "null"), []int{3}},
		"not a whole line":    {true, `data: {"usage":{"output_tokens":3}}`, nil},
		"a long line":         {true, "data: " + long + "\n" + fmt.Sprintf(frame, 3, "stop"), []int{3}},
		"a whole":             {false, `{"usage":{"completion_tokens":4}}`, []int{4}},
		"half of a whole":     {false, `{"usage":{"completion_tokens":4}`, nil},
		"too long a whole":    {false, `{"usage":{"completion_tokens":4}}` + long, nil},
		"less than none":      {false, `{"usage":{"completion_tokens":-4}}`, nil},
		"more than there are": {false, `{"usage":{"completion_tokens":1e300}}`, []int{1<<31 - 1}},
		"nothing":             {false, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for part, reader := range map[string]io.Reader{"whole": strings.NewReader(c.body), "halves": iotest.HalfReader(strings.NewReader(c.body))} {
				var taken []int
				m := &meter{ReadCloser: io.NopCloser(reader), left: -1, stream: c.stream, ends: responders.EndOf(catalog.DashScopeNative), take: func(n int) { taken = append(taken, n) }}
				if got, err := io.ReadAll(m); string(got) != c.body || err != nil {
					t.Errorf("%s: %d bytes, %v", part, len(got), err)
				}
				m.settle()
				if !slices.Equal(taken, c.want) {
					t.Errorf("%s: took %v, want %v", part, taken, c.want)
				}
			}
		})
	}
}
