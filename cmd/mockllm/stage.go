package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/play"
)

// A stage is a server that answers on free ports of this machine.
type stage struct {
	server         *mockllm.Server
	vendors, admin string     // Base URLs.
	failed         chan error // Why it stopped serving.
}

// openStage starts a server and returns when it answers.
func openStage(options []mockllm.Option) (*stage, error) {
	server, err := mockllm.New(options...)
	if err != nil {
		return nil, err
	}
	vendors, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	management, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		vendors.Close()
		return nil, err
	}
	s := &stage{
		server: server, failed: make(chan error, 2),
		vendors: "http://" + vendors.Addr().String(), admin: "http://" + management.Addr().String(),
	}
	go func() { s.failed <- server.Serve(vendors) }()
	go func() { s.failed <- server.ServeAdmin(management, admin.Options{}) }()
	// The vendors' port takes connections since it was opened; to ask it could
	// meet a fault, and would stand in the journal.
	if _, err := askHealth(management.Addr().String()); err != nil {
		s.close()
		return nil, fmt.Errorf("the server does not come up: %w", err)
	}
	return s, nil
}

func (s *stage) close() { s.server.Close() }

// settleTime bounds how long the server may take to notice that CMD is gone.
const settleTime = 2 * time.Second

// settle waits until nothing is under way any more, so that the journal says
// how everything ended.
func (s *stage) settle(clock play.Clock) error {
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	for s.busy() && clock.Sleep(ctx, 5*time.Millisecond) == nil {
	}
	select {
	case err := <-s.failed:
		return fmt.Errorf("the server stopped while CMD ran: %w", err)
	default:
		return nil
	}
}

func (s *stage) busy() bool {
	return slices.ContainsFunc(s.server.Admin().Namespaces(), func(n admin.Namespace) bool { return n.Active > 0 })
}

// others lists the namespaces besides the default one that were called.
func (s *stage) others() (names []string) {
	for _, n := range s.server.Admin().Namespaces() {
		if n.Name != "" && n.Requests > 0 {
			names = append(names, n.Name)
		}
	}
	return names
}

// base returns what a client of the dialect takes for its base URL.
func (s *stage) base(dialect string) string {
	d, _ := catalog.DialectNamed(dialect)
	return s.vendors + d.BasePath
}
