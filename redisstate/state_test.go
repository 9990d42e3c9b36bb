package redisstate_test

import (
	"fmt"
	"testing"

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

// TestState: Redis does what memory does.
func TestState(t *testing.T) {
	server, n := redistest.Run(t), 0
	statetest.Run(t, func(t *testing.T) scenarios.State {
		n++
		return open(t, server, fmt.Sprintf("%s&prefix=t%d", patient, n), redisstate.Options{})
	})
}
