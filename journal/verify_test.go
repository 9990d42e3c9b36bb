package journal

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/scenarios"
)

func filled(exchanges int) *Journal {
	j := New(exchanges, 1<<20)
	for _, e := range []Exchange{
		{Dialect: "d", Operation: "chat", Model: "qwen-plus", Cause: "rule", Error: "p/f/c", Rules: []Firing{{Rule: "quota"}}, Key: "sk-0***ef", Body: "hello"},
		{Dialect: "d", Operation: "chat", Model: "qwen-max", Cause: "success", Body: "hello"},
		{Dialect: "d", Operation: "token", Model: "ernie", Cause: "success", Body: "hi"},
		{Namespace: "other", Operation: "chat"},
	} {
		j.Finish(j.Begin(e), Sent{Status: 200})
	}
	return j
}

func TestVerify(t *testing.T) {
	j := filled(10)
	for name, c := range map[string]struct {
		claim Claim
		want  string // ok, ids, and the fields of the near misses.
	}{
		"all":             {Claim{AtLeast: 3, AtMost: 3}, "true [1 2 3] "},
		"too few":         {Claim{AtLeast: 4, AtMost: -1}, "false [1 2 3] "},
		"too many":        {Claim{AtMost: 2, Pattern: Pattern{Status: 200}}, "false [1 2 3] "},
		"none":            {Claim{Pattern: Pattern{Status: 500}}, "true [] "},
		"model":           {Claim{Pattern: Pattern{Model: "qwen-*"}, AtLeast: 2, AtMost: 2}, "true [1 2] "},
		"error":           {Claim{Pattern: Pattern{Errors: []string{"p/f/c"}}, AtLeast: 1, AtMost: -1}, "true [1] "},
		"rule":            {Claim{Pattern: Pattern{Rule: "quota"}, AtLeast: 1, AtMost: -1}, "true [1] "},
		"key":             {Claim{Pattern: Pattern{Key: "sk-0***ef"}, AtLeast: 1, AtMost: -1}, "true [1] "},
		"body":            {Claim{Pattern: Pattern{BodyContains: "ell"}, AtLeast: 2, AtMost: 2}, "true [1 2] "},
		"near, by one":    {Claim{Pattern: Pattern{Operation: "chat", Cause: "success", Model: "ernie"}, AtLeast: 1, AtMost: -1}, "false [] 3:operation 2:model 1:model"},
		"near, the body":  {Claim{Pattern: Pattern{BodyContains: "bye", Operation: "token"}, AtLeast: 1, AtMost: -1}, "false [] 3:body_contains 2:operation 1:operation"},
		"near and enough": {Claim{Pattern: Pattern{Operation: "token"}, AtLeast: 1, AtMost: 1}, "true [3] "},
	} {
		f, err := j.Verify("", c.claim)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var near []string
		for _, m := range f.Near {
			near = append(near, fmt.Sprintf("%d:%s", m.Exchange, m.Field))
		}
		if got := fmt.Sprint(f.OK, f.Exchanges, strings.Join(near, " ")); got != strings.Replace(c.want, "] ", "]", 1) && got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestVerifyOfEvicted is sure only where no number of evicted exchanges could
// change the result.
func TestVerifyOfEvicted(t *testing.T) {
	j := filled(3) // Exchange 1 is gone; 2 and 3 are left of the namespace.
	for _, c := range []struct {
		least, most int
		want        string
	}{
		{2, -1, "true"}, {3, -1, "unsure"}, {4, -1, "false"}, {0, 3, "true"}, {0, 2, "unsure"}, {0, 1, "false"}, {2, 3, "true"}, {2, 2, "unsure"}, {5, 5, "false"},
	} {
		f, err := j.Verify("", Claim{AtLeast: c.least, AtMost: c.most})
		got := fmt.Sprint(f.OK)
		if unsure := new(UnsureError); errors.As(err, &unsure) && unsure.Evicted == 1 && unsure.Count == 2 {
			got = "unsure"
		}
		if got != c.want {
			t.Errorf("%d to %d: %s, want %s", c.least, c.most, got, c.want)
		}
	}
	if f, err := j.Verify("other", Claim{AtLeast: 1, AtMost: 1}); err != nil || !f.OK {
		t.Errorf("another namespace lost nothing: %+v, %v", f, err)
	}
}

// TestVerifyOfCutBodies does not take for missing what was not kept.
func TestVerifyOfCutBodies(t *testing.T) {
	j := New(5, 1<<20)
	c := call()
	c.Body = []byte(strings.Repeat("x", keptBody) + "needle")
	j.Begin(Exchange{Raw: Keep(c)})
	var unsure *UnsureError
	if _, err := j.Verify("", Claim{Pattern: Pattern{BodyContains: "needle"}}); !errors.As(err, &unsure) || unsure.Cut != 1 {
		t.Errorf("got %v", err)
	}
	if f, err := j.Verify("", Claim{Pattern: Pattern{BodyContains: "xxx"}, AtLeast: 1, AtMost: 1}); err != nil || !f.OK {
		t.Errorf("got %+v, %v", f, err)
	}
}

// Whoever may ask must not find out a secret letter by letter.
func TestVerifyIsNoOracle(t *testing.T) {
	j := New(5, 1<<20)
	j.Begin(Exchange{Raw: Keep(call())})
	for _, p := range []Pattern{{BodyContains: secret[:7]}, {Model: scenarios.Glob("*" + secret[4:8] + "*")}, {Key: secret}} {
		if f, err := j.Verify("", Claim{Pattern: p, AtMost: -1}); err != nil || f.Count != 0 {
			t.Errorf("%+v: %+v, %v", p, f, err)
		}
	}
}
