package redisstate

import (
	"embed"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var sources embed.FS

// scripts are what runs in Redis. Each is sent by its hash, and in full only if
// Redis does not know it yet.
type scripts struct {
	visit, look, spend, free, live, reset, hold, release, queue, unqueue, commit, list, tell, empty, keep *redis.Script
}

func newScripts() scripts {
	return scripts{
		visit: script("visit"), look: script("look"), spend: script("spend"), free: script("free"), live: script("live"), reset: script("reset"),
		hold: script("hold"), release: script("release"), queue: script("queue"), unqueue: script("unqueue"),
		commit: script("commit"), list: script("list"), tell: script("tell"), empty: script("empty"), keep: script("keep"),
	}
}

// script puts what all scripts share before one of them.
func script(name string) *redis.Script {
	var b strings.Builder
	for _, part := range []string{"lib", name} {
		text, err := sources.ReadFile("lua/" + part + ".lua")
		if err != nil {
			panic(err) // It is part of the program.
		}
		b.Write(text)
		b.WriteByte('\n')
	}
	return redis.NewScript(b.String())
}

// args are the arguments of a script.
type args []any

func (a *args) text(texts ...string) {
	for _, t := range texts {
		*a = append(*a, t)
	}
}

// mostNumber is the greatest number that scripts count with exactly: their
// numbers are floats.
const mostNumber = 1 << 53

func (a *args) number(n uint64) { *a = append(*a, strconv.FormatUint(min(n, mostNumber), 10)) }

// mostSpan stands for all longer durations, in nanoseconds: more than a century.
const mostSpan = 1 << 62

func (a *args) span(durations ...time.Duration) {
	for _, d := range durations {
		*a = append(*a, strconv.FormatInt(int64(min(d, mostSpan)), 10))
	}
}

// moment adds a time in seconds and nanoseconds; the zero time is 0 and 0.
func (a *args) moment(t time.Time) {
	if t.IsZero() {
		a.text("0", "0")
		return
	}
	a.text(strconv.FormatInt(t.Unix(), 10), strconv.Itoa(t.Nanosecond()))
}

// momentOf reads what moment wrote.
func momentOf(sec, nsec string) time.Time {
	s, _ := strconv.ParseInt(sec, 10, 64)
	n, _ := strconv.ParseInt(nsec, 10, 64)
	if s == 0 && n == 0 {
		return time.Time{}
	}
	return time.Unix(s, n)
}

// field joins texts to a name that no other texts are joined to.
func field(texts ...string) string {
	var b strings.Builder
	for i, t := range texts {
		if i < len(texts)-1 {
			b.WriteString(strconv.Itoa(len(t)))
			b.WriteByte(':')
		}
		b.WriteString(t)
	}
	return b.String()
}
