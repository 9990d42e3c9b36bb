package scenarios

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// The engine stands in the way of every request: its cost must stay far below
// that of a request on the wire, which is tens of microseconds.
func BenchmarkDecide(b *testing.B) {
	hundred := ""
	for i := range 100 {
		match := fmt.Sprintf("match = { model = \"model-%d\", prompt = \"refund\" }", i)
		if i%40 == 10 { // 10, 50 and 90 match.
			match = `match = { model = "m", prompt = "hello" }`
		}
		hundred += replyRule(fmt.Sprint("r", i), match+"\nwhen = { probability = 0.01, per = \"key\" }")
	}
	for _, c := range []struct{ name, text string }{
		{"no rules", ""},
		{"1 rule", replyRule("r", `when = { probability = 0.1 }`)},
		{"1 rule with steps and chance", "[[rule]]\nname = \"r\"\nwhen.probability = 0.5\nthen = \"loop\"\nstep = [ { reply = {} } ]\n"},
		{"100 rules, 3 match", hundred},
	} {
		b.Run(c.name, func(b *testing.B) {
			e := NewEngine(mustLoad(b, c.text), Settings{}, NewMemory())
			r := chat("qianfan-v1", func(r *Request) { r.Turns = []Turn{{"user", strings.Repeat("hello ", 50)}} })
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Decide(context.Background(), start, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Two namespaces take turns: what is remembered of one must not be thrown away
// for the other, or the cost of a call grows with the number of calls.
func BenchmarkDecideStepsInTwoNamespaces(b *testing.B) {
	e := NewEngine(mustLoad(b, "[[rule]]\nname = \"r\"\nwhen.probability = 0.5\nthen = \"loop\"\nstep = [ { reply = {} } ]\n"), Settings{}, NewMemory())
	one, two := chat("qianfan-v1", namespace("one")), chat("qianfan-v1", namespace("two"))
	for range 20_000 { // One namespace is far ahead of the other.
		if _, err := e.Decide(context.Background(), start, one); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range []*Request{one, two} {
			if _, err := e.Decide(context.Background(), start, r); err != nil {
				b.Fatal(err)
			}
		}
	}
}
