package responders

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Calls that make a task. The answer is its id; what becomes of it is asked for
// later.

const (
	tasksPath         = "/api/v1/tasks"
	taskServices      = "/api/v1/services/aigc/"
	transcriptionPath = "/api/v1/services/audio/asr/transcription"
)

// A taskKind is a kind of task: what it is made of and what comes out.
type taskKind struct {
	path      string // Behind taskServices; "" where the operation alone decides.
	operation string
	needs     string        // What the input must have.
	keys      string        // The parts of the path as the list of tasks names them.
	output    func(outcome) // Writes what a task that succeeds has.
	metrics   bool          // Whether a task counts its results.
	coarse    bool          // Whether the end of one that succeeds is told in whole seconds.
}

// taskKinds is every kind. Ids of tasks hold places in it.
var taskKinds = []taskKind{
	{path: "text2image/image-synthesis", operation: catalog.OpImage, needs: "prompt", output: outcome.pictures, metrics: true},
	{path: "image2image/image-synthesis", operation: catalog.OpImage, output: outcome.pictures, metrics: true},
	{path: "image2image/out-painting", operation: catalog.OpImage, output: outcome.onePicture},
	{path: "image-generation/generation", operation: catalog.OpImage, output: outcome.repaint, coarse: true},
	{path: "background-generation/generation", operation: catalog.OpImage, output: outcome.pictures, metrics: true},
	{path: "virtualmodel/generation", operation: catalog.OpImage, output: outcome.pictures, metrics: true},
	{path: "video-generation/video-synthesis", operation: catalog.OpVideo, output: outcome.video},
	{path: "image2video/video-synthesis", operation: catalog.OpVideo, output: outcome.videoOfPicture},
	{path: "video-generation/3d-generation", operation: catalog.OpVideo, output: outcome.video},
	{operation: catalog.OpTranscription, keys: "audio:asr:transcription", output: outcome.transcripts, metrics: true},
	{operation: catalog.OpEmbedding, keys: "embeddings:text-embedding:text-embedding", needs: "url", output: outcome.vectors},
}

// locate finds out which operation a path below a prefix is, and reports
// whether there is any.
func locate(in *Incoming) bool {
	switch rest, below := strings.CutPrefix(in.Path, taskServices); {
	case in.Operation == catalog.OpImage:
		kind := taskKindAt(strings.TrimSuffix(rest, "/"))
		if !below || kind < 0 {
			in.Operation = ""
			return false
		}
		in.Operation = taskKinds[kind].operation
	case in.Operation == catalog.OpTask && !isTaskPath(in.Path):
		in.Operation = ""
		return false
	}
	return true
}

func taskKindAt(path string) int {
	return slices.IndexFunc(taskKinds, func(k taskKind) bool { return k.path != "" && k.path == path })
}

// kindOfCall returns the kind of task that a call makes.
func kindOfCall(in *Incoming) int {
	if in.Operation == catalog.OpTranscription || in.Operation == catalog.OpEmbedding {
		return slices.IndexFunc(taskKinds, func(k taskKind) bool { return k.operation == in.Operation })
	}
	return max(taskKindAt(strings.TrimSuffix(strings.TrimPrefix(in.Path, taskServices), "/")), 0)
}

// nowhere is a call of a path that does not exist.
type nowhere struct{ listing }

func (nowhere) refusal(*dashScopeQuestion) *scenarios.Refusal {
	refused := notFound
	return &refused
}

func (n nowhere) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	return Error(dashScopeNative{}, r, m, failureOf(n.refusal(nil), r.Dialect))
}

// wantsTask reports whether the client asks for a task.
func wantsTask(in *Incoming) bool { return in.Header.Get("X-DashScope-Async") == "enable" }

// isBatchEmbedding reports whether a call for vectors makes a task: it names a
// file and no texts.
func isBatchEmbedding(in *Incoming, body *jsonBody) bool {
	return body.Get("input.url").Exists() && (wantsTask(in) || !body.Get("input.texts").Exists())
}

// asyncRefusal refuses a call that makes a task and does not say so, and one
// that makes none and asks for one. What a broken body asks for is not known.
func asyncRefusal(in *Incoming, r *scenarios.Request, body *jsonBody) *scenarios.Refusal {
	denied := scenarios.Refusal{ID: dashScopeModel + "AccessDenied"}
	switch {
	case in.Operation == catalog.OpModels || in.Operation == catalog.OpTask || in.Operation == catalog.OpEmbedding && !body.IsObject():
		return nil
	case r.Task && !wantsTask(in):
		denied.Variant = "current user api does not support synchronous calls."
	case !r.Task && wantsTask(in):
		denied.Variant = "Current user api does not support asynchronous calls."
	default:
		return nil
	}
	return &denied
}

// taskCall asks for a task.
type taskCall struct {
	prompt string
	asked  task   // What the client asks for, as the task will keep it.
	wrong  string // What is missing or of the wrong type.
	many   bool   // There are more files than a task may have.
}

// Bounds of a call that makes a task.
const (
	mostFiles     = 100      // The documented number of files to transcribe.
	mostFileBytes = 32 << 10 // Of all their addresses together, which are kept.
	longestPrompt = 4 << 10  // Of a prompt that is kept.
)

func readTaskCall(in *Incoming, body *jsonBody) taskCall {
	at := kindOfCall(in)
	kind, input, parameters := taskKinds[at], body.Get("input"), body.Get("parameters")
	c := taskCall{prompt: input.Get("prompt").String(), asked: task{
		Kind: at, Model: modelOf(body), Results: 1,
		Size:    pictureSize(parameters.Get("size").String(), at),
		Seconds: number(parameters.Get("duration"), 1, 60, mp4Seconds),
		Style:   number(input.Get("style_index"), 0, 1000, 0),
	}}
	switch {
	case kind.operation == catalog.OpTranscription:
		c.readFiles(input)
	case kind.needs != "" && (input.Get(kind.needs).Type != gjson.String || input.Get(kind.needs).Str == ""):
		c.wrong = kind.needs
	case kind.operation == catalog.OpVideo:
		c.asked.Prompt = shortened(c.prompt, longestPrompt)
	}
	if kind.metrics && kind.operation == catalog.OpImage {
		c.asked.Results = number(parameters.Get("n"), 1, maxPictures, 1)
	}
	return c
}

// readFiles reads what is to be transcribed: many files or, as some models have
// it, one.
func (c *taskCall) readFiles(input gjson.Result) {
	all := input.Get("file_urls")
	c.asked.Single = !all.Exists() && input.Get("file_url").Type == gjson.String
	if c.asked.Single {
		all = gjson.Parse("[" + input.Get("file_url").Raw + "]")
	}
	c.wrong = "file_urls"
	if !all.IsArray() {
		return
	}
	bytes := 0
	all.ForEach(func(_, file gjson.Result) bool {
		if c.wrong = "file_urls"; file.Type != gjson.String || file.Str == "" {
			return false
		}
		c.wrong = ""
		bytes += len(file.Str)
		if c.many = len(c.asked.Files) == mostFiles || bytes > mostFileBytes; !c.many {
			c.asked.Files = append(c.asked.Files, file.Str)
		}
		return !c.many
	})
	c.asked.Results = max(len(c.asked.Files), 1)
}

func (c taskCall) turns() []scenarios.Turn {
	if c.prompt == "" {
		return nil
	}
	return asTurns([]string{c.prompt})
}

func (c taskCall) refusal(q *dashScopeQuestion) *scenarios.Refusal {
	switch {
	case c.wrong != "":
		return parameterMissing(c.wrong)
	case c.many:
		return q.batchTooLarge(mostFiles)
	}
	return nil
}

// answer makes the task.
func (c taskCall) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	var life *scenarios.Task
	if reply != nil {
		life = reply.Task
	}
	t := c.asked
	t.begin(r, m, life)
	message := m.dashScopeWhole(r, obj().raw("output", obj().str("task_status", pending).str("task_id", t.ID).end()).
		str("request_id", m.requestUUID()).end())
	message.Changes = []scenarios.Change{t.change()}
	return message
}

// TaskThatFails makes a task that fails later.
func (dashScopeNative) TaskThatFails(r *scenarios.Request, m Meta, f *scenarios.Failure) Message {
	life := scenarios.Task{Outcome: scenarios.TaskFailed, Failure: f}
	return dashScopeSuccess(r, m, &scenarios.Reply{Task: &life})
}

// taskHeader returns the header of what the task service answers: less than
// that of a model's answer.
func (m Meta) taskHeader(r *scenarios.Request) http.Header {
	h := m.dashScopeHeader(r, http.StatusUnauthorized, "application/json;charset=UTF-8") // Without what only a call has.
	h["Vary"] = []string{"Accept-Encoding"}
	delete(h, "X-Request-ID")
	delete(h, "eagleeye-traceid")
	return h
}

// byTaskService reports whether the error is what the task service answers, not
// the gateway before it.
func byTaskService(r *scenarios.Request, f *scenarios.Failure) bool {
	return r.Operation == catalog.OpTask && f.Variant.Origin != catalog.OriginGateway
}

// taskWhole is an answer of the task service.
func (m Meta) taskWhole(r *scenarios.Request, body []byte) Message {
	return Message{Status: http.StatusOK, Header: m.taskHeader(r), Frames: []Frame{body}}
}

// taskName returns the id of the task that a path is about, "" for all.
func taskName(path string) string {
	rest := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(path, tasksPath), "/"), cancelSuffix)
	if plain, err := url.PathUnescape(rest); err == nil {
		return plain
	}
	return rest
}

// cancelSuffix ends the path that cancels something.
const cancelSuffix = "/cancel"

func isCancel(path string) bool { return strings.HasSuffix(path, cancelSuffix) }

// isTaskPath reports whether a path below that of the tasks is one of theirs.
func isTaskPath(path string) bool {
	rest := strings.TrimPrefix(strings.TrimPrefix(path, tasksPath), "/")
	id := strings.TrimSuffix(rest, cancelSuffix)
	return !strings.Contains(id, "/") && (id != "" || rest == "")
}

// taskLife is how long the vendor knows a task, from its making.
const taskLife = 24 * time.Hour
