package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Stand-ins are this program under the peers' names, so that their part of the
// measurement is tested where no module can be had. Each knows the arguments
// alone that its peer is started with, and answers what its peer answers.
func standIns(t *testing.T) map[string]string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder, given := t.TempDir(), map[string]string{}
	for _, one := range programs() {
		given[one.name] = filepath.Join(folder, one.name)
		if err := os.Symlink(self, given[one.name]); err != nil {
			t.Fatal(err)
		}
	}
	return given
}

// standIn plays the peer under whose name it is started, until it is killed.
// It reports whether there is one.
func standIn() bool {
	stand, known := map[string]func(*flag.FlagSet){
		hoverfly().name: standForHoverfly, httpbin().name: standForHTTPBin, stripeMock().name: standForStripeMock,
	}[filepath.Base(os.Args[0])]
	if known {
		stand(flag.NewFlagSet(os.Args[0], flag.ExitOnError))
	}
	return known
}

func standForHoverfly(flags *flag.FlagSet) {
	flags.Bool("webserver", false, "")
	flags.String("log-level", "", "")
	port, management := flags.String("pp", "", ""), flags.String("ap", "", "")
	path := flags.String("import", "", "")
	flags.Parse(os.Args[1:])
	var simulation struct {
		Data struct {
			Pairs []struct {
				Response struct {
					Status  int
					Body    string
					Headers http.Header
				}
			}
		}
	}
	text, err := os.ReadFile(*path)
	if err == nil {
		err = json.Unmarshal(text, &simulation)
	}
	if err != nil {
		panic(err)
	}
	one := simulation.Data.Pairs[0].Response
	listenAsTold("127.0.0.1:" + *management)
	serveAsTold("127.0.0.1:"+*port, &answer{Status: one.Status, Header: one.Headers, Body: []byte(one.Body)})
}

func standForHTTPBin(flags *flag.FlagSet) {
	host, port := flags.String("host", "0.0.0.0", ""), flags.String("port", "8080", "")
	flags.String("log-level", "", "")
	flags.Duration("srv-read-header-timeout", 0, "")
	flags.Duration("srv-read-timeout", 0, "")
	flags.Parse(os.Args[1:])
	mux := http.NewServeMux()
	mux.HandleFunc("POST /status/429", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	mux.HandleFunc("POST /anything", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	serveAsTold(net.JoinHostPort(*host, *port), mux)
}

func standForStripeMock(flags *flag.FlagSet) {
	plain, secure := flags.String("http-addr", "", ""), flags.String("https-addr", "", "")
	flags.Parse(os.Args[1:])
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/customers", func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("Request:", r.URL) // Nobody reads it.
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer sk_test_") || r.PostFormValue("email") == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, `{"object":"customer"}`)
	})
	listenAsTold(*secure)
	serveAsTold(*plain, mux)
}

// listenAsTold listens where this machine alone can call.
func listenAsTold(address string) net.Listener {
	if host(address) != "127.0.0.1" || port(address) == "" {
		panic("asked to listen at " + address)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		panic(err)
	}
	return l
}

func serveAsTold(address string, h http.Handler) { panic(http.Serve(listenAsTold(address), h)) }

// TestPeersThatCannotBeHad has one peer of four, and says why not the others.
func TestPeersThatCannotBeHad(t *testing.T) {
	t.Setenv("GOPROXY", "off") // Nothing is asked of the network.
	t.Setenv("GOSUMDB", "off")
	given := standIns(t)
	given["left-out"], given["broken"] = leftOut, given[hoverfly().name]
	p := plan{folder: t.TempDir(), given: given, turns: 1, slice: 20 * time.Millisecond}
	server, err := own(role{Bare: &answer{Status: http.StatusTooManyRequests, Header: http.Header{"Content-Length": {"0"}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.stop)
	const status = http.StatusTooManyRequests
	us := &contestant{name: "us", server: server, calls: []call{chat(chatPath, wholeBody)}, status: status}
	called := func(name string) program {
		return program{name, "v1.0.0", "peer.invalid/" + name, httpbin().listen}
	}
	bare := chat("/status/429", wholeBody)
	rows, err := p.meet([]*contestant{us},
		peer{program: called("unknown"), call: bare, status: status},
		peer{program: called("left-out"), call: bare, status: status},
		peer{program: httpbin(), call: bare, status: status},
		peer{program: called("broken"), call: bare, status: status})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"NOT MEASURED: unknown cannot be built here", "NOT MEASURED: left out", "**", "NOT MEASURED: broken ends when it is started"}
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d", len(rows), len(want))
	}
	for i, r := range rows {
		measured := want[i] == "**"
		if !strings.HasPrefix(r.result, want[i]) || r.wanted != "ahead" || r.missed && !measured {
			t.Errorf("row %d: %+v, want %s", i, r, want[i])
		}
	}
}

// TestNoPeer has nobody to compare with, which takes no turns.
func TestNoPeer(t *testing.T) {
	p := plan{given: map[string]string{hoverfly().name: leftOut}}
	rows, err := p.meet([]*contestant{{name: "us"}}, peer{program: hoverfly()})
	if err != nil || len(rows) != 1 || rows[0].result != "NOT MEASURED: left out" {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestGive(t *testing.T) {
	var p plan
	if err := p.give(hoverfly(), filepath.Join(t.TempDir(), "hoverfly")); err == nil || p.given != nil {
		t.Errorf("a program that is not there is taken: %v, %v", p.given, err)
	}
	for _, path := range []string{os.Args[0], leftOut} {
		if err := p.give(hoverfly(), path); err != nil || p.given["hoverfly"] != path {
			t.Errorf("%s: %v, %v", path, p.given, err)
		}
	}
}
