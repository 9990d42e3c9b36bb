package mockllm

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/play"
)

var update = flag.Bool("update", false, "rewrite the responses in testdata/golden")

// TestGolden sends the request of every file in testdata/golden over a real
// socket and compares the answer, byte for byte, with what stands in the file:
// what `curl -i` prints. A file has three parts, each behind a line ###: a
// scenario, a request, the response. A line `### again` behind the response
// sends the same request once more, with one more response behind it; a line
// `### request` begins another request, and `### advance 5s` lets time pass.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*/*.http")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(file, filepath.Join("testdata", "golden")+string(filepath.Separator)), ".http")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, file)
		})
	}
}

func golden(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), "### ")
	if len(parts) < 4 {
		t.Fatalf("%s has no scenario, request and response", file)
	}
	clock := play.NewManual(goldenTime)
	srv := RunT(t, ScenarioText(section(t, parts[1], "scenario")), WithClock(clock))
	request := section(t, parts[2], "request")
	for i := 3; i < len(parts); i++ {
		kind, want, _ := strings.Cut(parts[i], "\n")
		if kind == "request" {
			request = want
			continue
		}
		if wait, found := strings.CutPrefix(kind, "advance "); found {
			d, err := time.ParseDuration(wait)
			if err != nil {
				t.Fatal(err)
			}
			clock.Advance(d)
			continue
		}
		got := exchangeRaw(t, srv.URL(), request)
		if got == want {
			continue
		}
		if !*update {
			t.Errorf("%s, part %d\n--- got\n%s\n--- want\n%s", file, i, got, want)
			continue
		}
		parts[i] = kind + "\n" + got
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(parts, "### ")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// goldenTime is when all golden exchanges happen.
var goldenTime = time.Date(2026, time.May, 28, 8, 0, 0, 0, time.UTC)

func section(t *testing.T, part, name string) string {
	t.Helper()
	text, found := strings.CutPrefix(part, name+"\n")
	if !found {
		t.Fatalf("a section %s is missing", name)
	}
	return text
}

// exchangeRaw sends a request written with LF line ends and returns the answer
// as `curl -i` prints it, with LF line ends in the header.
func exchangeRaw(t *testing.T, url, request string) string {
	t.Helper()
	head, body, _ := strings.Cut(request, "\n\n")
	body = strings.TrimSuffix(body, "\n")
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "%s\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s",
		strings.ReplaceAll(head, "\n", "\r\n"), len(body), body)
	raw, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return curlPrints(t, raw)
}

func curlPrints(t *testing.T, raw []byte) string {
	t.Helper()
	head, body, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !found {
		t.Fatalf("no header in %q", raw)
	}
	header := strings.ReplaceAll(string(head), "\r\n", "\n")
	header = strings.ReplaceAll(header, "\nConnection: close", "")
	if strings.Contains(header, "Transfer-Encoding: chunked") {
		plain, err := io.ReadAll(httputil.NewChunkedReader(bufio.NewReader(bytes.NewReader(body))))
		if err != nil {
			t.Fatalf("bad chunks: %v in %q", err, body)
		}
		body = plain
	}
	text := header + "\n\n" + string(body)
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}
