package responders

import (
	"strings"
	"testing"
)

// Here the things that the console keeps live and die, seen from both
// generations of calls.

func TestConsoleTuning(t *testing.T) {
	d := &desk{t: t}
	const v2, v1 = "/v2/finetuning?Action=", "/wenxinworkshop/finetune/"
	job := d.result(v2+"CreateFineTuningJob", `{"name":"n","model":"ERNIE-Speed","trainMode":"SFT"}`).Get("jobId").Str
	task := d.result(v2+"CreateFineTuningTask", `{"jobId":"`+job+`","parameterScale":"LoRA"}`).Get("taskId").Str
	if !strings.HasPrefix(job, "job-") || !strings.HasPrefix(task, "task-") {
		t.Fatalf("job %q, task %q", job, task)
	}
	asked := `{"taskId":"` + task + `"}`
	d.want(v2+"DescribeFineTuningTask", asked, "runStatus", "Done")
	d.want(v2+"DescribeFineTuningTask", asked, "jobName", "n")
	d.want(v2+"DescribeFineTuningTask", asked, "createDate", "2023-11-14T22:13:20Z")
	d.want(v2+"DescribeFineTuningJobs", `{}`, "jobList.0.jobId", job)
	d.want(v2+"DescribeFineTuningTasks", `{"jobId":"`+job+`"}`, "taskList.#", "1")
	d.want(v2+"StopFineTuningTask", asked, "@this", "true")
	d.want(v2+"DescribeFineTuningTask", asked, "runStatus", "Stop")
	d.want(v2+"DeleteFineTuningJob", `{"jobId":"`+job+`"}`, "@this", "true")
	d.wantRefused(v2+"DescribeFineTuningTask", asked, 400, `"code":"510301","message":"job not exist"`)
	d.wantRefused(v2+"CreateFineTuningTask", `{"jobId":"`+job+`"}`, 400, `"code":"510202","message":"task not exist"`)
	d.wantRefused(v1+"createJob", `{"taskId":1}`, 200, `"error_code":510202,"error_msg":"task not exist"`)

	made := d.result(v1+"createTask", `{"name":"old","baseTrainType":"ERNIE-Bot-turbo","trainType":"ERNIE-Bot-turbo-0922"}`)
	run := d.result(v1+"createJob", `{"taskId":`+made.Get("id").Raw+`,"trainMode":"SFT"}`)
	d.want(v1+"jobDetail", `{"taskId":`+made.Get("id").Raw+`,"jobId":`+run.Get("id").Raw+`}`, "trainStatus", "FINISH")
	d.want(v2+"DescribeFineTuningTask", `{"taskId":"`+run.Get("uuid").Str+`"}`, "jobId", made.Get("uuid").Str)
}

func TestConsoleModels(t *testing.T) {
	d := &desk{t: t}
	const v2, v1 = "/v2/model?Action=", "/wenxinworkshop/modelrepo/"
	set := d.result(v2+"CreateCustomModelSet", `{"modelSetName":"mine","modelType":"Text2Text"}`).Get("modelSetId").Str
	model := d.result(v2+"CreateCustomModel", `{"modelSetId":"`+set+`","sourceType":"Train"}`).Get("modelId").Str
	d.want(v2+"DescribeModelSet", `{"modelSetName":"mine"}`, "modelIds.0", model)
	d.want(v2+"DescribeModel", `{"modelId":"`+model+`"}`, "state", "Ready")
	d.want(v2+"DescribeCustomModelSets", `{}`, "modelSetList.#", "1")
	d.want(v1+"modelDetail", `{"modelId":"`+set+`"}`, "modelVersionList.0.modelVersionIdStr", model)
	d.want(v2+"DeleteModelSet", `{"modelSetId":"`+set+`"}`, "@this", "true")
	d.wantRefused(v2+"DescribeModel", `{"modelId":"`+model+`"}`, 400, `"code":"10001","message":"模型不存在"`)
	d.wantRefused(v2+"DescribeModelSet", `{"modelSetName":"mine"}`, 400, `"10001"`)

	made := d.result(v1+"publishTrainModel", `{"isNewModel":true,"modelName":"m","versionMeta":{"taskId":1,"iterationId":2}}`)
	d.want(v1+"publishTrainModel", `{"isNewModel":false,"modelId":`+made.Get("modelId").Raw+`}`, "version", "2")
	d.want(v1+"modelVersionDetail", `{"modelVersionId":`+made.Get("versionId").Raw+`}`, "modelName", "m")
	d.want(v1+"model/version/batchDelete", `{"modelVersionIds":[`+made.Get("versionId").Raw+`]}`, "@this", "true")
	d.want(v1+"model/user/list", `{"pageNo":1,"pageSize":20}`, "total", "1")
	d.want(v1+"model/batchDelete", `{"modelIDs":["`+made.Get("modelIDStr").Str+`"]}`, "@this", "true")
	d.want(v1+"model/user/list", `{"pageNo":1,"pageSize":20}`, "total", "0")
	d.wantRefused(v1+"model/batchDelete", `{"modelIDs":[3]}`, 200, `"error_code":10001`)
	if len(d.kept.records) > 0 {
		t.Errorf("left: %v", d.kept.records)
	}
}

func TestConsoleServicesAndQuota(t *testing.T) {
	d := &desk{t: t}
	const v2, v1, charge = "/v2/service?Action=", "/wenxinworkshop/service/", "/v2/charge?Action="
	made := d.result(v2+"CreateService", `{"name":"s","urlSuffix":"abc","modelId":"am-1","modelVersionId":"amv-1"}`).Get("serviceId").Str
	d.want(v2+"DescribeService", `{"serviceId":"`+made+`"}`, "runStatus", "Serving")
	d.want(v2+"ModifyService", `{"serviceId":"`+made+`","modelId":"am-2"}`, "@this", "true")
	d.want(v2+"DescribeService", `{"serviceId":"`+made+`"}`, "modelId", "am-2")
	d.want(v2+"DescribeService", `{"serviceId":"`+made+`"}`, "name", "s")
	d.want(v2+"DescribeServices", `{}`, "serviceList.#", "1")
	d.want(v1+"list", `{}`, "custom.0.url", "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/abc")
	d.want(v1+"list", `{"apiTypefilter":["embeddings"]}`, "common.#.apiType|@ugly", `["embeddings","embeddings","embeddings","embeddings"]`)
	d.want(v1+"list", `{"apiTypefilter":["embeddings"]}`, "custom.#", "0")
	d.want(v2+"DescribePresetServices", `{"serviceType":["image2text"]}`, "serviceList.0.name", "Fuyu-8B")
	d.wantRefused(v2+"DescribeService", `{"serviceId":"svco-x"}`, 400, "param[serviceId] invalid.")
	d.wantRefused(v1+"detail", `{"serviceId":1}`, 200, `"error_code":500001,"error_msg":"param invalid"`)
	old := d.result(v1+"apply", `{"modelId":1,"modelVersionId":2,"name":"o","uri":"o","replicas":1,"poolType":2}`)
	d.want(v1+"detail", `{"serviceId":`+old.Get("serviceId").Raw+`}`, "serviceStatus", "Done")

	bought := d.result(charge+"PurchaseTPMResource", `{"model":"ERNIE-4.0-8K","tpm":20000,"billing":{"paymentTiming":"Postpaid"}}`).Get("instanceId").Str
	d.want(charge+"DescribeTPMResource", `{"model":"ERNIE-4.0-8K"}`, "instances.0.tpm", "20000")
	d.want(charge+"ResizeTPMResource", `{"instanceId":"`+bought+`","tpm":30000}`, "@this", "true")
	d.want(charge+"DescribeTPMResource", `{"instanceId":"`+bought+`"}`, "instances.0.tpm", "30000")
	d.want(charge+"ReleaseTPMResource", `{"instanceId":"`+bought+`"}`, "@this", "true")
	d.want(charge+"DescribeTPMResource", `{}`, "instances.#", "0")
	d.wantRefused(charge+"ReleaseTPMResource", `{"instanceId":"`+bought+`"}`, 400, `"code":"ReleaseResourceFailed"`)
}

func TestConsoleDatasets(t *testing.T) {
	d := &desk{t: t}
	const v2, v1 = "/v2/dataset?Action=", "/wenxinworkshop/dataset/"
	made := d.result(v2+"CreateDataset", `{"datasetName":"hello","dataFormat":"PromptResponse"}`)
	set, version := `{"datasetId":"`+made.Get("datasetId").Str+`"}`, `{"versionId":"`+made.Get("versionId").Str+`"}`
	d.want(v2+"CreateDatasetVersion", set, "versionNumber", "2")
	d.want(v2+"DescribeDatasetVersions", set, "versionList.#", "2")
	d.want(v2+"PublishDatasetVersion", version, "@this", "true")
	d.want(v2+"DescribeDatasetVersion", version, "publishStatus", "Published")
	task := d.result(v2+"CreateImportTask", version).Get("taskId").Str
	d.want(v2+"DescribeImportTask", `{"taskId":"`+task+`"}`, "runStatus", "Finished")
	d.want(v2+"DescribeDatasets", `{}`, "datasetList.0.versionCount", "2")
	d.want(v2+"DeleteDatasetVersion", version, "@this", "true")
	d.want(v2+"DeleteDataset", set, "@this", "true")
	d.wantRefused(v2+"DescribeDatasetVersions", set, 400, `"code":"DatasetNotFound","message":"数据集不存在"`)

	old := d.result(v1+"create", `{"name":"o","dataType":4,"projectType":20,"templateType":2000,"storageType":"sysBos"}`)
	asked := `{"datasetId":"` + old.Get("datasetId").Str + `"}`
	d.want(v1+"import", asked, "@this", "true")
	d.want(v1+"release", asked, "@this", "true")
	d.want(v1+"info", asked, "versionInfo.releaseStatus", "2")
	d.want(v1+"statusList", `{"datasetIds":["`+old.Get("datasetId").Str+`","none"]}`, "@keys.#", "1")
	d.want(v1+"export", asked, "@this", "true")
	d.want(v1+"exportRecord", asked, "0.status", "2")
	d.want("/wenxinworkshop/etl/create", `{"sourceDatasetId":"a","destDatasetId":"b"}`, "@this", "true")
	etl := d.result("/wenxinworkshop/etl/list", `{}`).Get("items.0.etlStrId").Raw
	d.want("/wenxinworkshop/etl/detail", `{"etlId":`+etl+`}`, "processStatus", "2")
	d.want("/wenxinworkshop/etl/delete", `{"etlIds":[`+etl+`]}`, "@this", "true")
	d.wantRefused("/wenxinworkshop/etl/detail", `{"etlId":`+etl+`}`, 200, `"ModelIDNotExist"`)
	d.want(v1+"delete", asked, "versionCount", "0")
	d.wantRefused(v1+"info", asked, 200, `"status":400,"success":false,"code":"DatasetNotFound"`)
	if left := d.kept.List("dataset"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestConsoleRest(t *testing.T) {
	d := &desk{t: t}
	template := d.result("/v2/promptTemplates?Action=CreatePromptTemplate", `{"templateName":"t","templateContent":"Hi ((who)), ((who))","templateVariables":"who","variableIdentifier":"(())"}`).Get("templateId").Str
	d.want("/v2/promptTemplates?Action=DescribePromptTemplate", `{"templateId":"`+template+`","who":"Li"}`, "content", "Hi Li, Li")
	d.want("/wenxinworkshop/prompt/template/info", `{"id":"`+template+`"}`, "content", "Hi ((who)), ((who))")
	d.want("/wenxinworkshop/prompt/template/list", `{}`, "items.0.templatePK", template)
	d.want("/wenxinworkshop/prompt/template/update", `{"templateId":"`+template+`","templateName":"u"}`, "templatePK", template)
	d.want("/v2/promptTemplates?Action=DescribePromptTemplates", `{}`, "items.0.templateName", "u")
	d.want("/wenxinworkshop/prompt/template/delete", `{"templateId":"`+template+`"}`, "@this", "true")
	d.wantRefused("/wenxinworkshop/prompt/template/info", `{"id":"`+template+`"}`, 200, `"code":"1003002","message":{"global":"记录不存在"}`)

	eval := d.result("/v2/eval?Action=CreateEvalTask", `{"taskName":"e"}`).Str
	d.want("/v2/eval?Action=DescribeEvalTask", `{"taskId":"`+eval+`"}`, "runStatus", "Successed")
	d.want("/wenxinworkshop/modelrepo/eval/detail", `{"id":"`+eval+`"}`, "state", "Done")
	d.want("/v2/eval?Action=DeleteEvalTask", `{"taskId":"`+eval+`"}`, "@this", "true")
	d.wantRefused("/wenxinworkshop/modelrepo/eval/detail", `{"id":"`+eval+`"}`, 200, `"error_code":71006`)

	sm := d.result("/v2/memory?Action=CreateSystemMemory", `{"appId":"1","description":"d"}`).Str
	d.want("/v2/memory?Action=ModifySystemMemory", `{"systemMemoryId":"`+sm+`","memories":[ {"a": 1} ]}`, "@this", "true")
	d.want("/v2/memory?Action=DescribeSystemMemory", `{"systemMemoryId":"`+sm+`"}`, "memories", `[{"a":1}]`)
	d.want("/v2/memory?Action=DescribeSystemMemories", `{"marker":"0"}`, "items.0.systemMemoryId", sm)
	d.want("/v2/memory?Action=DeleteSystemMemory", `{"systemMemoryId":"`+sm+`"}`, "@this", "true")

	batch := d.result("/v2/batchinference?Action=CreateBatchInferenceTask", `{"name":"b"}`).Get("taskId").Str
	d.want("/v2/batchinference?Action=DescribeBatchInferenceTasks", `{}`, "taskList.0.runStatus", "Done")
	d.want("/v2/batchinference?Action=StopBatchInferenceTask", `{"taskId":"`+batch+`"}`, "@this", "true")
	d.want("/v2/batchinference?Action=DescribeBatchInferenceTask", `{"taskId":"`+batch+`"}`, "runStatus", "Stopped")
}
