package mockllm

import (
	"context"
	"fmt"
	"time"

	"github.com/mockllm/mockllm/journal"
)

// Journal returns the exchanges of the default namespace, oldest first.
func (s *Server) Journal() []journal.Exchange {
	found, _ := s.Exchanges("")
	return found
}

// Exchanges returns the journal of a namespace, oldest first, and how many
// exchanges of all namespaces were evicted.
func (s *Server) Exchanges(namespace string) ([]journal.Exchange, uint64) {
	return s.journal.Exchanges(namespace)
}

// AwaitExchanges returns the exchanges of the default namespace that are over,
// oldest first, as soon as there are n of them: a client may have read its
// answer before the journal knows how it ended. It returns fewer than n if some
// were evicted. The error is the context's, or says that the server closed.
func (s *Server) AwaitExchanges(ctx context.Context, n int) ([]journal.Exchange, error) {
	if err := s.journal.Await(ctx, "", n); err != nil {
		return nil, fmt.Errorf("mockllm: wait for %d exchanges: %w", n, err)
	}
	var over []journal.Exchange
	for _, e := range s.Journal() {
		if e.Done {
			over = append(over, e)
		}
	}
	return over, nil
}

// History implements [admin.Server].
func (s *Server) History() *journal.Journal { return s.journal }

// Near implements [admin.Server].
func (s *Server) Near(namespace string, id uint64) (journal.Exchange, []journal.Near, error) {
	return s.journal.Look(namespace, id, s.world(namespace).engine.Near)
}

// Pause implements [admin.Server].
func (s *Server) Pause(ctx context.Context, d time.Duration) error {
	return s.worlds.base.Sleep(ctx, d)
}
