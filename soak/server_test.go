//go:build linux || darwin

package soak

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/metrics"
	"github.com/mockllm/mockllm/play"
)

// Variables that make a server of this binary.
const (
	asServer    = "MOCKLLM_SOAK_SERVER"
	descriptors = "MOCKLLM_SOAK_DESCRIPTORS" // How many it may have; all that it can get without.
)

// A small journal is a full one soon.
const (
	journalExchanges = 400
	journalBytes     = 1 << 20
)

// An order is a line that the server reads.
type order struct {
	Do string        // measure, jump, stacks or stop.
	By time.Duration // Of jump.
}

// A report is the line that it answers.
type report struct {
	Vendors, Admin string `json:",omitempty"` // Addresses; at the start only.

	Goroutines  int
	Heap        uint64 // Bytes that are in use after a collection.
	Descriptors int    // -1 where nobody tells.
	Processor   time.Duration
	Active      int    // Exchanges under way,
	Journaled   uint64 // and those of the default namespace that the journal has, or had until it was full.
	Evicted     uint64 // Of these, had.
	Stacks      string `json:",omitempty"`
}

// jumping is a clock that is set.
type jumping struct {
	play.Clock
	ahead atomic.Int64
}

func (j *jumping) Now() time.Time { return j.Clock.Now().Add(time.Duration(j.ahead.Load())) }

// serve is the other process.
func serve() int {
	limitDescriptors()
	clock, counted := &jumping{Clock: play.Real()}, metrics.New()
	srv, err := mockllm.New(mockllm.ScenarioText(os.Getenv(asServer)), mockllm.WithClock(clock), mockllm.WithObserver(counted), mockllm.WithJournal(journalExchanges, journalBytes),
		mockllm.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	if err == nil {
		err = counted.Watch(srv)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var listeners [2]net.Listener
	for i := range listeners {
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	go srv.Serve(listeners[0])
	go srv.ServeAdmin(listeners[1], admin.Options{Metrics: counted})
	out := json.NewEncoder(os.Stdout)
	out.Encode(report{Vendors: listeners[0].Addr().String(), Admin: listeners[1].Addr().String()})
	orders := json.NewDecoder(os.Stdin)
	for {
		var o order
		if err := orders.Decode(&o); err != nil || o.Do == "stop" {
			break
		}
		clock.ahead.Add(int64(o.By))
		r := measure(srv)
		if o.Do == "stacks" {
			var text bytes.Buffer
			pprof.Lookup("goroutine").WriteTo(&text, 1)
			r.Stacks = text.String()
		}
		out.Encode(r)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// limitDescriptors raises the soft limit to the hard one, or takes the one given.
func limitDescriptors() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return
	}
	limit.Cur = limit.Max
	if n, err := strconv.ParseUint(os.Getenv(descriptors), 10, 64); err == nil {
		limit.Cur = n
	}
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}

func measure(srv *mockllm.Server) report {
	runtime.GC()
	debug.FreeOSMemory()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	r := report{
		Goroutines: runtime.NumGoroutine(), Heap: memory.HeapAlloc, Descriptors: -1,
		Processor: time.Duration(used.Utime.Nano() + used.Stime.Nano()),
	}
	if open, err := filepath.Glob("/proc/self/fd/*"); err == nil && len(open) > 0 {
		r.Descriptors = len(open)
	}
	for _, n := range srv.Admin().Namespaces() {
		r.Active += n.Active
	}
	page := srv.Admin().History().Find("", journal.Filter{})
	r.Journaled, r.Evicted = uint64(page.Len())+page.EvictedHere, page.EvictedHere
	return r
}

// A server is the other process as the test sees it.
type server struct {
	vendors, admin string

	t    *testing.T
	cmd  *exec.Cmd
	in   io.WriteCloser
	mu   sync.Mutex // One order at a time.
	out  *bufio.Reader
	errs *lines
}

// lines keeps what is written, from many goroutines.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start starts the other process, with at most that many descriptors if it is
// not 0.
func start(t *testing.T, scenario string, most int) *server {
	t.Helper()
	s := &server{t: t, cmd: exec.Command(os.Args[0]), errs: new(lines)}
	s.cmd.Env = append(os.Environ(), asServer+"="+scenario)
	if most > 0 {
		s.cmd.Env = append(s.cmd.Env, fmt.Sprintf("%s=%d", descriptors, most))
	}
	s.cmd.Stderr = s.errs
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill() }) // It ends with its standard input; this is for a test that fails.
	s.out = bufio.NewReader(out)
	first := s.read()
	s.vendors, s.admin = first.Vendors, first.Admin
	return s
}

func (s *server) read() (r report) {
	s.t.Helper()
	line, err := s.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	if err != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.t.Fatalf("the server is gone: %v\n%.20000s", err, s.errs)
	}
	return r
}

// tell gives an order and returns what the server reports behind it.
func (s *server) tell(o order) report {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	json.NewEncoder(s.in).Encode(o)
	return s.read()
}

// stop ends the process, which must have found neither a race nor a panic.
func (s *server) stop() {
	s.t.Helper()
	json.NewEncoder(s.in).Encode(order{Do: "stop"})
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the server ended with %v", err)
	}
	for _, sign := range []string{"DATA RACE", "level=ERROR", "panic:", "fatal error"} {
		if text := s.errs.String(); strings.Contains(text, sign) {
			s.t.Errorf("the server wrote:\n%.20000s", text)
			return
		}
	}
}
