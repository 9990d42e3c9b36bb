package verdict

import (
	"slices"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// moderation lists the errors by which the vendors refuse what is said.
var moderation = []string{
	"dashscope/model/DataInspectionFailed", "dashscope/model/CustomRoleBlocked",
	"qianfan/v2/functions_unsafe", "qianfan/v2/image_url_unsafe", "qianfan/v2/system_unsafe", "qianfan/v2/user_setting_unsafe",
}

// poisons finds conversations that went on with a turn that had been refused
// and were refused for the same again, or with one of which the client was told
// to forget it.
func poisons(q *inquest) (found []Evidence) {
	refused := map[string]*journal.Exchange{} // By error and last turn: where it was refused first.
	forget := map[journal.Turn]*journal.Exchange{}
	for _, e := range q.all {
		if len(e.Turns) == 0 {
			continue
		}
		content := told(e) && q.aboutContent(e)
		earlier, last := e.Turns[:len(e.Turns)-1], e.Turns[len(e.Turns)-1]
		for _, turn := range earlier {
			if before := refused[e.Error+turn.Role+turn.Hash]; content && before != nil {
				found = append(found, of(sentences.New("the turn that %s had refused was sent again with the conversation, and refused again", before.Error), before, e))
				break
			}
			if before := forget[turn]; before != nil {
				found = append(found, of(sentences.New("the turn of which the vendor said to clear the history was sent again with the conversation"), before, e))
				break
			}
		}
		if id := e.Error + last.Role + last.Hash; content && refused[id] == nil {
			refused[id] = e
		}
		if q.clearsHistory(e) && forget[last] == nil {
			forget[last] = e
		}
	}
	return found
}

// aboutContent reports whether what the conversation says was refused: by the
// vendors' moderation, or by a rule that looks at what is said.
func (q *inquest) aboutContent(e *journal.Exchange) bool {
	if slices.Contains(moderation, e.Error) && e.Retry == string(catalog.RetryAfterFix) {
		return true
	}
	r, o := q.answering(e)
	return r != nil && o.Error != "" && (r.Match.Prompt != nil || r.Match.History != nil || r.Sticky != nil && r.Sticky.By == scenarios.ByContent)
}

// clearsHistory reports whether a scripted answer told the client to clear the
// history.
func (q *inquest) clearsHistory(e *journal.Exchange) bool {
	r, o := q.answering(e)
	return r != nil && o.Reply != nil && o.Reply.NeedClearHistory && arrived(e) == whole
}

// answering returns the rule that answered, and with which of its outcomes; nil
// if none did. The last rule that fired answers, if it has an answer.
func (q *inquest) answering(e *journal.Exchange) (*scenarios.Rule, *scenarios.Outcome) {
	if e.Cause != string(scenarios.ByRule) || len(e.Rules) == 0 {
		return nil, nil
	}
	f := e.Rules[len(e.Rules)-1]
	at := slices.IndexFunc(q.scenario.Rules, func(r scenarios.Rule) bool { return r.Name == f.Rule })
	if at < 0 {
		return nil, nil
	}
	r := &q.scenario.Rules[at]
	if f.Step > 0 && f.Step <= len(r.Step) {
		return r, &r.Step[f.Step-1].Outcome
	}
	return r, &r.Outcome
}
