package redisstate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// idleTime is how long a namespace is kept in Redis without being used: an hour,
// as in memory, and the minute after which its keys are told to live on.
const idleTime = time.Hour + time.Minute

// Options are how a [State] treats Redis.
type Options struct {
	Failure Failure       // What to do while Redis cannot be reached; "" means refuse.
	Lease   time.Duration // After which the places of a replica that died come back; 0 means 15 seconds.
	Log     *slog.Logger  // Told when Redis cannot be reached and when it can be again; nil tells nobody.
}

// State is a [scenarios.State] in Redis. It is safe for use by many goroutines.
type State struct {
	client  redis.UniversalClient
	where   string // Redis' address, without secrets.
	prefix  string
	scripts scripts
	number  uint64 // Of this replica.
	lease   string // In seconds.
	beat    time.Duration
	log     *slog.Logger
	clock   play.Clock

	defaultKept string // The key of what all agreed on for the default namespace; "" if scripts cannot read it.

	queue chan told
	seen  *seenRecords
	shots *knownShots
	health

	mu   sync.Mutex
	held map[string]int // How many places this replica holds in each namespace.

	alive context.Context
	close context.CancelFunc
	ended sync.WaitGroup
}

// Open connects to Redis. The address is a URL such as
// redis://:password@host:6379/0?prefix=load, with rediss for TLS; see [Parse].
// Redis must be there now; what happens when it is gone later is up to the options.
// Each server takes a state of its own, which is a replica by itself.
func Open(ctx context.Context, address string, o Options) (*State, error) {
	a, err := Parse(address)
	if err != nil {
		return nil, err
	}
	s := &State{
		client: a.connect(), where: a.where, prefix: a.prefix, scripts: newScripts(), clock: play.Real(),
		log: o.Log, seen: newSeenRecords(), shots: newKnownShots(), held: map[string]int{},
		queue: make(chan told, maxQueue), health: health{failure: o.Failure},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if a.cluster == nil {
		s.defaultKept = s.base("") + ":" + keptHash
	}
	lease := o.Lease
	if lease <= 0 {
		lease = defaultLease
	}
	s.lease, s.beat = strconv.FormatFloat(lease.Seconds(), 'f', -1, 64), min(lease/3, time.Second)
	s.alive, s.close = context.WithCancel(context.Background())
	if err := s.enrol(ctx); err != nil {
		s.client.Close()
		return nil, fmt.Errorf("redis at %s: %w", s.where, err)
	}
	s.ended.Go(s.tend)
	s.ended.Go(s.publish)
	return s, nil
}

// Close ends the connection to Redis. Nothing may use the state any more.
func (s *State) Close() error {
	s.close()
	s.ended.Wait()
	return s.client.Close()
}

// String says where the state is kept, without secrets.
func (s *State) String() string { return "redis at " + s.where + ", prefix " + s.prefix }

// Reset implements [scenarios.State].
func (s *State) Reset(ctx context.Context, namespace string) error {
	if local := s.local(); local != nil {
		return local.Reset(ctx, namespace)
	}
	if _, err := s.try(ctx, s.scripts.reset, namespace, nil); err != nil {
		_, err = fall(s, err, func(m scenarios.State) (struct{}, error) { return struct{}{}, m.Reset(ctx, namespace) })
		return err
	}
	return nil
}

// Forget implements [scenarios.State]. Other replicas may use the namespace;
// Redis forgets it when nobody does.
func (s *State) Forget(context.Context, string) error { return nil }

// base begins the names of all keys of a namespace. The braces make a hash tag:
// all of them are in one slot of a cluster.
func (s *State) base(namespace string) string { return "{" + s.prefix + ":" + namespace + "}" }

// run runs a script that answers a list. A client that leaves does not break it
// off: what it counts is to be known.
func (s *State) run(ctx context.Context, script *redis.Script, namespace string, a args) ([]any, error) {
	cmd, err := s.eval(ctx, script, namespace, a)
	if err != nil {
		return nil, err
	}
	switch v := cmd.Val().(type) {
	case []any:
		return v, nil
	default:
		return []any{v}, nil
	}
}

// count runs a script that answers a number.
func (s *State) count(ctx context.Context, script *redis.Script, namespace string, a args) (int64, error) {
	reply, err := s.run(ctx, script, namespace, a)
	if err != nil {
		return 0, err
	}
	r := &reader{values: reply}
	n := r.number()
	return n, r.err
}

// do runs a script whose answer is of no interest, or does the same in memory
// while Redis cannot be reached.
func (s *State) do(ctx context.Context, script *redis.Script, namespace string, a args, otherwise func(scenarios.State) error) error {
	if local := s.local(); local != nil {
		return otherwise(local)
	}
	if _, err := s.eval(ctx, script, namespace, a); err != nil {
		_, err = fall(s, err, func(m scenarios.State) (struct{}, error) { return struct{}{}, otherwise(m) })
		return err
	}
	return nil
}

// eval runs a script, unless Redis cannot be reached.
func (s *State) eval(ctx context.Context, script *redis.Script, namespace string, a args) (*redis.Cmd, error) {
	if err := s.down(); err != nil {
		return nil, err
	}
	return s.try(ctx, script, namespace, a)
}

// try runs a script although Redis may not be reached: one that is full may take
// what makes room.
func (s *State) try(ctx context.Context, script *redis.Script, namespace string, a args) (*redis.Cmd, error) {
	all := append(args{strconv.Itoa(int(idleTime.Seconds()))}, a...)
	cmd := script.Run(context.WithoutCancel(ctx), s.client, []string{s.base(namespace)}, all...)
	return cmd, s.judge(namespace, cmd.Err())
}

func (s *State) hget(ctx context.Context, namespace, name, field string) (string, bool, error) {
	if err := s.down(); err != nil {
		return "", false, s.refusal(err)
	}
	text, err := s.client.HGet(context.WithoutCancel(ctx), s.base(namespace)+":"+name, field).Result()
	if errors.Is(err, redis.Nil) {
		return "", false, nil
	}
	return text, err == nil, s.refusal(s.judge(namespace, err))
}

func (s *State) hgetall(ctx context.Context, namespace, name string) (map[string]string, error) {
	if err := s.down(); err != nil {
		return nil, err
	}
	all, err := s.client.HGetAll(context.WithoutCancel(ctx), s.base(namespace)+":"+name).Result()
	return all, s.judge(namespace, err)
}

func (s *State) hmget(ctx context.Context, namespace, name string, fields []string) ([]any, error) {
	if err := s.down(); err != nil {
		return nil, err
	}
	values, err := s.client.HMGet(context.WithoutCancel(ctx), s.base(namespace)+":"+name, fields...).Result()
	return values, s.judge(namespace, err)
}
