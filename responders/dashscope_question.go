package responders

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// A dashScopeQuestion is a call as DashScope's model service looks at it before
// it answers.
type dashScopeQuestion struct {
	in         *Incoming
	r          *scenarios.Request
	compatible bool

	body       *jsonBody
	input      *jsonBody // Where the native API has what is said, and
	parameters *jsonBody // how to answer; in compatible mode both are the body.

	model catalog.Model
	known bool // Whether anybody knows the model.
}

func newDashScopeQuestion(in *Incoming, r *scenarios.Request, body *jsonBody, compatible bool) *dashScopeQuestion {
	q := &dashScopeQuestion{in: in, r: r, compatible: compatible, body: body}
	q.input, q.parameters = body, body
	if !compatible {
		q.input, q.parameters = newJSONBody(body.Get("input")), newJSONBody(body.Get("parameters"))
	}
	q.model, q.known = in.Scenario.Model(catalog.DashScope, r.Model)
	return q
}

// refusal is what is refused of the request's content: of any body, then of
// the model, then of what the operation asks for, and what may not be said
// last. A list and a task have no body, an application has no model.
func (q *dashScopeQuestion) refusal(call dashScopeCall) *scenarios.Refusal {
	if q.in.Operation == catalog.OpModels || q.in.Operation == catalog.OpTask {
		return nil
	}
	if own, reads := call.(bodyReader); reads {
		return own.bodyRefusal(q.in, q.r)
	}
	return firstRefusal(
		func() *scenarios.Refusal { return bodyRefusal(q.in, q.r) },
		q.modelMissing, q.inputMissing, q.modelUnknown, q.modelElsewhere,
		func() *scenarios.Refusal { return call.refusal(q) },
		q.unsafe,
	)
}

// chat refuses a chat: what is said, then how it is to be answered.
func (q *dashScopeQuestion) chat(said []scenarios.Turn) *scenarios.Refusal {
	return firstRefusal(
		q.messages, q.sampling, q.streaming, q.thinking,
		func() *scenarios.Refusal { return q.format(said) },
		q.tools,
		func() *scenarios.Refusal { return q.files(said) },
		func() *scenarios.Refusal { return q.length(said) },
	)
}

func (q *dashScopeQuestion) modelMissing() *scenarios.Refusal {
	switch {
	case q.r.Model != "":
		return nil
	case q.compatible:
		return &scenarios.Refusal{ID: dashScopeModel + "invalid_request_error", Variant: "you must provide a model parameter."}
	}
	return &scenarios.Refusal{ID: dashScopeModel + "BadRequest.EmptyModel"}
}

func (q *dashScopeQuestion) inputMissing() *scenarios.Refusal {
	if q.compatible || q.input.IsObject() {
		return nil
	}
	return &scenarios.Refusal{ID: dashScopeModel + "BadRequest.EmptyInput"}
}

// modelUnknown refuses a model that nobody knows, or that was withdrawn.
func (q *dashScopeQuestion) modelUnknown() *scenarios.Refusal {
	refusals := q.in.Scenario.RefusalsOf()
	switch {
	case q.in.Operation == catalog.OpApp || q.known && !q.model.Offline || refusals.UnknownModel == scenarios.UnknownAnswered:
		return nil
	case q.compatible && byPlan(q.in):
		return planModelUnknown(q.r.Model)
	case q.compatible || refusals.UnknownModel == scenarios.UnknownNotFound:
		return &scenarios.Refusal{ID: dashScopeModel + "ModelNotFound"}
	}
	return invalidParameter("Model not exist.", nil)
}

// modelElsewhere refuses a model that another address offers.
func (q *dashScopeQuestion) modelElsewhere() *scenarios.Refusal {
	switch {
	case !q.known || q.in.Operation == catalog.OpApp:
		return nil
	case q.compatible && q.r.Dialect == catalog.DashScopeAnthropic && !q.serves():
		return &scenarios.Refusal{ID: dashScopeModel + "ModelNotFound"}
	case q.compatible && (q.model.NativeOnly || !q.serves()):
		return &scenarios.Refusal{ID: dashScopeModel + "model_not_supported"}
	case !q.compatible && !q.serves():
		return invalidParameter("url error, please check url！", nil)
	}
	return nil
}

// serves reports whether the model can be called for the operation. A chat
// model completes texts and cuts them into tokens too.
func (q *dashScopeQuestion) serves() bool {
	switch q.in.Operation {
	case catalog.OpChat:
		return q.model.CanDo(catalog.OpChat) && (q.compatible || q.onItsPath())
	case catalog.OpCompletion, catalog.OpTokenize:
		return q.model.CanDo(catalog.OpChat)
	default:
		return q.model.CanDo(q.in.Operation)
	}
}

// onItsPath reports whether a native chat came to the path of its model.
func (q *dashScopeQuestion) onItsPath() bool {
	switch q.model.Modality {
	case catalog.ModalityText:
		return !multimodalPath(q.in)
	case catalog.ModalityMultimodal:
		return multimodalPath(q.in)
	default:
		return true
	}
}

// algorithm refuses with a text of the model service's. In compatible mode it
// names itself in front, as captures show; the native API sends the bare text.
func (q *dashScopeQuestion) algorithm(text string, args map[string]string) *scenarios.Refusal {
	if q.compatible {
		text = inAlgorithm + text
	}
	return invalidParameter(text, args)
}

// inAlgorithm is what the model service puts in front of some of its texts.
const inAlgorithm = "<400> InternalError.Algo.InvalidParameter: "

// unsafe refuses what may not be said, wherever it stands, and an answer that
// the same text with an addition asks to be so.
func (q *dashScopeQuestion) unsafe() *scenarios.Refusal {
	marker := q.in.Scenario.RefusalsOf().Unsafe
	if !bytes.Contains(q.in.Body, []byte(marker)) && bytes.IndexByte(q.in.Body, '\\') < 0 {
		return nil // Nor does it stand there with some of it escaped.
	}
	asked, answered := false, false
	for text := range everyText(q.in.Body) {
		for _, behind := range strings.Split(text, marker)[1:] {
			if strings.HasPrefix(behind, ofAnswer) {
				answered = true
			} else {
				asked = true
			}
		}
	}
	switch {
	case asked:
		return &scenarios.Refusal{ID: dashScopeModel + "DataInspectionFailed", Variant: "Input data may contain inappropriate content."}
	case answered:
		return &scenarios.Refusal{ID: dashScopeModel + "DataInspectionFailed", Variant: "Output data may contain inappropriate content.", Late: true}
	}
	return nil
}

// everyText yields every text of a JSON body, the names of its keys too.
func everyText(body []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		for {
			token, err := decoder.Token()
			if err != nil {
				return
			}
			if text, ok := token.(string); ok && !yield(text) {
				return
			}
		}
	}
}
