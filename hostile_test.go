package mockllm

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/admin"
)

// Here clients mean harm, or are broken. Everything goes over real sockets, and
// what no HTTP client would send is written by hand.

// hostilePorts are the vendors' port and the admin port of a server.
type hostilePorts struct {
	srv                 *Server
	vendors, management string // Addresses.
}

func openPorts(t *testing.T, o admin.Options, options ...Option) hostilePorts {
	t.Helper()
	srv := RunT(t, options...)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv.serving.Go(func() { srv.ServeAdmin(l, o) })
	return hostilePorts{srv, strings.TrimPrefix(srv.URL(), "http://"), l.Addr().String()}
}

// hurry is an option that gives clients this little time.
func hurry(t times) Option {
	return func(c *config) error {
		c.times = t
		return nil
	}
}

// long is more than any test waits.
const long = time.Hour

// say writes bytes to a new connection and returns it.
func say(t *testing.T, address, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// rest reads until the server ends the connection.
func rest(t *testing.T, conn net.Conn) string {
	t.Helper()
	text, err := io.ReadAll(conn)
	if timeout, is := errors.AsType[net.Error](err); is && timeout.Timeout() {
		t.Errorf("the server keeps the connection open, and said %q", text)
	}
	return string(text)
}

// ask sends one request by hand and reads its answer.
func ask(t *testing.T, address, text string) (*http.Response, string) {
	t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(say(t, address, text)), nil)
	if err != nil {
		t.Fatalf("%.80q: %v", text, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%.80q: %v", text, err)
	}
	return answer, string(body)
}

// TestSlowClients: who dawdles is shown the door, on both ports.
func TestSlowClients(t *testing.T) {
	const (
		soon  = 100 * time.Millisecond
		later = 2 * time.Second // Within which a head surely has come.
	)
	slow := map[string]struct {
		times times
		text  string
		want  string // What the answer begins with; mostly there is none.
	}{
		"nothing":      {times{soon, long, long}, "", ""},
		"half a head":  {times{soon, long, long}, "POST /%s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", ""},
		"half a body":  {times{long, later, long}, "POST /%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\nAuthorization: Bearer k\r\n\r\n{", "HTTP/1.1 400 Bad Request\r\n"},
		"half a chunk": {times{long, later, long}, "POST /%s HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer k\r\n\r\n9\r\n{", "HTTP/1.1 400 Bad Request\r\n"},
		"no more":      {times{long, long, soon}, "DELETE /%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 4"},
	}
	for name, c := range slow {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ports := openPorts(t, admin.Options{}, hurry(c.times))
			for address, path := range map[string]string{
				ports.vendors: "compatible-mode/v1/chat/completions", ports.management: "api/v1/verify",
			} {
				text := c.text
				if strings.Contains(text, "%s") {
					text = fmt.Sprintf(text, path)
				}
				if got := rest(t, say(t, address, text)); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
					t.Errorf("%s: got %q, want %q", path, got, c.want)
				}
			}
		})
	}
}

// TestSlowReader: an answer of the admin port that nobody takes does not last.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	srv := RunT(t, hurry(times{long, 2 * time.Second, long}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	srv.serving.Go(func() {
		srv.serveAdmin(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, err := w.Write(make([]byte, 64<<20))
			over <- err
		}))
	})
	say(t, l.Addr().String(), "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	if err := <-over; err == nil {
		t.Error("all was written, though nothing was read")
	}
}

// TestStreamOutlivesItsRequest: the time that a request has does not end the
// stream that answers it.
func TestStreamOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	ports := openPorts(t, admin.Options{}, hurry(times{long, 2 * time.Second, long}))
	conn := say(t, ports.management, "GET /api/v1/journal/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	read := bufio.NewScanner(conn)
	await := func(text string) {
		for read.Scan() {
			if strings.Contains(read.Text(), text) {
				return
			}
		}
		t.Fatalf("no %q: %v", text, read.Err())
	}
	await(": the journal")
	// A slow client on the same kind of port has lost its time when this one still listens.
	rest(t, say(t, ports.management, "POST /api/v1/verify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{"))
	post(t, ports.srv.URL()+"/nowhere", "")
	await("event: over")
}

// TestHeaderBound: a head has its bound on both ports.
func TestHeaderBound(t *testing.T) {
	ports := openPorts(t, admin.Options{})
	for _, address := range []string{ports.vendors, ports.management} {
		for name, text := range map[string]string{
			"one long line": "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + strings.Repeat("a", maxHeader+4096) + "\r\n\r\n",
			"many lines":    "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + strings.Repeat("X-A: a\r\n", (maxHeader+4096)/8) + "\r\n",
			"a long path":   "GET /" + strings.Repeat("a", maxHeader+4096) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		} {
			if answer, _ := ask(t, address, text); answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
				t.Errorf("%s: %s", name, answer.Status)
			}
		}
	}
	if found := ports.srv.Journal(); len(found) != 0 {
		t.Errorf("%d exchanges", len(found))
	}
}

// TestAdminBodyBound: every body of the admin port has its bound, whether or not
// its length is told.
func TestAdminBodyBound(t *testing.T) {
	ports := openPorts(t, admin.Options{})
	for _, c := range []struct {
		method, path string
		size, status int
	}{
		{"PUT", "scenario", 4 << 20, 413},
		{"POST", "faults", 64 << 10, 413},
		{"PUT", "clock", 64 << 10, 413},
		{"POST", "clock/advance", 64 << 10, 413},
		{"POST", "verify", 64 << 10, 413},
		{"POST", "reset", 0, 400}, // No body is wanted at all.
	} {
		body := strings.Repeat("#", c.size+1)
		head := fmt.Sprintf("%s /api/v1/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n", c.method, c.path)
		for _, text := range []string{
			fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body), body),
			fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, len(body), body),
		} {
			if answer, said := ask(t, ports.management, text); answer.StatusCode != c.status || !strings.HasPrefix(said, `{"`) {
				t.Errorf("%s %s: %s %.200s", c.method, c.path, answer.Status, said)
			}
		}
	}
}

// TestCompressedBomb: what is compressed stays so: a bomb is the bytes that it
// is sent as.
func TestCompressedBomb(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	io.CopyN(z, zeros{}, 64<<20)
	z.Close()
	ports := openPorts(t, admin.Options{})
	head := "Content-Encoding: gzip\r\nContent-Type: application/json\r\nAuthorization: Bearer k\r\n"
	send := func(address, method, path string) (*http.Response, string) {
		return ask(t, address, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Length: %d\r\n\r\n%s", method, path, head, bomb.Len(), &bomb))
	}
	answer, said := send(ports.vendors, "POST", chatPath)
	if answer.StatusCode != 400 || !strings.Contains(said, "Required body invalid") {
		t.Errorf("%s %s", answer.Status, said)
	}
	if e := onlyExchange(t, ports.srv); e.BodyBytes != bomb.Len() {
		t.Errorf("the journal counts %d bytes of %d", e.BodyBytes, bomb.Len())
	}
	for path, method := range map[string]string{"scenario": "PUT", "faults": "POST", "verify": "POST", "clock": "PUT", "clock/advance": "POST"} {
		if answer, said := send(ports.management, method, "/api/v1/"+path); answer.StatusCode < 400 || answer.StatusCode > 499 {
			t.Errorf("%s: %s %.200s", path, answer.Status, said)
		}
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestDeepJSON: 10,000 levels and more are refused everywhere, and are no
// problem of the stack. [TestDeepJSONOnEveryRoute] asks each decoder.
func TestDeepJSON(t *testing.T) {
	ports := openPorts(t, admin.Options{})
	for _, level := range []string{"[", `{"a":`} {
		for _, depth := range []int{10_000, 1_000_000} {
			deep := strings.Repeat(level, depth)
			body := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(deep), deep)
			if answer, said := ask(t, ports.vendors, "POST "+chatPath+" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer k\r\n"+body); answer.StatusCode != 400 {
				t.Errorf("vendors: %s %.200s", answer.Status, said)
			}
			if len(deep) > 64<<10 {
				continue // More than is read there.
			}
			for path, method := range map[string]string{"scenario": "PUT", "faults": "POST", "verify": "POST", "clock": "PUT", "clock/advance": "POST"} {
				answer, said := ask(t, ports.management, method+" /api/v1/"+path+" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"+body)
				if answer.StatusCode < 400 || answer.StatusCode > 499 {
					t.Errorf("%s: %s %.200s", path, answer.Status, said)
				}
			}
		}
	}
	socket := openSocket(t, ports.srv)
	socket.send(`{"header":` + strings.Repeat(`{"a":`, 100_000))
	if got := socket.events(); got != "closed 1007 Invalid payload data" {
		t.Errorf("on a WebSocket: %s", got)
	}
}

// TestPathTricks: a path means what it says, byte by byte, and leads nowhere
// else.
func TestPathTricks(t *testing.T) {
	ports := openPorts(t, admin.Options{})
	chat := strings.TrimPrefix(chatPath, "/")
	for _, c := range []struct {
		line    string
		vendors int // The status there,
		admin   int // and on the admin port.
	}{
		{"POST /" + chat, 200, 404},
		{"POST //" + chat, 404, 404},
		{"POST /./" + chat, 404, 404},
		{"POST /x/../" + chat, 404, 404},
		{"POST /ns/../" + chat, 400, 404},
		{"POST /ns/%2e%2e/" + chat, 400, 404},
		{"POST /ns/a%2fb/" + chat, 400, 404},
		{"POST /ns//" + chat, 400, 404},
		{"POST /ns/" + strings.Repeat("a", 101) + "/" + chat, 400, 404},
		{"POST /ns/\xff/" + chat, 400, 404},
		{"POST /" + strings.Replace(chat, "/", "%2f", 1), 404, 404},
		{"POST /%00" + chat, 404, 404},
		{"POST /" + chat + "%00", 404, 404},
		{"POST /\xff\xfe", 404, 404},
		{"POST /%ff%fe", 404, 404},
		{"POST /%zz", 400, 400},
		{"POST /" + strings.Repeat("a/", 30_000), 404, 404},
		{"POST /" + strings.Repeat("%2e%2e%2f", 5_000), 404, 404},
		{"POST " + chat, 400, 400},
		{"POST http://evil.example/" + chat, 200, 403}, // Of a proxy: the host is that of the line.
		{"POST http:///" + chat, 200, 404},             // The host is that of the header.
		{"OPTIONS *", 404, 404},
		{"CONNECT evil.example:443", 404, 403},
		{"GET /mockllm-files/../../../../etc/passwd", 404, 404},
		{"GET /mockllm-files/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404, 404},
		{"GET /healthz/..", 404, 404},
		{"GET /api/v1/../../version", 404, 404},
		{"GET //version", 404, 404},
		{"POST /api/v1/rules/..%2f..%2freset/release", 404, 404},
		{"POST /api/v1/rules/%00/release", 404, 404},
		{"POST /api/v1/keys/\xff/revoke", 404, 204},
		{"GET /api/v1/journal/99999999999999999999999", 404, 400},
		{"GET /api/v1/journal/-1", 404, 400},
	} {
		for address, want := range map[string]int{ports.vendors: c.vendors, ports.management: c.admin} {
			body := ""
			if address == ports.vendors {
				body = hello
			}
			text := fmt.Sprintf("%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer k\r\nContent-Length: %d\r\n\r\n%s", c.line, len(body), body)
			if answer, said := ask(t, address, text); answer.StatusCode != want || strings.Contains(said, "root:") {
				t.Errorf("%.80q: %s %.200s, want %d", c.line, answer.Status, said, want)
			}
		}
	}
}

// TestBadNamespacesLeaveNothing: a name that is none makes no world, which would
// be kept for an hour, and what was asked there stands where it can be read.
func TestBadNamespacesLeaveNothing(t *testing.T) {
	ports := openPorts(t, admin.Options{})
	for _, name := range []string{"..", "a%2fb", "\xff", strings.Repeat("a", 60_000)} {
		answer, said := ask(t, ports.vendors, "POST /ns/"+name+chatPath+" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
		if answer.StatusCode != 400 || !strings.Contains(said, "bad namespace") {
			t.Errorf("%.20q: %s %s", name, answer.Status, said)
		}
		post(t, "http://"+ports.vendors+chatPath, hello, "X-Mockllm-Namespace", strings.ReplaceAll(name, "\xff", "%"))
	}
	if list := ports.srv.Admin().Namespaces(); len(list) != 1 || list[0].Requests != 8 {
		t.Errorf("%d namespaces, the first with %d requests", len(list), list[0].Requests)
	}
	if found := ports.srv.Journal(); len(found) != 8 {
		t.Errorf("%d exchanges in the default namespace", len(found))
	}
}

// TestSmuggling: two ways to read where a request ends are none. What net/http
// refuses is refused, and what stands behind a request is the next one or
// nothing.
func TestSmuggling(t *testing.T) {
	const hidden = "POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(hello), hello)
	for name, c := range map[string]struct {
		head, body string
		status     int
		exchanges  int
	}{
		"two lengths":              {"Content-Length: 0\r\nContent-Length: 73", hello, 400, 0},
		"one length twice":         {"Content-Length: 73\r\nContent-Length: 73", hello, 200, 1},
		"a list of lengths":        {"Content-Length: 73, 73", hello, 400, 0},
		"a signed length":          {"Content-Length: +73", hello, 400, 0},
		"a length too large":       {"Content-Length: 99999999999999999999", hello, 400, 0},
		"a negative length":        {"Content-Length: -1", hello, 400, 0},
		"chunked wins over length": {"Content-Length: 5\r\nTransfer-Encoding: chunked", chunked, 200, 1},
		"chunked twice":            {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", chunked, 501, 0},
		"chunked and identity":     {"Transfer-Encoding: chunked, identity", chunked, 501, 0},
		"unknown coding":           {"Transfer-Encoding: xchunked", chunked, 501, 0},
		"space before the colon":   {"Content-Length : 73", hello, 400, 0},
		"folded line":              {"X-A: a\r\n Content-Length: 5", "", 400, 1}, // One header, and no body.
		"bare CR in a value":       {"X-A: a\rContent-Length: 5", "", 400, 0},
		"NUL in a value":           {"X-A: a\x00b", "", 400, 0},
		"a bad chunk":              {"Transfer-Encoding: chunked", "zz\r\n" + hello, 400, 1},
		"two hosts":                {"Host: evil.example", "", 400, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := RunT(t)
			answer, said := ask(t, strings.TrimPrefix(srv.URL(), "http://"),
				"POST "+chatPath+" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer k\r\nConnection: close\r\n"+c.head+"\r\n\r\n"+c.body+hidden)
			if answer.StatusCode != c.status {
				t.Errorf("%s %s, want %d", answer.Status, said, c.status)
			}
			srv.exchanges.Wait()
			if n := len(srv.Journal()); n != c.exchanges {
				t.Errorf("%d exchanges, want %d", n, c.exchanges)
			}
		})
	}
}

// TestAdminPortDefends itself against pages of the web that a browser on this
// machine shows, and against who has no token.
func TestAdminPortDefends(t *testing.T) {
	ports := openPorts(t, admin.Options{Token: "secret"})
	host, port, _ := net.SplitHostPort(ports.management)
	for name, c := range map[string]struct {
		head   string
		status int
	}{
		"all is well":               {"Host: " + host + ":" + port + "\r\nAuthorization: Bearer secret", 204},
		"by name":                   {"Host: localhost:" + port + "\r\nAuthorization: Bearer secret", 204},
		"by IPv6":                   {"Host: [::1]:" + port + "\r\nAuthorization: Bearer secret", 204},
		"no token":                  {"Host: localhost", 401},
		"another token":             {"Host: localhost\r\nAuthorization: Bearer secre", 401},
		"a token that is no bearer": {"Host: localhost\r\nAuthorization: secret", 401},
		"a token twice":             {"Host: localhost\r\nAuthorization: Bearer x\r\nAuthorization: Bearer secret", 401},
		"rebound":                   {"Host: evil.example:" + port + "\r\nAuthorization: Bearer secret", 403},
		"rebound, looks like us":    {"Host: 127.0.0.1.evil.example\r\nAuthorization: Bearer secret", 403},
		"rebound, localhost.evil":   {"Host: localhost.evil.example\r\nAuthorization: Bearer secret", 403},
		"an empty host":             {"Host: \r\nAuthorization: Bearer secret", 403},
		"another origin":            {"Host: localhost\r\nOrigin: http://evil.example\r\nAuthorization: Bearer secret", 403},
		"another port's origin":     {"Host: localhost:1\r\nOrigin: http://localhost:2\r\nAuthorization: Bearer secret", 403},
		"a page without origin":     {"Host: localhost\r\nSec-Fetch-Site: cross-site\r\nAuthorization: Bearer secret", 403},
		"a sandboxed page":          {"Host: localhost\r\nOrigin: null\r\nAuthorization: Bearer secret", 403},
	} {
		answer, said := ask(t, ports.management, "POST /api/v1/reset HTTP/1.1\r\n"+c.head+"\r\nContent-Length: 0\r\n\r\n")
		if answer.StatusCode != c.status {
			t.Errorf("%s: %s %s, want %d", name, answer.Status, said, c.status)
		}
		for header := range answer.Header {
			if strings.HasPrefix(header, "Access-Control-") {
				t.Errorf("%s: %s invites pages of others", name, header)
			}
		}
	}
}

// TestSecurityPageIsTrue: every test that docs/security.md names is there.
func TestSecurityPageIsTrue(t *testing.T) {
	page, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, pattern := range []string{"*_test.go", "*/*_test.go", "cmd/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(text)
		}
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)(…?)`").FindAllStringSubmatch(string(page), -1)
	for _, name := range named {
		want := "func " + name[1]
		if name[2] == "" {
			want += "("
		}
		if !strings.Contains(tests.String(), want) {
			t.Errorf("there is no %s", name[1])
		}
	}
	if len(named) < 20 {
		t.Errorf("%d tests are named", len(named))
	}
}
