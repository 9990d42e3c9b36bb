package redisstate

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm/scenarios"
)

// defaultLease is how long the places of a replica that died are still taken.
const defaultLease = 15 * time.Second

// Replicas are numbered, so that the ids of exchanges tell them apart; numbers are
// used again after that many.
const maxReplicas = 1 << 20

// rosterTime is how long the newest number is remembered when no replica runs.
const rosterTime = 7 * 24 * time.Hour

// enrol gets this replica its number.
func (s *State) enrol(ctx context.Context) error {
	n, err := s.client.Incr(ctx, s.prefix+":replicas").Uint64()
	if err != nil {
		return err
	}
	s.number = (n-1)%maxReplicas + 1
	if err := s.client.Expire(ctx, s.prefix+":replicas", rosterTime).Err(); err != nil {
		return err
	}
	_, err = s.World(ctx, "")
	return err
}

// Replica returns this replica's number, from 1. No two that run at the same time
// have the same.
func (s *State) Replica() uint64 { return s.number }

// The places of a replica are noted under its number and how often it lost sight
// of Redis. Whatever it held before that comes back by itself: nobody knows what
// of it was given back in vain.
const (
	epochBits = 12
	worldBits = 51
)

func (s *State) currentEpoch() uint64 {
	s.guard.Lock()
	defer s.guard.Unlock()
	return s.epoch % (1 << epochBits)
}

// holder names the replica in an epoch.
func (s *State) holder(epoch uint64) string {
	return strconv.FormatUint(s.number, 10) + "." + strconv.FormatUint(epoch, 10)
}

// holding notes that so many places more are held.
func (s *State) holding(namespace string, more int) {
	if more == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[namespace] += more; s.held[namespace] <= 0 {
		delete(s.held, namespace)
	}
}

// tend says that this replica lives, and looks for Redis when that is gone, until
// the state is closed.
func (s *State) tend() {
	for s.alive.Err() == nil {
		if s.gone() {
			s.probe()
		} else {
			s.live()
		}
		if !s.gone() {
			s.mention()
		}
		ctx, wake := context.WithCancel(s.alive)
		s.clock.Sleep(ctx, s.rest(wake))
		wake()
	}
}

func (s *State) gone() bool {
	s.guard.Lock()
	defer s.guard.Unlock()
	return s.cause != nil
}

// rest returns how long there is nothing to do; an outage wakes before.
func (s *State) rest(wake context.CancelFunc) time.Duration {
	s.guard.Lock()
	defer s.guard.Unlock()
	if s.cause != nil {
		s.wake = nil
		return probeEvery
	}
	s.wake = wake
	return s.beat
}

// probe asks whether Redis is there and takes what is written, where it did not.
func (s *State) probe() {
	s.guard.Lock()
	key := s.base(s.missed) + ":probe"
	s.guard.Unlock()
	if nodes, clustered := s.client.(*redis.ClusterClient); clustered {
		nodes.ReloadState(s.alive) // Another one may have taken the place of that which is gone.
	}
	if err := s.client.Set(s.alive, key, s.number, time.Minute).Err(); err == nil {
		s.mu.Lock()
		clear(s.held)
		s.mu.Unlock()
		s.recovered()
	}
}

// rosterNamespace has its keys where the roster is, {prefix:replicas} hashing as
// prefix:replicas does.
const rosterNamespace = "replicas"

// roster keeps the newest number, also over a Redis that forgot it.
const roster = `if tonumber(redis.call('GET', KEYS[1]) or 0) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return redis.call('EXPIRE', KEYS[1], ARGV[2])`

// live says that this replica lives: what it holds is kept, and the default
// namespace lives as long as any replica does.
func (s *State) live() {
	err := redis.NewScript(roster).Run(s.alive, s.client, []string{s.prefix + ":replicas"}, s.number, int(rosterTime.Seconds())).Err()
	if s.alive.Err() != nil || s.judge(rosterNamespace, err) != nil {
		return
	}
	if _, err := s.World(s.alive, ""); err != nil {
		return
	}
	s.mu.Lock()
	namespaces := map[string]bool{"": false, scenarios.Connections: false}
	for namespace := range s.held {
		namespaces[namespace] = true
	}
	s.mu.Unlock()
	for namespace, holds := range namespaces {
		a := args{}
		a.text("", s.lease)
		if holds {
			a[0] = s.holder(s.currentEpoch())
		}
		if _, err := s.eval(s.alive, s.scripts.live, namespace, a); err != nil {
			return
		}
	}
}
