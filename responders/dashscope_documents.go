package responders

import (
	"bytes"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Files whose text a chat is about: a system's turn names them.

// fileScheme begins each of the names.
const fileScheme = "fileid://"

// mostDocuments is how many files one chat may be about, as documented.
const mostDocuments = 100

// readsFiles reports whether chats with the model can be about files.
func readsFiles(model string) bool {
	return strings.HasPrefix(model, "qwen-long") || strings.HasPrefix(model, "qwen-doc")
}

// files refuses files that cannot be read, or not yet.
func (q *dashScopeQuestion) files(said []scenarios.Turn) *scenarios.Refusal {
	if q.in.Records == nil || !readsFiles(q.r.Model) {
		return nil
	}
	named := 0
	for _, turn := range said {
		if turn.Role != "system" || !strings.HasPrefix(turn.Text, fileScheme) {
			continue
		}
		for name := range strings.SplitSeq(turn.Text, ",") {
			id, isFile := strings.CutPrefix(strings.TrimSpace(name), fileScheme)
			if !isFile {
				continue
			}
			if named++; named > mostDocuments {
				return invalidParameter("Too many files provided.", nil)
			}
			if refused := q.file(clipped(id)); refused != nil {
				return refused
			}
		}
	}
	return nil
}

func (q *dashScopeQuestion) file(id string) *scenarios.Refusal {
	told := map[string]string{"file_id": id}
	switch f, found := (Meta{Records: q.in.Records, Now: q.in.Now}).file(catalog.DashScope, id); {
	case !found:
		return invalidParameter("File [id:{file_id}] cannot be found.", told)
	case f.purpose != toBeParsed:
		return invalidParameter("Invalid file [id:{file_id}].", told)
	case q.in.Now.Before(f.ready):
		return invalidParameter("File parsing in progress, please try again later.", nil)
	case len(bytes.TrimSpace(f.content)) == 0:
		return invalidParameter("File [id:{file_id}] content blank.", told)
	}
	return nil
}
