package mockllm

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// result calls the console, which must succeed, and returns the result.
func result(t *testing.T, srv *Server, path, body string) gjson.Result {
	t.Helper()
	status, text := post(t, srv.URL()+path, body)
	if r := gjson.Get(text, "result"); status == 200 && r.Exists() {
		return r
	}
	t.Fatalf("%s: %d %s", path, status, text)
	return gjson.Result{}
}

// refused calls the console, which must answer with that status and text.
func refused(t *testing.T, srv *Server, path, body string, status int, want string) {
	t.Helper()
	if got, text := post(t, srv.URL()+path, body); got != status || !strings.Contains(text, want) {
		t.Errorf("%s: %d %s, want %d and %s", path, got, text, status, want)
	}
}

// TestConsoleKeepsWhatIsMade walks through the lives of a dataset and of a
// fine-tuning job, and looks at them from both generations of paths.
func TestConsoleKeepsWhatIsMade(t *testing.T) {
	srv := RunT(t)
	const tuning, data = "/v2/finetuning?Action=", "/v2/dataset?Action="
	job := result(t, srv, tuning+"CreateFineTuningJob", `{"name":"n","model":"ERNIE-Speed","trainMode":"SFT"}`).Get("jobId").Str
	task := result(t, srv, tuning+"CreateFineTuningTask", `{"jobId":"`+job+`"}`).Get("taskId").Str
	if got := result(t, srv, tuning+"DescribeFineTuningTask", `{"taskId":"`+task+`"}`); got.Get("runStatus").Str != "Done" || got.Get("jobName").Str != "n" {
		t.Errorf("task %s", got.Raw)
	}
	if got := result(t, srv, "/wenxinworkshop/finetune/jobDetail", `{"taskId":"`+job+`","jobId":"`+task+`"}`); got.Get("trainStatus").Str != "FINISH" {
		t.Errorf("job %s", got.Raw)
	}
	if got := result(t, srv, tuning+"DescribeFineTuningJobs", `{}`).Get("jobList.#.jobId").String(); got != `["`+job+`"]` {
		t.Errorf("jobs %s", got)
	}
	result(t, srv, tuning+"DeleteFineTuningJob", `{"jobId":"`+job+`"}`)
	refused(t, srv, tuning+"DescribeFineTuningTask", `{"taskId":"`+task+`"}`, 400, `"code":"510301"`)

	set := result(t, srv, data+"CreateDataset", `{"datasetName":"d","dataFormat":"Text"}`)
	version := set.Get("versionId").Str
	if got := result(t, srv, "/wenxinworkshop/dataset/info", `{"datasetId":"`+version+`"}`).Get("name").Str; got != "d" {
		t.Errorf("dataset %q", got)
	}
	result(t, srv, data+"DeleteDataset", `{"datasetId":"`+set.Get("datasetId").Str+`"}`)
	refused(t, srv, "/wenxinworkshop/dataset/info", `{"datasetId":"`+version+`"}`, 200, `"code":"DatasetNotFound"`)
	if n := result(t, srv, data+"DescribeDatasets", "").Get("datasetList.#").Int(); n != 0 {
		t.Errorf("%d datasets are left", n)
	}
}

// TestConsoleOfEachNamespace: what is made in one is not in another.
func TestConsoleOfEachNamespace(t *testing.T) {
	srv := RunT(t)
	made := result(t, srv, "/ns/blue/v2/memory?Action=CreateSystemMemory", `{"appId":"1","description":"d"}`).Str
	body := `{"systemMemoryId":"` + made + `"}`
	result(t, srv, "/ns/blue/v2/memory?Action=DescribeSystemMemory", body)
	refused(t, srv, "/v2/memory?Action=DescribeSystemMemory", body, 400, "param[systemMemoryId] invalid.")
}

// TestConsoleScenario: rules match operations and actions, and answer in the
// envelope of the path.
func TestConsoleScenario(t *testing.T) {
	srv := RunT(t, ScenarioText(`
		[[rule]]
		name  = "no quota"
		match = { operation = "finetune", action = "createJob" }
		error = "510403"

		[[rule]]
		name  = "busy"
		match = { operation = "finetune" }
		error = "500001"

		[[rule]]
		name  = "taken"
		match = { operation = "dataset", action = "Create*" }
		error = "qianfan/dataset-datasetgroup/NameInUse"`))
	refused(t, srv, "/wenxinworkshop/finetune/createJob", `{"taskId":1}`, 200, `"error_code":510403,"error_msg":"charge quote not enough"`)
	refused(t, srv, "/v2/finetuning?Action=DescribeFineTuningJobs", `{}`, 400, `"code":"500001","message":"param invalid"`)
	refused(t, srv, "/v2/dataset?Action=CreateDatasetVersion", `{"datasetId":"x"}`, 400, `"code":"NameInUse"`)
	result(t, srv, "/v2/dataset?Action=DescribeDatasets", `{}`)
	if n := result(t, srv, "/wenxinworkshop/service/list", `{}`).Get("common.#").Int(); n < 20 {
		t.Errorf("%d services", n)
	}
}

// TestRenderKnowsTheConsole: what the console made is rendered by V1, which
// asks for its own credentials.
func TestRenderKnowsTheConsole(t *testing.T) {
	srv := RunT(t)
	made := result(t, srv, "/wenxinworkshop/prompt/template/create", `{"templateName":"t","templateContent":"Hi {who}","templateVariables":"who"}`)
	const path = "/rest/2.0/wenxinworkshop/api/v1/template/info"
	if got := result(t, srv, path+"?access_token=24.x&who=Li&id="+made.Get("templateId").Raw, "").Get("content").Str; got != "Hi Li" {
		t.Errorf("rendered %q", got)
	}
	refused(t, srv, path+"?access_token=24.x&id=1", "", 200, `{"error_code":200,"error_msg":"InternalError"}`)
	refused(t, srv, path+"?id=1", "", 200, `{"error_code":110,`)
}
