package journal

import (
	"sort"
	"sync"
	"time"
)

// An Exchange is one request and what became of it. The same words stand in
// JSON.
type Exchange struct {
	ID        uint64    `json:"id"` // Counted from 1 over the life of the server.
	Time      time.Time `json:"time"`
	Namespace string    `json:"namespace"`

	Dialect   string `json:"dialect,omitempty"`
	Operation string `json:"operation,omitempty"`
	Model     string `json:"model,omitempty"`
	Stream    bool   `json:"stream"`
	Key       string `json:"key,omitempty"` // Redacted.

	Method      string `json:"method"`
	URL         string `json:"url"`  // With secrets redacted.
	Body        string `json:"body"` // The beginning of it.
	BodyBytes   int    `json:"body_bytes"`
	Fingerprint string `json:"fingerprint,omitempty"`

	Cause   string   `json:"cause"`             // Which part of the order of things answered.
	Error   string   `json:"error,omitempty"`   // The id of the documented error sent.
	Problem string   `json:"problem,omitempty"` // What our own refusal says.
	Rules   []Firing `json:"rules,omitempty"`   // What fired.
	Seed    uint64   `json:"seed"`
	Script  []string `json:"script"` // What was planned, step by step.

	Done bool `json:"done"` // Whether the answer is over; before, nothing is known of what was sent.
	Sent
}

// Sent is what really went out.
type Sent struct {
	Status     int           `json:"status"` // 0 if no status line was sent.
	SentBytes  int64         `json:"sent_bytes"`
	SentFrames int           `json:"sent_frames"`
	FirstByte  time.Duration `json:"first_byte_ns"`
	Took       time.Duration `json:"took_ns"`
	ClientLeft bool          `json:"client_left"`
	Failed     string        `json:"failed,omitempty"` // What broke it off on our side.
}

// A Firing is a rule that fired.
type Firing struct {
	Rule string  `json:"rule"`
	N    uint64  `json:"n"`
	Roll float64 `json:"roll,omitempty"`
	Step int     `json:"step,omitempty"` // From 1; 0 for rules without steps.
	Held bool    `json:"held,omitempty"` // It is sticky and had fired before.
}

// A Journal keeps the newest exchanges. It is safe for use by many goroutines.
type Journal struct {
	mu    sync.Mutex
	ring  []Exchange
	next  int    // Where the next one goes.
	count int    // How many there are.
	last  uint64 // The newest id.
	gone  uint64 // How many were evicted.
}

// New returns a journal for at most that many exchanges, at least one.
func New(size int) *Journal { return &Journal{ring: make([]Exchange, max(size, 1))} }

// Begin keeps an exchange that is being answered and returns its id. So it is
// there before the client has read the end of its answer.
func (j *Journal) Begin(e Exchange) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	e.ID = j.last
	if j.count == len(j.ring) {
		j.gone++
	} else {
		j.count++
	}
	j.ring[j.next] = e
	j.next = (j.next + 1) % len(j.ring)
	return e.ID
}

// Finish fills in what was really sent, if the exchange is still kept.
func (j *Journal) Finish(id uint64, sent Sent) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := sort.Search(j.count, func(i int) bool { return j.at(i).ID >= id })
	if i < j.count && j.at(i).ID == id {
		j.at(i).Sent, j.at(i).Done = sent, true
	}
}

// Exchanges returns those of a namespace, oldest first, and how many of all
// namespaces were evicted to make room.
func (j *Journal) Exchanges(namespace string) (found []Exchange, evicted uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.each(func(e *Exchange) {
		if e.Namespace == namespace {
			found = append(found, *e)
		}
	})
	return found, j.gone
}

// Reset forgets the exchanges of a namespace.
func (j *Journal) Reset(namespace string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := make([]Exchange, len(j.ring))
	n := 0
	j.each(func(e *Exchange) {
		if e.Namespace != namespace {
			kept[n] = *e
			n++
		}
	})
	j.ring, j.count, j.next = kept, n, n%len(kept)
}

// each calls f for every exchange, oldest first.
func (j *Journal) each(f func(*Exchange)) {
	for i := range j.count {
		f(j.at(i))
	}
}

// at returns the i-th exchange, from the oldest. Ids ascend.
func (j *Journal) at(i int) *Exchange { return &j.ring[(j.next-j.count+i+len(j.ring))%len(j.ring)] }
