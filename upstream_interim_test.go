package mockllm

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// TestInterimPasses holds that what upstream says before its answer passes, but
// for what is of the connection, and not before an answer to which something is
// done, nor without bound.
func TestInterimPasses(t *testing.T) {
	const (
		hint   = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nKeep-Alive: x\r\n\r\n"
		answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
		hinted = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
		failed = "HTTP/1.1 502 Bad Gateway\r\n"
	)
	for name, c := range map[string]struct{ rule, version, said, want string }{
		"hints":         {"", "1.1", hint + hint + answer, hinted + hinted + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"},
		"others":        {"", "1.1", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + answer, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n"},
		"an old client": {"", "1.0", hint + answer, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n"},
		"a fault":       {`fault = "wrong-type"`, "1.1", hint + answer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"},
		"a delay":       {`latency = "1ns"`, "1.1", hint + answer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"},
		"no answer":     {"", "1.1", hint, hinted + failed},
		"no end":        {"", "1.1", strings.Repeat(hint, mostInterim+1) + answer, strings.Repeat(hinted, mostInterim) + failed},
	} {
		t.Run(name, func(t *testing.T) {
			rule := ""
			if c.rule != "" {
				rule = "[[rule]]\nname = \"r\"\nmatch.operation = \"chat\"\nmatch.stream = false\n" + c.rule
			}
			front := inFrontOf(t, bareUpstream(t, says(c.said)), rule)
			conn, err := net.Dial("tcp", hostOf(t, front.URL()))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST %s HTTP/%s\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", chatPath, c.version, len(hello), hello)
			if got, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(got), c.want) {
				t.Errorf("%v, got\n%s\nwant\n%s", err, got, c.want)
			}
		})
	}
}
