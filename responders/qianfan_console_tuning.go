package responders

import (
	"strings"

	"github.com/tidwall/gjson"
)

// Fine-tuning. What the old paths call a task with jobs is called a job with
// tasks by the new ones, and so are the ids: job-… has many task-….

var (
	tuningJob = &kind{
		record: "tuning-job", prefix: "job-", length: 12, missing: fineTuneFamily + "510202",
		keeps: []string{"name", "description", "model", "trainMode", "baseTrainType", "trainType"},
	}
	tuningTask = &kind{
		record: "tuning-task", prefix: "task-", length: 12, missing: fineTuneFamily + "510301",
		keeps: []string{"parameterScale", "peftType", "trainMode", "incrementTaskId", "description", "hyperParameterConfig", "datasetConfig"},
	}
)

func tuningJobCreated(_ *console, t thing) []byte { return obj().str("jobId", t.id).end() }

func tuningJobLine(_ *console, t thing) []byte {
	return obj().str("jobId", t.id).str("name", t.the("name", "")).str("description", t.the("description", "")).
		str("model", t.the("model", t.the("trainType", "ERNIE-Speed"))).str("trainMode", t.the("trainMode", "SFT")).
		str("createDate", utc(t.at)).end()
}

func tuningTaskCreated(_ *console, t thing) []byte {
	return obj().str("jobId", t.parent).str("taskId", t.id).end()
}

func tuningTaskLine(c *console, t thing) []byte { return c.tuningTask(t).end() }

// tuningTaskDetail adds what only the detail of a task that is done has.
func tuningTaskDetail(c *console, t thing) []byte {
	o := c.tuningTask(t)
	if t.state == "" {
		o.raw("metrics", obj().str("BLEU-4", "16.56%").str("ROUGE-1", "27.84%").str("ROUGE-2", "11.96%").str("ROUGE-L", "26.02%").end())
	}
	return o.end()
}

func (c *console) tuningTask(t thing) *object {
	job, _ := c.find(tuningJob, t.parent)
	status := t.state
	if status == "" {
		status = "Done"
	}
	return obj().str("taskId", t.id).str("jobId", t.parent).
		str("jobName", job.the("name", "")).str("jobDescription", job.the("description", "")).
		str("model", job.the("model", job.the("trainType", "ERNIE-Speed"))).
		str("trainMode", job.the("trainMode", t.the("trainMode", "SFT"))).
		str("parameterScale", t.the("parameterScale", t.the("peftType", "LoRA"))).
		str("runStatus", status).str("runProgress", "100%").
		str("createDate", utc(t.at)).str("finishDate", utc(t.at))
}

// tuningModels is a model that can be tuned, with one parameter.
const tuningModels = `[{"model":"ERNIE-Speed-8K","modelType":"text2text","supportTrainMode":[{"trainMode":"SFT",` +
	`"supportParameterScale":[{"parameterScale":"LoRA","supportHyperParameterConfig":[{"key":"epoch","type":"int",` +
	`"checkType":"range","checkValue":[1,50],"default":1}]}]}]}]`

func oldTuningTaskCreated(_ *console, t thing) []byte {
	return obj().num("id", t.number).str("uuid", t.id).str("name", t.the("name", "")).
		str("description", t.the("description", "")).str("createTime", clock(t.at)).end()
}

func oldTuningJobCreated(_ *console, t thing) []byte {
	return obj().num("id", t.number).str("uuid", t.id).end()
}

func oldTuningJobDetail(c *console, t thing) []byte {
	task, _ := c.find(tuningJob, t.parent)
	status := "FINISH"
	if t.state != "" {
		status = strings.ToUpper(t.state)
	}
	return obj().num("id", t.number).str("description", t.the("description", "")).
		num("taskId", task.number).str("taskName", task.the("name", "")).
		num("version", 1).num("jobRunType", 0).
		str("trainType", task.the("trainType", task.the("model", "ernieBotLite-Speed"))).
		str("trainMode", t.the("trainMode", task.the("trainMode", "SFT"))).str("peftType", t.the("peftType", "LoRA")).
		str("trainStatus", status).num("progress", 100).num("runTime", 0).num("trainTime", 0).
		str("startTime", clock(t.at)).str("finishTime", clock(t.at)).end()
}

// Evaluation.

var evaluation = &kind{
	record: "evaluation", prefix: "ame-", length: 12, missing: fineTuneFamily + "71006",
	keeps: []string{"taskName", "name", "description", "evalObjectType", "evalObjectConfig", "evalConfig", "versionEvalInfo", "datasetId", "datasetName", "computeResourceConf", "evalStandardConf"},
}

// evalCreated is the id itself.
func evalCreated(_ *console, t thing) []byte { return appendQuoted(nil, t.id) }

func evalLine(_ *console, t thing) []byte {
	status := t.state
	if status == "" {
		status = "Successed" // The vendor's spelling.
	}
	return obj().str("taskId", t.id).str("taskName", t.the("taskName", t.the("name", ""))).
		str("description", t.the("description", "")).str("evalType", "auto").str("runStatus", status).
		str("evalObjectType", t.the("evalObjectType", "model")).
		raw("evalObjectConfig", t.raw("evalObjectConfig", "{}")).raw("evalConfig", t.raw("evalConfig", "{}")).
		str("createTime", utc(t.at)).str("finishTime", utc(t.at)).end()
}

// evalMetrics are made up.
const evalMetrics = `{"accuracy":0.5,"f1Score":0.42,"rouge_1":0.41,"rouge_2":0.12,"rouge_l":0.38,"bleu4":0.11,"avgJudgeScore":3.9}`

func evalReport(_ *console, t thing) []byte {
	return obj().str("taskId", t.id).str("taskName", t.the("taskName", t.the("name", ""))).
		raw("effectMetric", []byte(evalMetrics)).end()
}

func oldEvalCreated(_ *console, t thing) []byte {
	return obj().num("evalId", t.number).str("evalIdStr", t.id).end()
}

func oldEvalDetail(_ *console, t thing) []byte {
	state := "Done"
	if t.state != "" {
		state = t.state
	}
	var units [][]byte
	t.asked.Get("versionEvalInfo").ForEach(func(_, v gjson.Result) bool {
		units = append(units, obj().str("modelVersionId", v.Get("modelVersionId").String()).
			str("modelId", v.Get("modelId").String()).str("state", state).str("message", "").end())
		return true
	})
	return obj().num("evaluationId", t.number).str("evaluationIdStr", t.id).str("name", t.the("name", t.the("taskName", ""))).
		str("description", t.the("description", "")).str("state", state).raw("evalUnits", array(units...)).
		str("datasetId", t.the("datasetId", "")).str("datasetName", t.the("datasetName", "")).
		raw("computeResourceConf", t.raw("computeResourceConf", "{}")).
		raw("evalStandardConf", t.raw("evalStandardConf", "{}")).end()
}

func oldEvalReport(_ *console, t thing) []byte {
	return array(obj().str("evaluationName", t.the("name", t.the("taskName", ""))).num("evaluationId", t.number).
		str("evalMode", "rule").raw("effectMetric", []byte(evalMetrics)).end())
}

// oldEvalExport answers with the id of an export that is made of the
// evaluation's own, so that nothing has to be remembered.
func oldEvalExport(_ *console, t thing) []byte { return obj().num("exportID", t.number).end() }

func oldEvalExported(c *console) []byte {
	return obj().raw("exportID", compactOr(c.body.Get("exportID"), "0")).str("state", "Done").str("downloadUrl", "").end()
}

// compactOr returns the value on one line, or the fallback, which is JSON.
func compactOr(v gjson.Result, fallback string) []byte {
	if !v.Exists() || len(v.Raw) > maxKept {
		return []byte(fallback)
	}
	return compact(v.Raw)
}

// oldEvalRows lists no rows: nothing was evaluated.
func oldEvalRows(_ *console, t thing) []byte {
	return obj().num("total", 0).num("evaluationId", t.number).raw("items", array()).end()
}
