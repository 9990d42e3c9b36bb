package responders

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Prompt templates, and the two kinds of tasks around them.

var (
	promptTemplate = &kind{
		record: "prompt-template", prefix: "pt-", length: 16, missing: promptFamily + "1003002",
		keeps: []string{"templateName", "name", "templateContent", "templateVariables", "variableIdentifier", "negativeTemplateContent", "negativeTemplateVariables", "labelIds", "sceneType", "scene", "frameworkType", "framework"},
	}
	promptTask = &kind{
		record: "prompt-task", prefix: "task-", length: 16, missing: promptFamily + "1005002",
		keeps: []string{"content", "operations", "appId", "serviceName"},
	}
)

func templateName(t thing) string { return t.the("templateName", t.the("name", "")) }

// maxFilled bounds a filled template.
const maxFilled = 64 << 10

// fillTemplate puts what value has for each variable into the template. What
// would make it too long is left out, its variable standing as it does.
func fillTemplate(t thing, value func(name string) string) string {
	begin, end := "{", "}"
	if mark := t.the("variableIdentifier", "{}"); len(mark) >= 2 && len(mark)%2 == 0 {
		begin, end = mark[:len(mark)/2], mark[len(mark)/2:]
	}
	content, room := t.the("templateContent", ""), maxFilled
	var pairs []string
	for name := range strings.SplitSeq(variables(t), ",") {
		v := value(name)
		if name == "" || v == "" || len(v) > room {
			continue
		}
		if size := len(v) * strings.Count(content, begin+name+end); size <= room {
			pairs, room = append(pairs, begin+name+end, v), room-size
		}
	}
	return strings.NewReplacer(pairs...).Replace(content)
}

// variables are joined by commas; the new generation takes a list as well.
func variables(t thing) string {
	v := t.asked.Get("templateVariables")
	if !v.IsArray() {
		return v.String()
	}
	var names []string
	v.ForEach(func(_, name gjson.Result) bool {
		names = append(names, name.String())
		return true
	})
	return strings.Join(names, ",")
}

func (c *console) filled(t thing) string {
	return fillTemplate(t, c.value)
}

func templateCreated(_ *console, t thing) []byte { return obj().str("templateId", t.id).end() }

func templateDetail(c *console, t thing) []byte {
	return obj().str("templateId", t.id).str("templateName", templateName(t)).
		str("templateContent", t.the("templateContent", "")).str("content", c.filled(t)).
		str("templateVariables", variables(t)).str("variableIdentifier", t.the("variableIdentifier", "{}")).
		raw("labels", array()).str("creatorName", "").str("type", "Custom").
		raw("sceneType", t.raw("sceneType", `"Text2Text"`)).raw("frameworkType", t.raw("frameworkType", `"NotUse"`)).end()
}

func oldTemplateCreated(_ *console, t thing) []byte {
	return obj().num("templateId", t.number).str("templatePK", t.id).end()
}

func oldTemplateDetail(c *console, t thing) []byte {
	return obj().num("templateId", t.number).str("templatePK", t.id).str("templateName", templateName(t)).
		str("templateContent", t.the("templateContent", "")).str("content", c.filled(t)).
		str("templateVariables", variables(t)).str("variableIdentifier", t.the("variableIdentifier", "{}")).
		raw("labels", array()).str("creatorName", "").num("type", 2).
		raw("sceneType", t.raw("sceneType", "1")).raw("frameworkType", t.raw("frameworkType", "0")).end()
}

const (
	promptLabels    = `{"pageInfo":{"marker":"","maxKeys":100,"isTruncated":false},"items":[{"labelId":"pl-838e92379b93991e","labelName":"生活助手","type":"System","color":"#2468F2"}]}`
	oldPromptLabels = `{"items":[{"labelId":150,"labelName":"生活助手","creatorName":"","type":1,"color":"#2468F2"}],"total":1}`
)

func promptTaskCreated(_ *console, t thing) []byte { return obj().str("id", t.id).end() }

func promptTaskDetail(_ *console, t thing) []byte {
	content := t.the("content", "")
	return obj().str("id", t.id).str("content", content).str("optimizeContent", content).str("qingfanResult", "").
		raw("operations", t.raw("operations", "[]")).num("processStatus", 2).
		raw("appId", t.raw("appId", "0")).str("serviceName", t.the("serviceName", "")).str("inference", "").
		str("createTime", clock(t.at)).str("modifyTime", clock(t.at)).end()
}

// oldScores gives every answer of every question the same score.
func oldScores(c *console) []byte {
	var scores [][]byte
	c.body.Get("data").ForEach(func(_, question gjson.Result) bool {
		row := make([][]byte, len(question.Get("response_list").Array()))
		for i := range row {
			row[i] = []byte("0.5")
		}
		scores = append(scores, array(row...))
		return true
	})
	return obj().num("logID", 0).raw("scores", array(scores...)).num("errorCode", 0).str("errorMsg", "").end()
}

func oldSummaries(c *console) []byte {
	var responses [][]byte
	c.body.Get("data").ForEach(func(_, question gjson.Result) bool {
		responses = append(responses, obj().str("response", madeUp(question.Raw, question.Raw)).str("id", "").
			num("errorCode", 0).str("errorMsg", "").end())
		return true
	})
	return obj().raw("responses", array(responses...)).end()
}

// Rendering a template is a call of V1, on its host and with its errors, of
// what the console made.

const renderPath = "/rest/2.0/wenxinworkshop/api/v1/template/info"

// decodeRender reads a call that is V1's in all but the console's records.
func decodeRender(in *Incoming) *scenarios.Request {
	d, _ := catalog.DialectNamed(catalog.QianfanV1)
	r := newRequest(in, d)
	r.Operation, r.Action = catalog.OpPrompt, "template/info"
	identifyV1(in, r)
	if in.Method != http.MethodPost && in.Method != http.MethodGet {
		r.Identity = &scenarios.Refusal{ID: capability + "336101"}
	}
	r.Detail = rendering{in.Query}
	return r
}

// rendering is what the query of a call says: the template and its variables
// stand there or in the body.
type rendering struct{ query map[string][]string }

func (c *console) render() []byte {
	ask, _ := c.r.Detail.(rendering)
	value := func(name string) string {
		if v := first(ask.query, name); v != "" {
			return v
		}
		return c.value(name)
	}
	t, found := c.find(promptTemplate, value("id"))
	if !found {
		c.refused = &scenarios.Refusal{ID: capability + "200"}
		return nil
	}
	return obj().str("templateId", value("id")).str("templateName", templateName(t)).
		str("templateContent", t.the("templateContent", "")).str("templateVariables", variables(t)).
		str("content", fillTemplate(t, value)).end()
}

// Memories that an application's chats share.

var memory = &kind{record: "memory", prefix: "sm-", length: 12, keeps: []string{"appId", "description", "memories"}}

// memoryCreated is the id itself.
func memoryCreated(_ *console, t thing) []byte { return appendQuoted(nil, t.id) }

func memoryLine(_ *console, t thing) []byte { return memoryHead(t).end() }

func memoryHead(t thing) *object {
	return obj().str("appId", t.the("appId", "")).str("systemMemoryId", t.id).str("description", t.the("description", ""))
}

func memoryDetail(_ *console, t thing) []byte {
	return memoryHead(t).raw("memories", t.raw("memories", "[]")).end()
}

// Batch inference.

var batchTask = &kind{
	record: "batch-inference", prefix: "infer-", length: 12,
	keeps: []string{"name", "description", "endpoint", "model", "inferenceParams", "inputBosUri", "outputBosUri", "inputAfsUri", "outputAfsUri"},
}

func batchLine(_ *console, t thing) []byte {
	return obj().str("taskId", t.id).str("name", t.the("name", "")).str("description", t.the("description", "")).
		str("endpoint", t.the("endpoint", t.the("model", ""))).raw("inferenceParams", t.raw("inferenceParams", "{}")).
		str("runStatus", cmp.Or(t.state, "Done")).str("inputBosUri", t.the("inputBosUri", "")).str("outputBosUri", t.the("outputBosUri", "")).
		str("outputDir", fixedID(t.id, 24)).num("inputTokenUsage", 0).num("outputTokenUsage", 0).num("progress", 100).
		str("creator", "mockllm").str("createTime", utc(t.at)).str("finishTime", utc(t.at)).end()
}
