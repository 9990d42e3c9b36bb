package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A row is one line of the results.
type row struct {
	figure string
	result string
	wanted string // "" where nothing is asked for.
	missed bool
}

// A figure is something that is measured.
type figure struct {
	name    string
	measure func(plan) ([]row, error)
}

func figures() []figure {
	return []figure{
		{"answers", plan.answers}, {"rules", plan.rules}, {"namespaces", plan.namespaces},
		{"streams", plan.streams}, {"idle", plan.idle}, {"process", plan.process}, {"peers", plan.peers},
	}
}

// least judges a ratio of which there must be that much.
func least(name string, c, other *contestant, bound float64) row {
	ratio := c.against(other)
	return row{
		figure: name,
		result: fmt.Sprintf("**%.2f** (%s against %s calls/s; %s against %s of processor time per call)", ratio,
			thousands(c.rate()), thousands(other.rate()), micro(c.perCall()), micro(other.perCall())),
		wanted: fmt.Sprintf("at least %.2f", bound), missed: ratio < bound,
	}
}

func thousands(rate float64) string { return fmt.Sprintf("%.1fk", rate/1000) }

func micro(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d)/1000) }

// answers compares an error and a success with a bare handler that sends the
// same bytes.
func (p plan) answers() (rows []row, err error) {
	for _, c := range []struct {
		name, rules string
		status      int
	}{
		{"an injected error", failing, http.StatusTooManyRequests},
		{"a success", "", http.StatusOK},
	} {
		r, err := p.againstBare(c.name, c.rules, c.status)
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (p plan) againstBare(name, rules string, status int) (row, error) {
	ours, err := p.follows("answer", rules)
	if err != nil {
		return row{}, err
	}
	defer ours.stop()
	sent, err := probe(ours.address, chat(chatPath, wholeBody))
	if err != nil {
		return row{}, err
	}
	bare, err := own(role{Bare: sent})
	if err != nil {
		return row{}, err
	}
	defer bare.stop()
	us := &contestant{name: "mockllm", server: ours, calls: []call{chat(chatPath, wholeBody)}, status: status}
	them := &contestant{name: "bare handler", server: bare, calls: []call{chat(chatPath, wholeBody)}, status: status}
	if err := p.contest(us, them); err != nil {
		return row{}, err
	}
	return least(name+" / a bare handler with the same bytes", us, them, 0.85), nil
}

// follows starts the product with a scenario.
func (p plan) follows(name, rules string) (*server, error) {
	arguments, err := p.scenario(name, rules)
	if err != nil {
		return nil, err
	}
	return p.product(arguments...)
}

// rules compares a thousand rules with one.
func (p plan) rules() ([]row, error) {
	many, err := p.follows("many", manyRules(1000))
	if err != nil {
		return nil, err
	}
	defer many.stop()
	one, err := p.follows("one", failing)
	if err != nil {
		return nil, err
	}
	defer one.stop()
	a := &contestant{name: "1,000 rules", server: many, calls: []call{chat(chatPath, wholeBody)}, status: http.StatusTooManyRequests}
	b := &contestant{name: "1 rule", server: one, calls: []call{chat(chatPath, wholeBody)}, status: http.StatusTooManyRequests}
	if err := p.contest(a, b); err != nil {
		return nil, err
	}
	return []row{least("1,000 rules / 1 rule", a, b, 0.9)}, nil
}

// namespaces compares calls in 64 namespaces with calls in one.
func (p plan) namespaces() ([]row, error) {
	ours, err := p.follows("namespaces", failing)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	other, err := p.follows("namespace", failing)
	if err != nil {
		return nil, err
	}
	defer other.stop()
	a := &contestant{name: "64 namespaces", server: ours, status: http.StatusTooManyRequests}
	for i := range 64 {
		a.calls = append(a.calls, chat(fmt.Sprintf("/ns/test-%02d%s", i, chatPath), wholeBody))
	}
	b := &contestant{name: "1 namespace", server: other, calls: a.calls[:1], status: http.StatusTooManyRequests}
	if err := p.contest(a, b); err != nil {
		return nil, err
	}
	return []row{least("64 namespaces / 1 namespace", a, b, 0.9)}, nil
}

// streams compares many paced streams with a handler that sleeps, writes and
// flushes. Each crowd meets a server that has just begun: what another left
// behind would hide what this one takes.
func (p plan) streams() ([]row, error) {
	const every = 50 * time.Millisecond
	follow := func() (*server, error) { return p.follows("paced", pacedStream(p.frames, every)) }
	ours, err := follow()
	if err != nil {
		return nil, err
	}
	sent, err := probe(ours.address, chat(chatPath, streamedBody))
	ours.stop()
	if err != nil {
		return nil, err
	}
	bare := func() (*server, error) {
		return own(role{Stream: &cadence{answer: *sent, Frames: framesOf(sent.Body), Every: every}})
	}
	var us, them many
	for range p.rounds {
		for _, one := range []struct {
			start func() (*server, error)
			all   *many
		}{{follow, &us}, {bare, &them}} {
			s, err := one.start()
			if err != nil {
				return nil, err
			}
			c := crowd{server: s, call: chat(chatPath, streamedBody), streams: p.paced, frames: p.frames, every: every, spread: time.Second}
			saw, err := c.watch()
			s.stop()
			if err != nil {
				return nil, err
			}
			one.all.add(saw)
		}
	}
	return p.compareStreams(us, them), nil
}

// many is what several crowds saw, one after the other.
type many struct {
	frames int
	late   []time.Duration // The 99th percentile of each crowd,
	half   []time.Duration // and the median.
	memory []int64
}

func (m *many) add(s seen) {
	m.frames += s.frames
	m.late, m.half = append(m.late, quantile(s.lateness, 0.99)), append(m.half, quantile(s.lateness, 0.5))
	if s.memory > 0 {
		m.memory = append(m.memory, s.memory)
	}
}

func (p plan) compareStreams(us, them many) []row {
	const bound = 1.5
	name := fmt.Sprintf("%d streams at 20 frames a second", p.paced)
	wanted := p.paced * p.frames * p.rounds
	late := float64(median(us.late)) / float64(max(median(them.late), 1))
	memory := float64(median(us.memory)) / float64(max(median(them.memory), 1))
	return []row{
		{name + ": frames lost", fmt.Sprintf("**%d** of %d", wanted-us.frames, wanted), "none", us.frames != wanted},
		{name + ": 99th percentile of lateness / a handler that sleeps, writes and flushes",
			fmt.Sprintf("**%.2f** (%s against %s; median %s against %s)", late, milli(median(us.late)), milli(median(them.late)), milli(median(us.half)), milli(median(them.half))),
			fmt.Sprintf("at most %.1f", bound), late > bound},
		{name + ": memory of a stream / of the same handler's",
			fmt.Sprintf("**%.2f** (%d KiB against %d KiB)", memory, median(us.memory)>>10, median(them.memory)>>10),
			fmt.Sprintf("at most %.1f", bound), memory > bound},
	}
}

func milli(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }

// idle holds many streams that say hardly anything.
func (p plan) idle() ([]row, error) {
	const frames = 4
	name := fmt.Sprintf("%d mostly idle streams", p.idleStreams)
	if need := uint64(p.idleStreams) + 200; p.files < need {
		return []row{{name, fmt.Sprintf("NOT MEASURED: %d open files are allowed, %d are needed", p.files, need), "held", false}}, nil
	}
	ours, err := p.follows("idle", pacedStream(frames, p.idleEvery))
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	c := crowd{server: ours, call: chat(chatPath, streamedBody), streams: p.idleStreams, frames: frames, every: p.idleEvery, spread: p.idleEvery / 2}
	s, err := c.watch()
	if err != nil {
		return nil, err
	}
	wanted := p.idleStreams * frames
	return []row{{
		name + ", a frame every " + p.idleEvery.String(),
		fmt.Sprintf("**%d** of %d frames came, %d KiB for each stream", s.frames, wanted, s.memory>>10), "held", s.frames != wanted,
	}}, nil
}

// markdown writes the results as a table.
func markdown(rows []row) string {
	var b strings.Builder
	b.WriteString("| figure | result | wanted |\n|---|---|---|\n")
	for _, r := range rows {
		wanted := r.wanted
		if r.missed {
			wanted += " – **missed**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.figure, r.result, wanted)
	}
	return b.String()
}
