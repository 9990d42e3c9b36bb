package responders

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Bounds of one batch, so that a small file is not answered with a large one.
const (
	maxLines      = 1_000
	maxLineErrors = 50
	maxResults    = 10 << 20 // Bytes of all answers.
)

// A callLine is a line of a batch's input file: a call.
type callLine struct {
	customID  string
	model     string
	url       string
	operation string
	body      []byte
}

// readLines reads an input file and checks it: each of the errors arises from
// the file itself. Without any, every line can be answered.
func readLines(content []byte, vendor storeVendor, scenario *scenarios.Scenario) (lines []callLine, errors []lineError) {
	c := lineCheck{vendor: vendor, scenario: scenario, seen: map[string]bool{}}
	n := 0
	for raw := range bytes.Lines(content) {
		n++
		raw = bytes.TrimSpace(raw)
		if len(raw) == 0 {
			continue
		}
		if len(lines) == maxLines {
			c.find(lineError{code: "too_many_requests", line: n,
				message: fmt.Sprintf("mockllm answers at most %d lines of a batch.", maxLines)})
			break
		}
		if len(c.errors) >= maxLineErrors {
			break
		}
		lines = append(lines, c.read(raw, n))
	}
	if len(lines) == 0 {
		c.find(lineError{code: "empty_file", message: "The input file is empty. Please ensure that the batch contains at least one request."})
	}
	return lines, c.errors
}

// A lineCheck is the check of an input file, under way.
type lineCheck struct {
	vendor   storeVendor
	scenario *scenarios.Scenario
	errors   []lineError
	seen     map[string]bool // The custom_ids so far.
	model    string          // Of the first line that names one.
}

func (c *lineCheck) find(e lineError) { c.errors = append(c.errors, e) }

// documented notes an error that the vendor documents.
func (c *lineCheck) documented(code, param string, line int, args map[string]string) {
	f := failureOf(&scenarios.Refusal{ID: "dashscope/batch/" + code, Args: args}, catalog.DashScopeCompatible)
	c.find(lineError{code: code, message: f.Variant.Fill(args), param: param, line: line})
}

func (c *lineCheck) read(raw []byte, n int) callLine {
	if !utf8.Valid(raw) || !json.Valid(raw) || !gjson.ParseBytes(raw).IsObject() {
		c.find(lineError{code: "invalid_json_line", message: "This line is not parseable as valid JSON.", line: n})
		return callLine{}
	}
	told := gjson.ParseBytes(raw)
	body := told.Get("body")
	l := callLine{customID: told.Get("custom_id").String(), url: told.Get("url").String(), model: modelOf(&jsonBody{Result: body}), body: []byte(body.Raw)}
	l.operation = c.vendor.lineOperation(l.url)
	for _, name := range []string{"custom_id", "body"} {
		if v := told.Get(name); !v.Exists() || v.Type == gjson.Null {
			c.find(lineError{code: "missing_required_parameter", message: "Missing required parameter: '" + name + "'.", param: name, line: n})
			return l
		}
	}
	if l.operation == "" {
		c.documented("url_not_found", "url", n, map[string]string{"url": clipped(l.url)})
	}
	c.checkModel(l, n)
	if c.seen[l.customID] {
		c.documented("duplicate_custom_id", "custom_id", n, map[string]string{"custom_id": clipped(l.customID)})
	}
	c.seen[l.customID] = true
	return l
}

// checkModel finds a model that batches do not run, or another one than the
// lines before have.
func (c *lineCheck) checkModel(l callLine, n int) {
	if !c.runs(l.model) {
		c.documented("model_not_found", "model", n, map[string]string{"model": l.model})
		return
	}
	if c.model == "" {
		c.model = l.model
	}
	if l.model != c.model {
		c.documented("mismatched_model", "model", n, map[string]string{"model": l.model})
	}
}

// runs reports whether batches run the model: one that is known, and writes or
// makes vectors.
func (c *lineCheck) runs(model string) bool {
	m, known := c.scenario.Model(c.vendor.responder().Dialect().Provider, model)
	if !known {
		refusals := c.scenario.RefusalsOf()
		return model != "" && (refusals.UnknownModel == scenarios.UnknownAnswered || refusals.Mode == "off")
	}
	return m.CanDo(catalog.OpChat) || m.CanDo(catalog.OpEmbedding)
}

// forBatchLines is the purpose of chance that the ids of the answers are drawn
// with.
const forBatchLines uint64 = 3 << 32

// answerLines answers every line as the vendor would answer it alone, and
// returns the lines to write and the indexes of those that failed.
func (c *storeCall) answerLines(m Meta, lines []callLine, script *scenarios.Batch) (results []byte, failed []int) {
	chance := m.chance(forBatchLines)
	fails := map[int]bool{}
	for _, n := range script.FailedLines {
		fails[int(n)-1] = true
	}
	for i, l := range lines {
		own := m
		own.Entropy = [2]uint64{chance.Uint64(), chance.Uint64()}
		var status int
		var body []byte
		switch {
		case len(results) > maxResults:
			status, body = http.StatusInternalServerError, tooMuchAnswered()
		case fails[i]:
			status, body = c.failLine(own, l, script.Error)
		default:
			status, body = c.answerLine(own, l)
		}
		if status != http.StatusOK {
			failed = append(failed, i)
		}
		results = append(results, resultLine(c.vendor.lineID(own), l.customID, status, body)...)
	}
	return results, failed
}

// tooMuchAnswered stands where an answer would make the results too large.
func tooMuchAnswered() []byte {
	why := obj().str("code", "too_much").str("message", "mockllm answers at most "+strconv.Itoa(maxResults>>20)+" MiB of a batch.")
	return obj().raw("error", why.end()).end()
}

// decodeLine reads a line as the call that it would be.
func (c *storeCall) decodeLine(l callLine) *scenarios.Request {
	in := *c.in
	in.Operation, in.Path, in.Vars, in.Query = l.operation, c.vendor.linePath(l.url), nil, nil
	in.Method, in.Body, in.State = http.MethodPost, l.body, BodyComplete
	r := c.vendor.responder().Decode(&in)
	r.Stream, r.Asked = false, ""
	return r
}

func (c *storeCall) answerLine(m Meta, l callLine) (int, []byte) {
	r := c.decodeLine(l)
	var message Message
	if r.Refused != nil && (c.in.Scenario.RefusalsOf().Mode != "off" || r.Refused.Always) {
		message = Error(c.vendor.responder(), r, m, failureOf(r.Refused, r.Dialect))
	} else {
		message = c.vendor.responder().Success(r, m, nil)
	}
	return message.Status, message.Frames[0] // It is not streamed.
}

// failLine writes the error that a scenario wants of a line.
func (c *storeCall) failLine(m Meta, l callLine, name string) (int, []byte) {
	r := c.decodeLine(l)
	message := Error(c.vendor.responder(), r, m, c.scripted(name))
	return max(message.Status, http.StatusBadRequest), message.Frames[0]
}

// scripted returns the documented error that a scenario names, or else the
// vendor's internal error.
func (c *storeCall) scripted(name string) *scenarios.Failure {
	dialect := c.vendor.responder().Dialect().Name
	if e, err := catalog.Resolve(name, catalog.Scope{Dialects: []string{dialect}}); err == nil && e.Variant(dialect) != nil {
		return &scenarios.Failure{Entry: e, Variant: e.Variant(dialect)}
	}
	return failureOf(&scenarios.Refusal{ID: c.vendor.internalError()}, dialect)
}

// resultLine writes what stands in a file of results for one call.
func resultLine(id, customID string, status int, body []byte) []byte {
	response := obj().num("status_code", int64(status)).str("request_id", id).raw("body", body).end()
	line := obj().str("id", id).str("custom_id", customID).raw("response", response)
	if status == http.StatusOK {
		line.null("error")
	} else {
		told := gjson.ParseBytes(body)
		line.raw("error", obj().str("code", told.Get("error.code").String()).str("message", told.Get("error.message").String()).end())
	}
	return append(line.end(), '\n')
}

// hexID draws an id as DashScope's stores form them.
func hexID(chance *rand.Rand, prefix string) string { return prefix + randomHex(chance, 24) }
