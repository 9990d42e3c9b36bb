package responders

import (
	"bytes"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// Qianfan's content review, of which a harmless text that stands for what is
// unsafe is enough.

// ofAnswer follows the marker where the answer is what offends.
const ofAnswer = "-output"

// reviews reports whether anything is reviewed at all.
func (q *question) reviews() bool { return q.refusals.Mode != "off" }

// offends reports whether the text is unsafe.
func (q *question) offends(text string) bool {
	marker := q.refusals.Unsafe
	return q.reviews() && strings.Count(text, marker) > strings.Count(text, marker+ofAnswer)
}

// provokes reports whether the answer to the text is unsafe.
func (q *question) provokes(text string) bool {
	return q.reviews() && strings.Contains(text, q.refusals.Unsafe+ofAnswer)
}

// The grades of the flag that says what a client has to do with an answer.
const (
	flagNoChat  = 2 // No more chat; what is said may be shown.
	flagRetract = 4 // What was shown is to be taken back.
)

// review returns what the review makes of a conversation that is answered all
// the same; nil if nothing is wrong with it.
func (q *question) review() *safety {
	if round := q.bannedRound(); round != 0 {
		flag := flagNoChat
		return &safety{clearHistory: true, banRound: &round, flag: &flag, unsafe: true, withheld: true}
	}
	if q.provokes(q.r.Prompt()) {
		flag := flagRetract
		return &safety{flag: &flag, unsafe: true, late: true}
	}
	return nil
}

// bannedRound returns where the conversation offends: -1 for the current
// question, else the number of the first round that does, or 0.
func (q *question) bannedRound() int {
	if q.offends(q.r.Prompt()) {
		return -1
	}
	round := 0
	for _, turn := range q.r.Turns {
		if turn.Role == "user" {
			round++
		}
		if !isSystem(turn) && q.offends(turn.Text) {
			return max(round, 1)
		}
	}
	return 0
}

func isSystem(t scenarios.Turn) bool { return t.Role == "system" || t.Role == "developer" }

// systemOffends reports whether the system's turn is unsafe.
func (q *question) systemOffends() bool {
	for _, turn := range q.r.Turns {
		if isSystem(turn) && q.offends(turn.Text) {
			return true
		}
	}
	return false
}

// functionsOffend reports whether anything in a list of functions is unsafe.
func (q *question) functionsOffend(functions gjson.Result) bool {
	for _, function := range functions.Array() {
		for _, part := range []string{"name", "description", "parameters"} {
			if q.offends(function.Get(part).String()) {
				return true
			}
		}
	}
	return false
}

// picturesOffend reports whether the address of a picture is unsafe, or the
// picture in it.
func (q *question) picturesOffend() bool {
	if !bytes.Contains(q.r.Body, []byte("image_url")) && bytes.IndexByte(q.r.Body, '\\') < 0 {
		return false // Nor does that stand there with some of it escaped.
	}
	for _, message := range q.body.Get("messages.#.content.#.image_url.url").Array() {
		for _, url := range message.Array() {
			if q.offends(url.String()) {
				return true
			}
		}
	}
	return false
}

// withheldText is said instead of an answer to an unsafe question.
const withheldText = "这个话题我不便回答，我们换个话题吧。"

// reviewed makes the completion what the review leaves of it.
func (out *completion) reviewed(s safety) {
	out.safety = s
	out.finish, out.scripted = "content_filter", true
	if s.withheld {
		out.text, out.reasoning, out.calls = withheldText, "", nil
	}
}

// at returns what an answer says of its safety so far: that it offends itself
// shows at its end only.
func (s safety) at(last bool) safety {
	if s.late && !last {
		return safety{}
	}
	return s
}
