package mockllm

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/responders"
)

// FuzzPath asks for any path, in any namespace: it is answered once, stands in
// the journal once, and makes no namespace but one whose name is good.
func FuzzPath(f *testing.F) {
	for _, path := range []string{
		chatPath, nativePath, v1Path, "/ns/blue" + chatPath, "/ns/" + chatPath, "/ns/../x", "/ns/%2e%2e/x", "/ns/a%2fb/x", "/ns/a", "/ns/",
		"//", "/./x", "/%00", "/%zz", "/\xff", "*", "http://evil.example/x", "http://[::1]:namedport/", "/mockllm-files/../../x", "/?a=%zz&a;b",
		"/ns/" + strings.Repeat("a", 101) + "/x", strings.Repeat("/a", 5000),
	} {
		f.Add("POST", path, "", "Bearer k")
		f.Add("GET", path, "blue", "Bearer sk-mockllm-ns-red")
	}
	f.Add("OPTIONS", "*", "..", "bce-auth-v1/sk-mockllm-ns-a/b/c/d/e")
	f.Add("CONNECT", "a:1", "a b", "")
	log, told := logged()
	srv := RunT(f, log)
	f.Fuzz(func(t *testing.T, method, path, namespace, key string) {
		text := method + " " + path + " HTTP/1.1\r\nHost: x\r\nX-Mockllm-Namespace: " + namespace + "\r\nAuthorization: " + key + "\r\nContent-Length: 2\r\n\r\n{}"
		req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			t.Skip() // net/http refuses it.
		}
		if namespace == "" {
			req.Header.Del("X-Mockllm-Namespace")
		}
		if req.ContentLength != 2 {
			t.Skip() // A line that was smuggled in.
		}
		w := httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, req)
		if w.Code < 200 || w.Code > 599 || strings.Contains(told.String(), "level=ERROR") {
			t.Fatalf("status %d: %s", w.Code, told)
		}
		exchanges := 0
		for _, n := range srv.Admin().Namespaces() {
			kept := srv.Namespace(n.Name).Journal()
			exchanges += len(kept)
			if !responders.ValidNamespace(n.Name) {
				t.Fatalf("a namespace %q", n.Name)
			}
			if n.Active != 0 {
				t.Fatalf("%d exchanges of %q are under way", n.Active, n.Name)
			}
			if err := srv.Namespace(n.Name).Reset(t.Context()); err != nil {
				t.Fatal(err)
			}
			srv.Admin().Forget(t.Context(), n.Name) // The default one stays.
		}
		if exchanges != 1 {
			t.Fatalf("%d exchanges in the journal", exchanges)
		}
	})
}

// FuzzSocketBytes sends any bytes behind the handshake of a WebSocket: the
// server answers or not, and is done with it when the client is.
func FuzzSocketBytes(f *testing.F) {
	for _, bytes := range []string{
		"", "\x81", "\x81\x05hello", "\x81\x85\x00\x00\x00\x00hello", "\x01\x82\x00\x00\x00\x00{\"", "\x80\x80\x00\x00\x00\x00",
		"\xf1\x80\x00\x00\x00\x00", "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", "\x81\xfe\x00\x01\x00\x00\x00\x00a",
		"\x88\x82\x00\x00\x00\x00\x03\xe8", "\x88\x81\x00\x00\x00\x00\x03", "\x88\x84\x00\x00\x00\x00\x03\xe8\xff\xff", "\x88\x82\x00\x00\x00\x00\x00\x00",
		"\x89\x80\x00\x00\x00\x00\x89\x80\x00\x00\x00\x00", "\x89\xfe\x00\x7e\x00\x00\x00\x00", "\x82\x82\x00\x00\x00\x00\xff\xff", "\x83\x80\x00\x00\x00\x00",
		"\x81\xfe" + string(rune(len(runSpeech)>>8)) + string([]byte{byte(len(runSpeech))}) + "\x00\x00\x00\x00" + runSpeech + "\x82\x82\x00\x00\x00\x00\xff\xff",
	} {
		f.Add([]byte(bytes))
	}
	log, told := logged()
	srv := RunT(f, InMemory(), log)
	f.Fuzz(func(t *testing.T, bytes []byte) {
		conn, err := srv.DialContext(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(30 * time.Second))
		io.WriteString(conn, "GET "+inference+" HTTP/1.1\r\nHost: x\r\nAuthorization: bearer k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		read := bufio.NewReader(conn)
		answer, err := http.ReadResponse(read, nil)
		if err != nil || answer.StatusCode != 101 {
			t.Fatalf("handshake: %v, %v", answer, err)
		}
		heard := make(chan struct{})
		go func() {
			defer close(heard)
			io.Copy(io.Discard, read)
		}()
		conn.Write(bytes) // It may end before all is said.
		conn.Close()
		<-heard
		srv.exchanges.Wait()
		if text := told.String(); strings.Contains(text, "level=ERROR") {
			t.Fatal(text)
		}
	})
}
