package redisstate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/scenarios/statetest"
)

// patient is a timeout that no loaded machine misses.
const patient = "timeout=2m"

func open(t testing.TB, server *redistest.Server, query string, o redisstate.Options) *redisstate.State {
	t.Helper()
	s, err := redisstate.Open(t.Context(), server.URL()+"?"+query, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestCluster: so does a cluster, in which all that a script touches must be in
// one slot.
func TestCluster(t *testing.T) {
	server, n := redistest.Run(t, "--cluster-enabled", "yes"), 0
	admin := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: 2 * time.Minute})
	defer admin.Close()
	if err := admin.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return strings.Contains(admin.ClusterInfo(t.Context()).Val(), "cluster_state:ok") })
	statetest.Run(t, func(t *testing.T) scenarios.State {
		n++
		return open(t, server, fmt.Sprintf("cluster=true&%s&prefix=t%d", patient, n), redisstate.Options{})
	})
}

// TestState: Redis does what memory does.
func TestState(t *testing.T) {
	server, n := redistest.Run(t), 0
	statetest.Run(t, func(t *testing.T) scenarios.State {
		n++
		return open(t, server, fmt.Sprintf("%s&prefix=t%d", patient, n), redisstate.Options{})
	})
}
