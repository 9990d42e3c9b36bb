package verdict

import (
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/sentences"
)

// paidTwice finds things that cost money and were created again after the
// vendor had accepted them, because the answer got lost. Whether the client
// could have known is not the question: it could have looked.
func paidTwice(q *inquest) (found []Evidence) {
	for _, c := range q.certain {
		var first *journal.Exchange
		for _, e := range c.attempts {
			switch {
			case !creates(e) || !accepted(e):
			case first == nil:
				first = e
			default:
				found = append(found, of(sentences.New("%s was accepted, its answer lost by %s, and was created again", describe(first), because(first)), first, e))
			}
		}
	}
	return found
}

// creates reports whether the call creates something that is paid for as such,
// and lives on without its answer.
func creates(e *journal.Exchange) bool {
	path, _, _ := strings.Cut(e.URL, "?")
	paid := slices.Contains([]string{catalog.OpImage, "video", "transcription", catalog.OpBatch}, e.Operation)
	return paid && e.Method == "POST" && !strings.HasSuffix(path, "/cancel")
}
