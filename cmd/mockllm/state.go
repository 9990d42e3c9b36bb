package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9/logging"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mockllm/mockllm/redisstate"
)

// stateFlags are the flags of serve that are about the state that replicas share.
type stateFlags struct{ address, failure string }

func (f *stateFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.address, "state", "", "keep what is counted in a Redis that all replicas share, a `URL` such as redis://host:6379/0?prefix=load; in memory without")
	c.Flags().StringVar(&f.failure, "state-failure", "", "what becomes of calls while that Redis is gone: refuse (which it is without) answers our own 503, local has each replica decide by itself")
}

// check says what is wrong with the flags. The address is never quoted: it may
// hold a password.
func (f *stateFlags) check(flags *pflag.FlagSet, problems *problems) {
	if f.address != "" {
		if _, err := redisstate.Parse(f.address); err != nil {
			problems.add("%s: %v", spoken(flags, "state"), err)
		}
	}
	switch redisstate.Failure(f.failure) {
	case "", redisstate.Refuse, redisstate.Local:
		if f.failure != "" && f.address == "" {
			problems.add("%s: goes with --state", spoken(flags, "state-failure"))
		}
	default:
		problems.add("%s: unknown value %q; it is refuse or local", spoken(flags, "state-failure"), f.failure)
	}
}

// open connects to the Redis that is asked for; nil if none is.
func (f *stateFlags) open(ctx context.Context, log *slog.Logger) (*redisstate.State, error) {
	if f.address == "" {
		return nil, nil
	}
	logging.Disable() // Of the library: it tells of each attempt, and we of each change.
	state, err := redisstate.Open(ctx, f.address, redisstate.Options{Failure: redisstate.Failure(f.failure), Log: log})
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	return state, nil
}
