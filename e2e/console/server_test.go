package console

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/scenarios"
)

// A world is a server with a console.
type world struct {
	t       *testing.T
	server  *mockllm.Server
	vendors string
	console string // Its address.
	line    *line  // What the console is reached through.
}

// serve starts a server that follows a scenario; "" is none.
func serve(t *testing.T, scenario string, o admin.Options) *world {
	t.Helper()
	need(t)
	return serveOn(t, scenario, o, newLine(t))
}

// serveOn starts a server whose console is reached through a line.
func serveOn(t *testing.T, scenario string, o admin.Options, l *line) *world {
	t.Helper()
	var options []mockllm.Option
	if scenario != "" {
		s, err := scenarios.Load("test.toml", []byte(scenario))
		if err != nil {
			t.Fatal(err)
		}
		options = append(options, mockllm.WithScenario(s))
	}
	server, err := mockllm.New(options...)
	if err != nil {
		t.Fatal(err)
	}
	vendors, management := listen(t), listen(t)
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(vendors) })
	serving.Go(func() { server.ServeAdmin(management, o) })
	t.Cleanup(func() {
		server.Close()
		serving.Wait()
	})
	l.lead(management.Addr().String())
	return &world{t: t, server: server, vendors: "http://" + vendors.Addr().String(), console: "http://" + l.address + "/", line: l}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// chat makes a call as a client of the compatible dialect does, and returns its
// status and body.
func (w *world) chat(namespace, model, prompt string) (int, string) {
	w.t.Helper()
	return w.post(namespace, "/compatible-mode/v1/chat/completions", "sk-console-0123456789", `{"model":`+quote(model)+`,"messages":[{"role":"user","content":`+quote(prompt)+`}]}`)
}

func (w *world) post(namespace, path, key, body string) (int, string) {
	w.t.Helper()
	url := w.vendors + path
	if namespace != "" {
		url = w.vendors + "/ns/" + namespace + path
	}
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, string(text) + err.Error()
	}
	return res.StatusCode, string(text)
}

// A line leads to a server, and can be cut.
type line struct {
	address string

	mu    sync.Mutex
	to    string
	down  bool
	conns map[net.Conn]bool
	gone  sync.WaitGroup
}

func newLine(t *testing.T) *line {
	t.Helper()
	l := listen(t)
	out := &line{address: l.Addr().String(), conns: map[net.Conn]bool{}}
	out.gone.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			out.gone.Go(func() { out.carry(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		out.cut()
		out.gone.Wait()
	})
	return out
}

// lead has new connections lead to an address.
func (l *line) lead(to string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.to, l.down = to, false
}

// mend lets connections through again.
func (l *line) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}

// cut ends all connections, and those that come until it is mended.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = true
	for c := range l.conns {
		c.Close()
	}
}

// keep notes a connection, and reports whether it may live.
func (l *line) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = true
	return !l.down
}

func (l *line) drop(c net.Conn) {
	c.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

func (l *line) carry(from net.Conn) {
	defer l.drop(from)
	l.mu.Lock()
	address := l.to
	l.mu.Unlock()
	if !l.keep(from) {
		return
	}
	to, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer l.drop(to)
	if !l.keep(to) {
		return
	}
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			io.Copy(pair[1], pair[0])
			pair[0].Close()
			pair[1].Close()
		})
	}
	both.Wait()
}
