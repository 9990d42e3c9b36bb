//go:build linux || darwin

package soak

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestSoak is hostile to a server for a while. Then all must be as it was.
func TestSoak(t *testing.T) {
	kinds := faultKinds(t)
	c := &crowd{server: start(t, scenario(kinds), 0), kinds: kinds, requests: requests(t), heavy: makeHeavy()}
	behind := start(t, scenario(kinds), 0)
	if err := c.caller(t.Context(), rand.New(rand.NewPCG(0, 0))); err != nil { // What is made once is there.
		t.Fatal(err)
	}
	before := c.settled(func(r report) bool { return r.Active == 0 })
	c.set("PUT", "scenario?namespace="+through, passing("http://"+behind.vendors, kinds))
	c.riot(connections(t))
	// When this one is answered, no connection waits any more to be accepted.
	if err := c.caller(t.Context(), rand.New(rand.NewPCG(0, 0))); err != nil {
		t.Fatal(err)
	}
	c.atTheDoor()
	counted := c.settled(func(r report) bool { return r.Active == 0 && r.Journaled >= c.sent.Load() })
	last := behind.settled(func(r report) bool { return r.Active == 0 })
	if last.Active > 0 || last.Journaled == 0 {
		t.Errorf("behind it %d exchanges are under way, and %d were made", last.Active, last.Journaled)
	}
	behind.stop() // So that no connection to it is kept.
	t.Logf("%d exchanges were sent to the default namespace, %d of them with a status line in the answer; %d passed to another server, %d rough clients, %d calls of the admin API, %d silent connections; %d exchanges behind it",
		c.sent.Load(), c.answers.Load(), c.passed.Load(), c.rough.Load(), c.calls.Load(), c.silences.Load(), last.Journaled)
	if counted.Journaled != c.sent.Load() {
		t.Errorf("%d exchanges were sent, and %d are journaled or evicted", c.sent.Load(), counted.Journaled)
	}
	if counted.Evicted == 0 {
		t.Error("the journal was never full: the soak was too short for what it is to show")
	}
	c.forgetAll()
	after := c.settled(func(r report) bool {
		return r.Active == 0 && r.Goroutines <= before.Goroutines && r.Descriptors <= before.Descriptors
	})
	t.Logf("before %d goroutines, %d descriptors, %d KiB; after %d, %d, %d KiB; %s of processor time",
		before.Goroutines, before.Descriptors, before.Heap>>10, after.Goroutines, after.Descriptors, after.Heap>>10, after.Processor.Round(time.Millisecond))
	if after.Goroutines > before.Goroutines || after.Descriptors > before.Descriptors || after.Active > 0 {
		t.Errorf("something is left: %d exchanges under way, goroutines\n%.20000s", after.Active, c.tell(order{Do: "stacks"}).Stacks)
	}
	// Pools and maps that have grown stay a little larger.
	if most := before.Heap + 16<<20; after.Heap > most {
		t.Errorf("%d KiB are in use, more than %d", after.Heap>>10, most>>10)
	}
	c.stop()
}

// connections is how many are held: as many as are asked for, or loudly fewer.
func connections(t *testing.T) int {
	want := *dials
	if want == 0 {
		want = 10_000
		if *length < time.Minute {
			want = 500
		}
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	const others = 500                                // Descriptors, of everything else.
	if most := int(limit.Cur) - others; want > most { // Package os raises the soft limit to the hard one.
		t.Logf("NOTE: a process may have %d descriptors, so %d connections are held, NOT %d", limit.Cur, most, want)
		want = most
	}
	return want
}

// riot has everybody at the server at once, until the time is over.
func (c *crowd) riot(held int) {
	ctx, cancel := context.WithTimeout(c.t.Context(), *length)
	defer cancel()
	var wait sync.WaitGroup
	var rest time.Duration // The short form leaves something of the machine to other tests.
	if *length < time.Minute {
		rest = 10 * time.Millisecond
	}
	run := func(name string, seed uint64, do client, pause time.Duration) {
		r := rand.New(rand.NewPCG(seed, 1))
		wait.Go(func() {
			for ctx.Err() == nil {
				if err := do(ctx, r); err != nil {
					c.t.Errorf("%s: %v", name, err)
					return
				}
				time.Sleep(rest + pause)
			}
		})
	}
	for i := range uint64(16) {
		run("caller", i, c.caller, 0)
	}
	for i := range uint64(4) {
		run("speaker", i, c.speaker, 0)
		run("passer", i, c.passer, 0)
		run("vandal", i, c.vandal, 5*time.Millisecond)
		run("churn", i, c.churn, 5*time.Millisecond)
	}
	for i := range uint64(2) {
		run("wrecker", i, c.wrecker, 5*time.Millisecond)
		run("operator", i, c.operator, 20*time.Millisecond)
		run("watcher", i, c.watcher, 100*time.Millisecond)
	}
	run("scraper", 0, c.scraper, 100*time.Millisecond)
	run("jumper", 0, c.jumper, time.Second)
	for _, text := range []string{"", "POST / HT", elsewhere(hello)[:40]} {
		for _, address := range []string{c.vendors, c.admin} {
			wait.Go(func() {
				if err := c.silent(address, text); err != nil {
					c.t.Error(err)
				}
			})
		}
	}
	wait.Go(func() {
		if err := c.holder(ctx, held); err != nil {
			c.t.Error(err)
		}
	})
	wait.Wait()
}

// atTheDoor has the scenario strike connections before anything is read of them.
func (c *crowd) atTheDoor() {
	c.set("PUT", "scenario", atTheDoor)
	err := inParallel(60, func(int) error {
		conn, err := dial(c.vendors)
		if errors.Is(err, syscall.ECONNRESET) {
			c.sent.Add(1)
			return nil
		}
		if err != nil {
			return err
		}
		defer conn.Close()
		c.sent.Add(1)
		io.Copy(io.Discard, conn)
		return nil
	})
	if err != nil {
		c.t.Error(err)
	}
	c.set("PUT", "scenario", scenario(c.kinds))
}

// forgetAll empties every namespace, so that what is kept for clients is no
// leak.
func (c *crowd) forgetAll() {
	for _, ns := range []string{"", "rough"} {
		c.set("POST", "reset?namespace="+ns, "")
	}
	c.set("DELETE", "namespaces?namespace="+through, "")
	for letter := 'a'; letter < 'a'+20; letter++ { // Some may be gone.
		if err := c.manage(c.t.Context(), "DELETE", api+"namespaces?namespace=churn-"+string(letter), ""); err != nil {
			c.t.Error(err)
		}
	}
}

// settled returns the first report of which that holds, or the last one when the
// patience is over.
func (s *server) settled(holds func(report) bool) (r report) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if r = s.tell(order{Do: "measure"}); holds(r) {
			break
		}
	}
	return r
}

// TestNoDescriptors takes all descriptors that the server has. It says so, does
// not spin, serves those who are there, and everybody when there are some again.
func TestNoDescriptors(t *testing.T) {
	s := start(t, "# nothing goes wrong", 64)
	c := &crowd{server: s, requests: requests(t)}
	var held []*net.TCPConn
	for range 100 { // What is not accepted waits in the queue of the kernel.
		conn, err := dial(s.vendors)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		held = append(held, conn)
	}
	full := s.settled(func(report) bool { return strings.Contains(s.errs.String(), "no connection can be accepted") })
	if !strings.Contains(s.errs.String(), "too many open files") {
		t.Fatalf("with all descriptors taken, the server wrote %q", s.errs)
	}
	time.Sleep(2 * time.Second) // Of real time, in which it must do next to nothing.
	if used := s.tell(order{Do: "measure"}).Processor - full.Processor; used > time.Second {
		t.Errorf("the server took %s of the processor in two seconds in which nothing happened", used)
	}
	for _, conn := range held {
		conn.Close()
	}
	if err := c.caller(t.Context(), rand.New(rand.NewPCG(0, 0))); err != nil {
		t.Errorf("with descriptors again: %v", err)
	}
	told := func(report) bool {
		text := s.errs.String()
		return strings.Count(text, "no connection can be accepted") == strings.Count(text, "accepted again")
	}
	if !told(s.settled(told)) {
		t.Errorf("the server wrote %q", s.errs)
	}
	s.stop()
}
