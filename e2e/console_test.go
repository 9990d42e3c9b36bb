package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/baidubce/bce-qianfan-sdk/go/qianfan"
)

// TestConsole drives the management API through Baidu's own Go SDK.
func TestConsole(t *testing.T) { runCases(t, consoleCases) }

var consoleCases = []testCase{
	{"the list of services", "", func(t *testing.T, s server) {
		sign(t, s)
		list := must(qianfan.NewService().List(t.Context(), &qianfan.ServiceListRequest{}))(t)
		url := ""
		for _, item := range list.Result.Common {
			if item.Name == "Embedding-V1" && item.APIType == "embeddings" && item.ChargeStatus == "OPENED" {
				url = item.URL
			}
		}
		if list.LogID == "" || !strings.HasSuffix(url, "/wenxinworkshop/embeddings/embedding-v1") || len(list.Result.Custom) != 0 {
			t.Errorf("log id %q, url %q, %d custom", list.LogID, url, len(list.Result.Custom))
		}
		s.wantJournal(t, "service")
	}},
	{"a service that was made, which the SDK then finds by its name", "", func(t *testing.T, s server) {
		sign(t, s)
		qianfan.GetConfig().InferResourceRefreshInterval = 0 // Else it asks only once in a process.
		name := "made by " + t.Name()
		manage(t, "/wenxinworkshop/service/apply", "", map[string]any{"name": name, "uri": "made_here", "modelId": 1, "modelVersionId": 2})
		must(ask(qianfan.WithModel(name)))(t)
		if last := lastOf(s.exchanges(t, "")); !strings.HasSuffix(last.URL, "/chat/made_here") {
			t.Errorf("the SDK asked %s", last.URL)
		}
	}},
	{"a fine-tuning job from its beginning to its end", "", func(t *testing.T, s server) {
		sign(t, s)
		const route = "/v2/finetuning"
		job := manage(t, route, "CreateFineTuningJob", map[string]any{"name": "n", "model": "ERNIE-Speed", "trainMode": "SFT"})
		task := manage(t, route, "CreateFineTuningTask", map[string]any{"jobId": job["jobId"]})
		detail := manage(t, route, "DescribeFineTuningTask", map[string]any{"taskId": task["taskId"]})
		if detail["jobId"] != job["jobId"] || detail["runStatus"] != "Done" {
			t.Errorf("task %v of job %v", detail, job)
		}
		list := manage(t, route, "DescribeFineTuningJobs", nil)
		if jobs, _ := list["jobList"].([]any); len(jobs) != 1 {
			t.Errorf("list %v", list)
		}
		must(call(t, route, "DeleteFineTuningJob", map[string]any{"jobId": job["jobId"]}))(t)
		if body := failed(t, route, "DescribeFineTuningTask", map[string]any{"taskId": task["taskId"]}); body["code"] != "510301" {
			t.Errorf("a deleted task: %v", body)
		}
	}},
	{"an error of an old path", "", func(t *testing.T, s server) {
		sign(t, s)
		_, err := call(t, "/wenxinworkshop/finetune/createJob", "", map[string]any{"taskId": 1})
		wantAPIError(t, err, 510202, "task not exist")
	}},
	{"an error of a rule on an old path", `
		[[rule]]
		name  = "busy"
		match = { operation = "service", action = "list" }
		error = "500000"`, func(t *testing.T, s server) {
		sign(t, s)
		_, err := qianfan.NewService().List(t.Context(), &qianfan.ServiceListRequest{})
		wantAPIError(t, err, 500000, "internal server error")
		s.wantJournal(t, "service qianfan/service/500000 busy#1")
	}},
	{"an error of an action, which this SDK leaves to its caller", `
		[[rule]]
		name  = "inappropriate"
		match = { action = "CreateFineTuningTask" }
		error = "InappropriateJSON"
		variant = "param["`, func(t *testing.T, s server) {
		sign(t, s)
		body := failed(t, "/v2/finetuning", "CreateFineTuningTask", map[string]any{"jobId": "job-1"})
		if body["code"] != "InappropriateJSON" || body["requestId"] == "" {
			t.Errorf("body %v", body)
		}
	}},
	{"a signature that the gateway refuses", `
		[[rule]]
		name  = "stranger"
		match = { dialect = "qianfan-console" }
		error = "IamSignatureInvalid"`, func(t *testing.T, s server) {
		sign(t, s)
		_, err := qianfan.NewService().List(t.Context(), &qianfan.ServiceListRequest{})
		if e := wantError[*qianfan.IAMError](t, err); e.Code != "IamSignatureInvalid" || e.Msg != "IamSignatureInvalid, cause: Could not find credential." {
			t.Errorf("error %+v", e)
		}
	}},
}

func call(t *testing.T, route, action string, body map[string]any) (*qianfan.ConsoleResponse, error) {
	if body == nil {
		body = map[string]any{}
	}
	return qianfan.NewConsoleAction().Call(t.Context(), route, action, body)
}

// manage makes a call that must succeed and returns its result.
func manage(t *testing.T, route, action string, body map[string]any) map[string]any {
	t.Helper()
	answer := must(call(t, route, action, body))(t)
	var read struct{ Result map[string]any }
	if err := json.Unmarshal(answer.Body, &read); err != nil || read.Result == nil {
		t.Fatalf("%s %s: %v in %s", route, action, err, answer.Body)
	}
	return read.Result
}

// failed makes a call that gets an error which the SDK does not know as one:
// it looks for error_code, which the new generation has not.
func failed(t *testing.T, route, action string, body map[string]any) map[string]any {
	t.Helper()
	answer := must(call(t, route, action, body))(t)
	var read map[string]any
	if err := json.Unmarshal(answer.Body, &read); err != nil || answer.RawResponse.StatusCode != 400 {
		t.Fatalf("%s %s: %s: %v in %s", route, action, answer.RawResponse.Status, err, answer.Body)
	}
	return read
}
