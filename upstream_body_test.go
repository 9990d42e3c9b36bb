package mockllm

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	oneFrame = "a\r\ndata: {}\n\n\r\n"
	twice    = "\r\n\r\n14\r\ndata: {}\n\ndata: {}\n\n\r\n0\r\n\r\n"
)

// longCall sends a call whose body is longer than we read at once to a server
// in front of one that answers as given, and returns what comes back. Where it
// is answered early, that is before all of the body was sent, which goes on
// then, and comes to no end.
func longCall(t *testing.T, fault, answer string, early bool) string {
	t.Helper()
	const size = 12 << 20
	answered := make(chan struct{})
	upstream := bareListener(t, func(conn net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		if !early {
			io.Copy(io.Discard, req.Body)
		}
		io.WriteString(conn, answer)
		close(answered)
		io.Copy(io.Discard, req.Body)
	})
	rule := ""
	if fault != "" {
		rule = "[[rule]]\nname = \"r\"\nmatch.operation = \"chat\"\nmatch.stream = true\nfault = " + fault
	}
	front := inFrontOf(t, upstream, rule)
	conn, err := net.Dial("tcp", hostOf(t, front.URL()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-DashScope-SSE: enable\r\nContent-Length: %d\r\n\r\n", nativePath, size)
	if early {
		io.WriteString(conn, strings.Repeat("x", size-1<<20))
		<-answered
		go io.WriteString(conn, strings.Repeat("x", 1<<20-1))
	} else {
		io.WriteString(conn, strings.Repeat("x", size))
	}
	got, _ := io.ReadAll(conn)
	return string(got)
}

// TestAnsweredWhileSending has an upstream answer before all of the call is
// there: what needs the connection is not done to the answer then, and all else
// is.
func TestAnsweredWhileSending(t *testing.T) {
	for name, c := range map[string]struct{ fault, answer, early, late string }{
		"cut":           {`{ kind = "cut", after_frames = 1 }`, oneFrame + oneFrame + "0\r\n\r\n", `"cannot be done upstream"`, "\r\n\r\n" + oneFrame},
		"nothing of it": {`"empty"`, oneFrame, `"cannot be done upstream"`, ""},
		"in the frames": {`{ kind = "duplicate", after_frames = 0 }`, oneFrame + "0\r\n\r\n", twice, twice},
		"it breaks off": {"", oneFrame + "zz\r\n", "\r\n\r\n" + oneFrame, "\r\n\r\n" + oneFrame},
		"it passes":     {"", oneFrame + "0\r\n\r\n", "\r\n\r\n" + oneFrame + "0\r\n\r\n", "\r\n\r\n" + oneFrame + "0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := longCall(t, c.fault, sse+c.answer, true); !strings.Contains(got, c.early) || strings.Contains(c.early, "\r\n") && !strings.HasSuffix(got, c.early) {
				t.Errorf("answered early: %q", got)
			}
			if got := longCall(t, c.fault, sse+c.answer, false); !strings.HasSuffix(got, c.late) || c.late == "" && got != "" {
				t.Errorf("answered late: %q", got)
			}
		})
	}
}

// TestAnswerBeforeTheRest: a client may wait for the beginning of the answer
// before it sends the rest of a long call, and the answer goes on.
func TestAnswerBeforeTheRest(t *testing.T) {
	const size, rest = 12 << 20, 100 << 10
	front := inFrontOf(t, bareListener(t, func(conn net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		io.CopyN(io.Discard, req.Body, size-rest)
		io.WriteString(conn, sse+oneFrame)
		io.Copy(io.Discard, req.Body)
		io.WriteString(conn, oneFrame+"0\r\n\r\n")
	}), "")
	conn, err := net.Dial("tcp", hostOf(t, front.URL()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", nativePath, size, strings.Repeat("x", size-rest))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	frame := make([]byte, 10)
	if _, err := io.ReadFull(answer.Body, frame); err != nil || string(frame) != "data: {}\n\n" {
		t.Fatalf("%q %v", frame, err)
	}
	io.WriteString(conn, strings.Repeat("x", rest))
	if more, err := io.ReadAll(answer.Body); err != nil || string(more) != string(frame) {
		t.Errorf("%q %v", more, err)
	}
}
