package journal

import (
	"reflect"
	"slices"
	"testing"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// fill gives every field a value of its own, as far as values of its type can be
// packed, but those that are named.
func fill(of any, left ...string) {
	v := reflect.ValueOf(of).Elem()
	for i := range v.NumField() {
		field, n := v.Field(i), int64(i+1)
		if slices.Contains(left, v.Type().Field(i).Name) || !field.CanSet() {
			continue
		}
		switch field.Kind() {
		case reflect.String:
			field.SetString(string(rune('a' + i)))
		case reflect.Bool:
			field.SetBool(true)
		case reflect.Int, reflect.Int32, reflect.Int64:
			field.SetInt(-n * 1000)
		case reflect.Uint8:
			field.SetUint(uint64(n))
		case reflect.Uint64:
			field.SetUint(1 << 63)
		case reflect.Float64:
			field.SetFloat(0.1)
		case reflect.Slice:
			if field.Type().Elem().Kind() == reflect.Uint8 {
				field.SetBytes([]byte{0, 255, byte(i)})
			} else {
				field.Set(reflect.MakeSlice(field.Type(), 2, 2))
			}
		default:
			panic("no value for " + v.Type().Field(i).Name)
		}
	}
}

// TestCallIsKept holds that nothing of a request is lost but what is left out on
// purpose, whatever fields it gets.
func TestCallIsKept(t *testing.T) {
	var q scenarios.Request
	fill(&q, "Header", "Identity", "Refused", "Records", "Detail")
	fill(&q.Turns[0])
	fill(&q.Turns[1])
	passed := make([]scenarios.Pass, 2)
	fill(&passed[0])
	c := Call{Request: &q, Header: map[string][]string{"A": {"b", "c"}}, Host: "host", Path: "path", Query: "query", Passed: passed}
	for name, body := range map[string][]byte{"its body": q.Body, "another body": []byte("another"), "no body": nil} {
		c.Body = body
		got := Keep(c).came()
		got.unpack()
		if !reflect.DeepEqual(got.request, q) || !reflect.DeepEqual(got.passed, passed) {
			t.Errorf("%s: got\n%+v\n%+v\nwant\n%+v\n%+v", name, got.request, got.passed, q, passed)
		}
		if got.host != "host" || got.path != "path" || got.query != "query" {
			t.Errorf("%s: %q %q %q", name, got.host, got.path, got.query)
		}
	}
}

// TestScriptIsKept holds the same for steps, whatever fields they get.
func TestScriptIsKept(t *testing.T) {
	full := play.Step{Portion: &play.Portion{}}
	fill(&full, "Header", "Late", "Speech", "Portion")
	fill(full.Portion, "ends", "pace")
	full.Kind = play.Hang
	script := play.Script{full, {Kind: play.Shut, Reason: "bye", Data: []byte{}}, {Kind: play.Write, Data: []byte("x")}}
	got := Keep(Call{Request: &scenarios.Request{}, Script: script}).planned()
	if !reflect.DeepEqual(got.script, []play.Step(script)) || got.steps != len(script) {
		t.Errorf("got\n%+v\nwant\n%+v", got.script, script)
	}
	script[0].Late = func(int) []byte { return nil }
	if got := Keep(Call{Request: &scenarios.Request{}, Script: script}).planned().script[0]; got.Late == nil || got.String() != script[0].String() {
		t.Errorf("late: got %v, want %v", got, script[0])
	}
}

// TestSurvey holds that exactly as much is taken as is packed.
func TestSurvey(t *testing.T) {
	long := make([]byte, keptBody/3)
	var script play.Script
	for n := range 2 * (keptSteps + keptBeats) {
		if got := packScript(script); n > fewSteps && len(got) != cap(got) || len(got) != survey(script).size {
			t.Fatalf("%d steps: %d bytes of %d, surveyed %d", n, len(got), cap(got), survey(script).size)
		}
		script = append(script, play.Step{Kind: play.Write, Data: long[:n%len(long)], Rate: int32(n)})
	}
}
