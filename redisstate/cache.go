package redisstate

import (
	"sync"

	"github.com/mockllm/mockllm/scenarios"
)

// maxSeen bounds what a replica remembers of records and of one-shots. What is
// forgotten costs another trip.
const maxSeen = 10_000

// seenRecords are the records that a replica saw last.
type seenRecords struct {
	mu sync.Mutex
	of map[[2]string]seen // By namespace and field.
}

func newSeenRecords() *seenRecords { return &seenRecords{of: map[[2]string]seen{}} }

func (c *seenRecords) get(namespace, field string) seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[[2]string{namespace, field}]
}

func (c *seenRecords) put(namespace, field string, r seen) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.of) >= maxSeen {
		everybodys := c.of[[2]string{"", worldName}]
		clear(c.of)
		c.of[[2]string{"", worldName}] = everybodys
	}
	c.of[[2]string{namespace, field}] = r
}

func (c *seenRecords) forget(namespace, field string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.of, [2]string{namespace, field})
}

// knownShots are one-shots whose sources were read.
type knownShots struct {
	mu sync.Mutex
	of map[shotKey]scenarios.Queued
}

type shotKey struct {
	namespace, world string
	id               uint64
}

func newKnownShots() *knownShots { return &knownShots{of: map[shotKey]scenarios.Queued{}} }

func (c *knownShots) get(namespace, world string, id uint64) (scenarios.Queued, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q, found := c.of[shotKey{namespace, world, id}]
	return q, found
}

// put remembers a shot. In a world that is not known its number means nothing.
func (c *knownShots) put(namespace, world string, id uint64, q scenarios.Queued) {
	if world == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.of) >= maxSeen {
		clear(c.of)
	}
	c.of[shotKey{namespace, world, id}] = q
}
