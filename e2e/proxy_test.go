package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProxyOfTheEnvironment passes calls through the proxies that the
// environment names, with its credentials, and past those that it excludes.
// 0.0.0.0 is this machine, and no loopback address: for these no proxy is asked.
func TestProxyOfTheEnvironment(t *testing.T) {
	const path = "/compatible-mode/v1/chat/completions"
	vendor := func(start func(http.Handler) *httptest.Server) string {
		s := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.URL.Path, r.Header["Proxy-Authorization"], r.Header["Via"])
		}))
		t.Cleanup(s.Close)
		return strings.Replace(s.URL, "127.0.0.1", "0.0.0.0", 1)
	}
	plain, secure := vendor(httptest.NewServer), vendor(httptest.NewTLSServer)
	asked := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- fmt.Sprint(r.Method, " ", r.RequestURI, " ", r.Header.Get("Proxy-Authorization"))
		if r.Method == http.MethodConnect {
			tunnel(t, w, r.Host)
			return
		}
		r.Header.Del("Proxy-Authorization")
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		io.Copy(w, answer.Body)
	}))
	defer proxy.Close()
	with := strings.Replace(proxy.URL, "http://", "http://me:secret@", 1)
	for name, c := range map[string]struct {
		upstream string
		environ  []string
		want     string // What the proxy is asked; "" if it is not.
	}{
		"HTTP_PROXY":           {plain, []string{"HTTP_PROXY=" + with}, "POST " + plain + path + " Basic bWU6c2VjcmV0"},
		"http_proxy":           {plain, []string{"http_proxy=" + proxy.URL}, "POST " + plain + path + " "},
		"HTTPS_PROXY":          {secure, []string{"HTTPS_PROXY=" + with}, "CONNECT " + strings.TrimPrefix(secure, "https://") + " Basic bWU6c2VjcmV0"},
		"that of the other":    {plain, []string{"HTTPS_PROXY=" + proxy.URL}, ""},
		"NO_PROXY":             {plain, []string{"HTTP_PROXY=" + proxy.URL, "NO_PROXY=0.0.0.0"}, ""},
		"NO_PROXY for another": {plain, []string{"HTTP_PROXY=" + proxy.URL, "NO_PROXY=example.com"}, "POST " + plain + path + " "},
		"loopback":             {strings.Replace(plain, "0.0.0.0", "127.0.0.1", 1), []string{"HTTP_PROXY=" + proxy.URL}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "scenario.toml")
			text := fmt.Sprintf("[upstream]\ndashscope = { url = %q, tls_verify = false }", c.upstream)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			front := must(serve(c.environ, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--scenario", file, "--quiet"))(t)
			defer front.stop()
			if answer, body := front.post(t, path, `{}`); answer.StatusCode != http.StatusOK || body != path+"[] []" {
				t.Errorf("%s %s", answer.Status, body)
			}
			got := ""
			select {
			case got = <-asked:
			default:
			}
			if got != c.want {
				t.Errorf("the proxy is asked %q, want %q", got, c.want)
			}
		})
	}
}

// tunnel connects the client to an address, as a proxy does when it is asked to.
func tunnel(t *testing.T, w http.ResponseWriter, address string) {
	through, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer through.Close()
	w.WriteHeader(http.StatusOK)
	conn, read, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	go io.Copy(through, read) // Some of it may have come already.
	io.Copy(conn, through)
}
