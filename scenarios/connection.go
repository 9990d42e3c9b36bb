package scenarios

import (
	"context"
	"time"
)

// A Connection is a fault of a connection before any byte of a request: it
// knows no request. Its n counts the connections to the server.
type Connection struct {
	Name  string          `toml:"name" need:"text"` // For reports; no other connection fault has it.
	When  When            `toml:"when"`             // At which connections it strikes; at all unless given.
	Fault ConnectionFault `toml:"fault"`            // What happens to them.
}

// A ConnectionFault is what happens to a connection. Its shorthand is the kind
// alone.
type ConnectionFault struct {
	Kind ConnectionKind `toml:"kind"` // What happens.
	For  *Duration      `toml:"for"`  // How long stall lasts; until the client leaves unless given.
}

// UnmarshalTOML reads the shorthand.
func (f *ConnectionFault) UnmarshalTOML(in any) error { return f.Kind.UnmarshalTOML(in) }

// A ConnectionKind names what happens to a connection.
type ConnectionKind string

// The values of [ConnectionKind].
const (
	ConnectionRefuse ConnectionKind = "refuse" // Accepted, and RST at once.
	ConnectionClose  ConnectionKind = "close"  // Accepted, and FIN at once.
	ConnectionStall  ConnectionKind = "stall"  // Accepted, and never read.
)

// UnmarshalTOML reads a kind.
func (k *ConnectionKind) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(ConnectionRefuse), string(ConnectionClose), string(ConnectionStall))
	*k = ConnectionKind(text)
	return err
}

// checkConnections says what is wrong with the connection faults.
func checkConnections(connections []Connection, r *report) {
	names := map[string]int{}
	for i := range connections {
		c := &connections[i]
		path := "connection" + index(i)
		checkName(path, c.Name, names, r)
		names[c.Name] = i
		c.When.check(path+".when", r)
		if c.Fault.Kind == "" && !r.within(path+".fault") {
			r.add(path, "needs a fault")
		}
		if c.Fault.For != nil && c.Fault.Kind != ConnectionStall {
			r.add(path+".fault.for", "belongs to kind stall")
		}
		if c.When.Per != "" {
			r.add(path+".when.per", "a connection knows no request: all connections count together")
		}
	}
}

// Connections is the namespace in which connections count: none that a request
// can choose.
const Connections = "\x00connections"

// Connect counts a new connection and returns what happens to it, nil if
// nothing does. The records are those by which the engine was chosen, nil if it was
// by none; after [ErrStale] it is to be chosen anew.
func (e *Engine) Connect(ctx context.Context, now time.Time, records View) (*ConnectionFault, Firing, error) {
	list := e.scenario.Connections
	if len(list) == 0 {
		return nil, Firing{}, nil
	}
	call := Call{Records: records, Passed: NoShots, Counters: make([]Counter, len(list))}
	for i := range list {
		call.Counters[i].Rule = list[i].Name
	}
	if _, err := e.state.Visit(ctx, Connections, now, &call); err != nil {
		return nil, Firing{}, err
	}
	age, values := call.Age, call.Values
	for i := range list {
		c := &list[i]
		s := schedule{seed: e.seed, rule: &Rule{Name: c.Name, When: c.When}}
		fires, roll := s.fires("", values[i])
		if w := c.When.Window; w != nil && (age < e.wall(w.From) || age >= e.wall(w.To)) {
			fires = false
		}
		if fires {
			return &c.Fault, Firing{Rule: c.Name, N: values[i], Roll: roll, Probability: c.When.odds()}, nil
		}
	}
	return nil, Firing{}, nil
}
