package redisstate_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/scenarios/statetest"
)

const slots = 16384

func node(t *testing.T, options ...string) *redistest.Server {
	t.Helper()
	return redistest.Run(t, append([]string{"--cluster-enabled", "yes", "--cluster-node-timeout", "1000"}, options...)...)
}

func client(t *testing.T, node *redistest.Server) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: node.Addr(), ReadTimeout: 2 * time.Minute})
	t.Cleanup(func() { c.Close() })
	return c
}

// join has a node meet another one's cluster.
func join(t *testing.T, node, other *redistest.Server) {
	t.Helper()
	host, port, _ := strings.Cut(other.Addr(), ":")
	if err := client(t, node).ClusterMeet(t.Context(), host, port).Err(); err != nil {
		t.Fatal(err)
	}
}

// cluster runs so many nodes and shares the slots among them.
func cluster(t *testing.T, nodes int, options ...string) []*redistest.Server {
	t.Helper()
	var all []*redistest.Server
	for i := range nodes {
		all = append(all, node(t, options...))
		if err := client(t, all[i]).ClusterAddSlotsRange(t.Context(), slots*i/nodes, slots*(i+1)/nodes-1).Err(); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			join(t, all[i], all[0])
		}
	}
	for _, one := range all {
		await(t, func() bool {
			info := client(t, one).ClusterInfo(t.Context()).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d\r", nodes))
		})
	}
	return all
}

// on returns a namespace whose keys are on that node.
func on(t *testing.T, node *redistest.Server, prefix string) string {
	t.Helper()
	c := client(t, node)
	for i := range 1000 {
		name := fmt.Sprintf("n%d", i)
		if c.Exists(t.Context(), "{"+prefix+":"+name+"}").Err() == nil { // Else it answers MOVED.
			return name
		}
	}
	t.Fatal("no namespace is on the node")
	return ""
}

// nth decides on a call and returns which one it is.
func nth(t *testing.T, e *scenarios.Engine, r *scenarios.Request) (uint64, error) {
	d, err := e.Decide(t.Context(), time.Unix(1, 0), r)
	if err != nil {
		return 0, err
	}
	return d.Fired[0].N, nil
}

// awaitNth does so until it can be done.
func awaitNth(t *testing.T, e *scenarios.Engine, r *scenarios.Request) (n uint64) {
	t.Helper()
	await(t, func() bool {
		var err error
		n, err = nth(t, e, r)
		return err == nil
	})
	return n
}

// TestCluster: a cluster, among whose nodes namespaces are spread, does what memory
// does. All that a script touches must be in one slot.
func TestCluster(t *testing.T) {
	nodes, n := cluster(t, 3), 0
	statetest.Run(t, func(t *testing.T) scenarios.State {
		n++
		return open(t, nodes[n%3], fmt.Sprintf("cluster=true&%s&prefix=t%d", patient, n), redisstate.Options{})
	})
}

// TestNodeGone: while a node is gone, so is the state. It is told once, and
// counting goes on when the node is there again.
func TestNodeGone(t *testing.T) {
	nodes := cluster(t, 3, "--cluster-require-full-coverage", "no", "--appendonly", "yes", "--appendfsync", "always")
	log := &syncBuffer{}
	state := open(t, nodes[0], "cluster=true&"+patient, redisstate.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	e, r := engine(t, every, state), chat()
	r.Namespace = on(t, nodes[2], "mockllm")
	if n, err := nth(t, e, r); n != 1 || err != nil {
		t.Fatalf("call 1 is call %d: %v", n, err)
	}
	nodes[2].Stop()
	for refused := 0; refused < 200; {
		if _, err := nth(t, e, r); errors.Is(err, scenarios.ErrUnavailable) {
			refused++
		} else {
			t.Fatalf("while its node is gone: %v", err)
		}
		play.Real().Sleep(t.Context(), moment)
	}
	nodes[2].Restart()
	if n := awaitNth(t, e, r); n != 2 {
		t.Errorf("behind the outage comes call %d, want 2", n)
	}
	if told := strings.Count(log.String(), "cannot be reached"); told != 1 {
		t.Errorf("one outage was told %d times:\n%s", told, log)
	}
}

// TestClusterNeverTwice: what a node did not answer in time is not asked again,
// on another connection: it may have been done.
func TestClusterNeverTwice(t *testing.T) {
	nodes := cluster(t, 3, "--cluster-node-timeout", "60000")
	state := open(t, nodes[0], "cluster=true&timeout=500ms&pool_fifo=true", redisstate.Options{})
	e, r := engine(t, every, state), chat()
	r.Namespace = on(t, nodes[2], "mockllm")
	var wait sync.WaitGroup
	for range 64 { // Connections.
		wait.Go(func() { awaitNth(t, e, r) })
	}
	wait.Wait()
	before := awaitNth(t, e, r)
	nodes[2].Pause()
	_, err := nth(t, e, r)
	nodes[2].Resume()
	if !errors.Is(err, scenarios.ErrUnavailable) {
		t.Fatalf("the call to a node that hangs: %v", err)
	}
	if n := awaitNth(t, e, r); n > before+2 {
		t.Errorf("behind call %d and one that was not answered comes call %d", before, n)
	}
}

// TestFailover: counting goes on with the replica that takes a node's place.
func TestFailover(t *testing.T) {
	nodes := cluster(t, 3)
	heir := node(t)
	join(t, heir, nodes[0])
	admin, old := client(t, heir), client(t, nodes[2])
	id := old.ClusterMyID(t.Context()).Val()
	await(t, func() bool { return admin.ClusterReplicate(t.Context(), id).Err() == nil }) // Once it has heard of it.
	state := open(t, nodes[0], "cluster=true&timeout=5s", redisstate.Options{})
	e, r := engine(t, every, state), chat()
	r.Namespace = on(t, nodes[2], "mockllm")
	if n, err := nth(t, e, r); n != 1 || err != nil {
		t.Fatalf("call 1 is call %d: %v", n, err)
	}
	await(t, func() bool {
		return admin.Exists(t.Context(), "x").Err() != nil && old.Wait(t.Context(), 1, time.Minute).Val() == 1
	})
	nodes[2].Kill()
	if n := awaitNth(t, e, r); n != 2 {
		t.Errorf("behind the failover comes call %d, want 2", n)
	}
}
