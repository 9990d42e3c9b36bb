package redisstate_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
	"github.com/mockllm/mockllm/scenarios"
)

// TestSameAsMemory visits a state in Redis and one in memory alike, at random, and
// demands the same of both.
func TestSameAsMemory(t *testing.T) {
	server := redistest.Run(t)
	states := []scenarios.State{scenarios.NewMemory(), open(t, server, patient, redisstate.Options{})}
	random := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 11, 21, 12, 0, 0, 999_999_999, time.UTC)
	for i := range 3000 {
		now = now.Add(time.Duration(random.Int64N(int64(8*time.Second))) - time.Second)
		counters, holds, claims := anyCounters(random), anyHolds(random), anyClaims(random)
		passed, shot := random.Uint64N(4)*uint64(i)/3, random.Uint64N(2)*random.Uint64N(uint64(i+1))
		other := random.IntN(10)
		var told []string
		for _, s := range states {
			c := scenarios.Call{Counters: counters, Holds: holds, Claims: claims, Passed: passed, Shot: shot}
			done, err := s.Visit(t.Context(), "", now, &c)
			if err != nil {
				t.Fatal(err)
			}
			text := fmt.Sprintln(done, len(c.Waiting))
			if done {
				var slots int
				for range c.Taken.Slots {
					slots++
				}
				text += fmt.Sprintln(c.Age, c.Values, c.Held, c.Taken.Refused, c.Taken.Left, c.Taken.Wait, c.Taken.Opens, slots)
			}
			told = append(told, text)
			switch other {
			case 0:
				if len(holds) > 0 {
					err = s.Hold(t.Context(), "", holds[0], now.Add(time.Duration(i)*time.Second/100))
				}
			case 1:
				tokens := slices.DeleteFunc(slices.Clone(claims), func(c scenarios.Claim) bool { return c.Unit != catalog.UnitTPM })
				err = s.Spend(t.Context(), "", now.Add(-time.Duration(i)*time.Millisecond), tokens)
			case 2:
				_, err = s.Queue(t.Context(), "", scenarios.Queued{Left: 2, Until: now.Add(20 * time.Second), Source: []byte(`{"error": "Throttling"}`)})
			case 3, 4, 5:
				err = s.Free(t.Context(), "", c.Taken.Slots)
			case 6:
				if i%50 == 0 {
					err = s.Reset(t.Context(), "")
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if told[0] != told[1] {
			t.Fatalf("visit %d of %v, %v, %v, %d, %d:\nmemory %sredis  %s", i, counters, holds, claims, passed, shot, told[0], told[1])
		}
	}
}

func anyCounters(random *rand.Rand) []scenarios.Counter {
	var all []scenarios.Counter
	for range random.IntN(5) {
		c := scenarios.Counter{Rule: fmt.Sprint("r", random.IntN(3))}
		if random.IntN(2) == 0 {
			c.Key = fmt.Sprint("k", random.IntN(3))
		}
		if random.IntN(2) == 0 {
			c.From, c.To = time.Minute, 10*time.Minute
		}
		all = append(all, c)
	}
	return all
}

func anyHolds(random *rand.Rand) []scenarios.Hold {
	var all []scenarios.Hold
	for range random.IntN(3) {
		all = append(all, scenarios.Hold{Rule: "r", For: fmt.Sprint(random.IntN(4))})
	}
	return all
}

func anyClaims(random *rand.Rand) []scenarios.Claim {
	var all []scenarios.Claim
	for i, unit := range catalog.Units() {
		if random.IntN(3) > 0 {
			continue
		}
		c := scenarios.Claim{Limit: "l", Unit: unit, Key: fmt.Sprint(random.IntN(2)), Max: uint64(7 * (i + 1)), Amount: 1, Window: scenarios.UnitWindow(unit)}
		switch unit {
		case catalog.UnitTPM:
			c.Amount = random.Uint64N(c.Max + 2)
		case catalog.UnitBurst:
			c.Patience = time.Duration(random.Int64N(int64(time.Second)))
		case catalog.UnitTotal:
			c.Max = 500
		}
		if random.IntN(20) == 0 && c.Window > 0 {
			c.Window /= 7
		}
		all = append(all, c)
	}
	return all
}
