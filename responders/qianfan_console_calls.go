package responders

import "github.com/mockllm/mockllm/catalog"

// A consoleCall is what one path does, or one action of a resource.
type consoleCall struct {
	operation string
	needs     []string // What the body must have.
	do        func(c *console) []byte
	anyBody   bool // The body is a file.
}

// consoleCalls is every call of the console that the official SDKs make or the
// vendor documents: the paths of the first generation, and the actions of the
// second.
var consoleCalls = joined(
	tuningCalls, evaluationCalls, modelCalls, serviceCalls, datasetCalls, promptCalls, memoryCalls, batchCalls, chargeCalls,
)

func joined(tables ...map[string]consoleCall) map[string]consoleCall {
	all := map[string]consoleCall{}
	for _, table := range tables {
		for name, call := range table {
			all[name] = call
		}
	}
	return all
}

func tuning(do func(*console) []byte, needs ...string) consoleCall {
	return consoleCall{operation: catalog.OpFineTune, needs: needs, do: do}
}

var tuningCalls = map[string]consoleCall{
	"/v2/finetuning?Action=CreateFineTuningJob":             tuning(makes(tuningJob, tuningJobCreated), "name", "model", "trainMode"),
	"/v2/finetuning?Action=DescribeFineTuningJobs":          tuning(lists(tuningJob, "jobList", tuningJobLine)),
	"/v2/finetuning?Action=DeleteFineTuningJob":             tuning(removes(tuningJob, "jobId", tuningTask), "jobId"),
	"/v2/finetuning?Action=CreateFineTuningTask":            tuning(makesBelow(tuningTask, tuningJob, "jobId", tuningTaskCreated), "jobId"),
	"/v2/finetuning?Action=DescribeFineTuningTasks":         tuning(listsBelow(tuningTask, tuningJob, "jobId", "taskList", tuningTaskLine), "jobId"),
	"/v2/finetuning?Action=DescribeFineTuningTask":          tuning(shows(tuningTask, "taskId", tuningTaskDetail), "taskId"),
	"/v2/finetuning?Action=StopFineTuningTask":              tuning(turns(tuningTask, "taskId", "Stop"), "taskId"),
	"/v2/finetuning?Action=DeleteFineTuningTask":            tuning(removes(tuningTask, "taskId"), "taskId"),
	"/v2/finetuning?Action=DescribeFineTuningSupportModels": tuning(says(tuningModels)),
	"/wenxinworkshop/finetune/createTask":                   tuning(makes(tuningJob, oldTuningTaskCreated), "name"),
	"/wenxinworkshop/finetune/createJob":                    tuning(makesBelow(tuningTask, tuningJob, "taskId", oldTuningJobCreated), "taskId"),
	"/wenxinworkshop/finetune/jobDetail":                    tuning(shows(tuningTask, "jobId", oldTuningJobDetail), "taskId", "jobId"),
	"/wenxinworkshop/finetune/stopJob":                      tuning(turns(tuningTask, "jobId", "Stop"), "taskId", "jobId"),
}

func evaluates(do func(*console) []byte, needs ...string) consoleCall {
	return consoleCall{operation: catalog.OpEvaluation, needs: needs, do: do}
}

var evaluationCalls = map[string]consoleCall{
	"/v2/eval?Action=CreateEvalTask":                    evaluates(makes(evaluation, evalCreated), "taskName"),
	"/v2/eval?Action=DescribeEvalTasks":                 evaluates(lists(evaluation, "taskList", evalLine)),
	"/v2/eval?Action=DescribeEvalTask":                  evaluates(shows(evaluation, "taskId", evalLine), "taskId"),
	"/v2/eval?Action=DescribeEvalTaskReport":            evaluates(shows(evaluation, "taskId", evalReport), "taskId"),
	"/v2/eval?Action=DeleteEvalTask":                    evaluates(removes(evaluation, "taskId"), "taskId"),
	"/wenxinworkshop/modelrepo/eval/create":             evaluates(makes(evaluation, oldEvalCreated), "name"),
	"/wenxinworkshop/modelrepo/eval/detail":             evaluates(shows(evaluation, "id", oldEvalDetail), "id"),
	"/wenxinworkshop/modelrepo/eval/report":             evaluates(shows(evaluation, "id", oldEvalReport), "id"),
	"/wenxinworkshop/modelrepo/eval/cancel":             evaluates(turns(evaluation, "id", "Stopped"), "id"),
	"/wenxinworkshop/modelrepo/eval/delete":             evaluates(removes(evaluation, "id"), "id"),
	"/wenxinworkshop/modelrepo/eval/model/list":         evaluates(says(presetModels)),
	"/wenxinworkshop/modelrepo/eval/result/export":      evaluates(shows(evaluation, "id", oldEvalExport), "id"),
	"/wenxinworkshop/modelrepo/eval/result/export/info": evaluates(oldEvalExported, "exportID"),
	"/wenxinworkshop/modelrepo/eval/result/list":        evaluates(shows(evaluation, "id", oldEvalRows), "id"),
}

func models(do func(*console) []byte, needs ...string) consoleCall {
	return consoleCall{operation: catalog.OpModel, needs: needs, do: do}
}

var modelCalls = map[string]consoleCall{
	"/v2/model?Action=CreateCustomModelSet":               models(makes(modelSet, modelSetCreated), "modelSetName"),
	"/v2/model?Action=DescribeSystemModelSets":            models(says(systemModelSets)),
	"/v2/model?Action=DescribeCustomModelSets":            models(lists(modelSet, "modelSetList", modelSetDetail)),
	"/v2/model?Action=DescribeModelSet":                   models(describeModelSet),
	"/v2/model?Action=DeleteModelSet":                     models(removes(modelSet, "modelSetId", modelVersion), "modelSetId"),
	"/v2/model?Action=CreateCustomModel":                  models(makesBelow(modelVersion, modelSet, "modelSetId", modelCreated), "modelSetId"),
	"/v2/model?Action=DescribeModel":                      models(shows(modelVersion, "modelId", modelDetail), "modelId"),
	"/v2/model?Action=DeleteModel":                        models(removes(modelVersion, "modelId"), "modelId"),
	"/v2/model?Action=CreateModelCustomConf":              {operation: catalog.OpModel, do: says(`{"customSpecFileId":"file-mockllm"}`), anyBody: true},
	"/v2/model?Action=DescribeModelSystemAdvancedConf":    models(says(`{"params":{}}`)),
	"/v2/model?Action=DescribeModelCustomAdvancedConf":    models(shows(modelVersion, "modelId", func(*console, thing) []byte { return []byte(`{"params":{}}`) }), "modelId"),
	"/v2/model?Action=CreateModelExportTask":              models(shows(modelVersion, "modelId", accepted), "modelId"),
	"/v2/model?Action=DescribeModelExportTask":            models(shows(modelVersion, "modelId", modelExport), "modelId"),
	"/v2/model?Action=CreateModelCompTask":                models(makes(compression, taskCreated), "name", "sourceModelId"),
	"/v2/model?Action=DescribeModelCompTask":              models(shows(compression, "taskId", compressionLine), "taskId"),
	"/v2/model?Action=DescribeModelCompTasks":             models(lists(compression, "taskList", compressionLine)),
	"/v2/model?Action=CancelModelCompTask":                models(turns(compression, "taskId", "Cancelled"), "taskId"),
	"/v2/model?Action=DeleteModelCompTask":                models(removes(compression, "taskId"), "taskId"),
	"/wenxinworkshop/modelrepo/modelDetail":               models(shows(modelSet, "modelId", oldModelDetail), "modelId"),
	"/wenxinworkshop/modelrepo/modelVersionDetail":        models(shows(modelVersion, "modelVersionId", oldVersionDetail), "modelVersionId"),
	"/wenxinworkshop/modelrepo/publishTrainModel":         models(oldPublish),
	"/wenxinworkshop/modelrepo/model/preset/list":         models(says(`{"total":2,"modelList":` + presetModels + `}`)),
	"/wenxinworkshop/modelrepo/model/user/list":           models(oldUserModels),
	"/wenxinworkshop/modelrepo/model/batchDelete":         models(oldDeletesEach(modelSet, "modelIDs", modelVersion), "modelIDs"),
	"/wenxinworkshop/modelrepo/model/version/batchDelete": models(oldDeletesEach(modelVersion, "modelVersionIds"), "modelVersionIds"),
}

func serves(do func(*console) []byte, needs ...string) consoleCall {
	return consoleCall{operation: catalog.OpService, needs: needs, do: do}
}

var serviceCalls = map[string]consoleCall{
	"/v2/service?Action=CreateService":          serves(makes(service, serviceCreated), "name"),
	"/v2/service?Action=DescribeService":        serves(shows(service, "serviceId", serviceDetail), "serviceId"),
	"/v2/service?Action=DescribeServices":       serves(lists(service, "serviceList", serviceDetail)),
	"/v2/service?Action=DescribePresetServices": serves(presetServices),
	"/v2/service?Action=DescribeServiceMetric":  serves(serviceMetric),
	"/v2/service?Action=ModifyService":          serves(modifies(service, "serviceId", accepted), "serviceId"),
	"/wenxinworkshop/service/apply":             serves(makes(service, oldServiceCreated), "name", "uri"),
	"/wenxinworkshop/service/detail":            serves(shows(service, "serviceId", oldServiceDetail), "serviceId"),
	"/wenxinworkshop/service/list":              serves(oldServices),
	appList:                                     serves(says(applications)),
}

func keepsData(do func(*console) []byte, needs ...string) consoleCall {
	return consoleCall{operation: catalog.OpDataset, needs: needs, do: do}
}

var datasetCalls = map[string]consoleCall{
	"/v2/dataset?Action=CreateDataset":           keepsData(createDataset(datasetCreated), "datasetName"),
	"/v2/dataset?Action=DescribeDatasets":        keepsData(lists(dataset, "datasetList", datasetLine)),
	"/v2/dataset?Action=DeleteDataset":           keepsData(removes(dataset, "datasetId", datasetVersion), "datasetId"),
	"/v2/dataset?Action=CreateDatasetVersion":    keepsData(makesBelow(datasetVersion, dataset, "datasetId", versionCreated), "datasetId"),
	"/v2/dataset?Action=DescribeDatasetVersion":  keepsData(shows(datasetVersion, "versionId", versionDetail), "versionId"),
	"/v2/dataset?Action=DescribeDatasetVersions": keepsData(listsBelow(datasetVersion, dataset, "datasetId", "versionList", versionDetail), "datasetId"),
	"/v2/dataset?Action=DeleteDatasetVersion":    keepsData(removes(datasetVersion, "versionId"), "versionId"),
	"/v2/dataset?Action=PublishDatasetVersion":   keepsData(turns(datasetVersion, "versionId", "Published"), "versionId"),
	"/v2/dataset?Action=CreateImportTask":        keepsData(makesBelow(importTask, datasetVersion, "versionId", taskCreated), "versionId"),
	"/v2/dataset?Action=DescribeImportTask":      keepsData(shows(importTask, "taskId", transferDetail), "taskId"),
	"/v2/dataset?Action=CreateExportTask":        keepsData(makesBelow(exportTask, datasetVersion, "versionId", taskCreated), "versionId"),
	"/v2/dataset?Action=DescribeExportTask":      keepsData(shows(exportTask, "taskId", transferDetail), "taskId"),
	"/wenxinworkshop/dataset/create":             keepsData(createDataset(oldDatasetCreated), "name"),
	"/wenxinworkshop/dataset/release":            keepsData(turns(datasetVersion, "datasetId", "Published"), "datasetId"),
	"/wenxinworkshop/dataset/import":             keepsData(makesBelow(importTask, datasetVersion, "datasetId", accepted), "datasetId"),
	"/wenxinworkshop/dataset/info":               keepsData(shows(datasetVersion, "datasetId", oldDatasetInfo), "datasetId"),
	"/wenxinworkshop/dataset/statusList":         keepsData(oldStatusList, "datasetIds"),
	"/wenxinworkshop/dataset/export":             keepsData(makesBelow(exportTask, datasetVersion, "datasetId", accepted), "datasetId"),
	"/wenxinworkshop/dataset/delete":             keepsData(oldDatasetDelete, "datasetId"),
	"/wenxinworkshop/dataset/exportRecord":       keepsData(shows(datasetVersion, "datasetId", oldExportRecords), "datasetId"),
	"/wenxinworkshop/dataset/importErrorDetail":  keepsData(shows(datasetVersion, "datasetId", func(*console, thing) []byte { return []byte(importErrors) }), "datasetId"),
	"/wenxinworkshop/etl/create":                 keepsData(makes(cleaning, accepted), "sourceDatasetId", "destDatasetId"),
	"/wenxinworkshop/etl/list":                   keepsData(oldLists(cleaning, "items", oldCleaningLine("etlStrId"))),
	"/wenxinworkshop/etl/detail":                 keepsData(shows(cleaning, "etlId", oldCleaningLine("id")), "etlId"),
	"/wenxinworkshop/etl/delete":                 keepsData(oldDeletesEach(cleaning, "etlIds"), "etlIds"),
	"/wenxinworkshop/enhance/create":             keepsData(makes(enhancing, accepted), "name"),
	"/wenxinworkshop/enhance/list":               keepsData(oldLists(enhancing, "items", oldEnhancingLine)),
	"/wenxinworkshop/enhance/detail":             keepsData(shows(enhancing, "taskId", oldEnhancingLine), "taskId"),
	"/wenxinworkshop/enhance/delete":             keepsData(oldDeletesEach(enhancing, "taskIds"), "taskIds"),
	"/wenxinworkshop/entity/list":                keepsData(shows(datasetVersion, "datasetId", oldEntities), "datasetId"),
	"/wenxinworkshop/entity/annotate":            keepsData(shows(datasetVersion, "datasetId", accepted), "datasetId"),
	"/wenxinworkshop/entity/delete":              keepsData(shows(datasetVersion, "datasetId", oldEntitiesDeleted), "datasetId"),
}

func prompts(do func(*console) []byte, needs ...string) consoleCall {
	return consoleCall{operation: catalog.OpPrompt, needs: needs, do: do}
}

var promptCalls = map[string]consoleCall{
	"/v2/promptTemplates?Action=CreatePromptTemplate":    prompts(makes(promptTemplate, templateCreated), "templateName", "templateContent"),
	"/v2/promptTemplates?Action=DescribePromptTemplate":  prompts(shows(promptTemplate, "templateId", templateDetail), "templateId"),
	"/v2/promptTemplates?Action=DescribePromptTemplates": prompts(lists(promptTemplate, "items", templateDetail)),
	"/v2/promptTemplates?Action=ModifyPromptTemplate":    prompts(modifies(promptTemplate, "templateId", templateCreated), "templateId"),
	"/v2/promptTemplates?Action=DeletePromptTemplate":    prompts(removes(promptTemplate, "templateId"), "templateId"),
	"/v2/promptLabels?Action=DescribePromptLabels":       prompts(says(promptLabels)),
	"/wenxinworkshop/prompt/template/create":             prompts(makes(promptTemplate, oldTemplateCreated), "templateName", "templateContent"),
	"/wenxinworkshop/prompt/template/info":               prompts(shows(promptTemplate, "id", oldTemplateDetail), "id"),
	"/wenxinworkshop/prompt/template/update":             prompts(modifies(promptTemplate, "templateId", oldTemplateCreated), "templateId"),
	"/wenxinworkshop/prompt/template/delete":             prompts(removes(promptTemplate, "templateId"), "templateId"),
	"/wenxinworkshop/prompt/template/list":               prompts(oldLists(promptTemplate, "items", oldTemplateDetail)),
	"/wenxinworkshop/prompt/label/list":                  prompts(says(oldPromptLabels)),
	"/wenxinworkshop/prompt/singleOptimize/create":       prompts(makes(promptTask, promptTaskCreated), "content"),
	"/wenxinworkshop/prompt/singleOptimize/info":         prompts(shows(promptTask, "id", promptTaskDetail), "id"),
	"/wenxinworkshop/prompt/evaluate/predict":            prompts(oldScores, "data"),
	"/wenxinworkshop/prompt/evaluate/summary":            prompts(oldSummaries, "data"),
}

func remembers(do func(*console) []byte, needs ...string) consoleCall {
	return consoleCall{operation: catalog.OpMemory, needs: needs, do: do}
}

var memoryCalls = map[string]consoleCall{
	"/v2/memory?Action=CreateSystemMemory":     remembers(makes(memory, memoryCreated), "appId", "description"),
	"/v2/memory?Action=DescribeSystemMemory":   remembers(shows(memory, "systemMemoryId", memoryDetail), "systemMemoryId"),
	"/v2/memory?Action=DescribeSystemMemories": remembers(lists(memory, "items", memoryLine)),
	"/v2/memory?Action=ModifySystemMemory":     remembers(modifies(memory, "systemMemoryId", accepted), "systemMemoryId"),
	"/v2/memory?Action=DeleteSystemMemory":     remembers(removes(memory, "systemMemoryId"), "systemMemoryId"),
}

func infers(do func(*console) []byte, needs ...string) consoleCall {
	return consoleCall{operation: catalog.OpBatchInference, needs: needs, do: do}
}

var batchCalls = map[string]consoleCall{
	"/v2/batchinference?Action=CreateBatchInferenceTask":    infers(makes(batchTask, taskCreated), "name"),
	"/v2/batchinference?Action=DescribeBatchInferenceTask":  infers(shows(batchTask, "taskId", batchLine), "taskId"),
	"/v2/batchinference?Action=DescribeBatchInferenceTasks": infers(lists(batchTask, "taskList", batchLine)),
	"/v2/batchinference?Action=StopBatchInferenceTask":      infers(turns(batchTask, "taskId", "Stopped"), "taskId"),
}

func charges(do func(*console) []byte, needs ...string) consoleCall {
	return consoleCall{operation: catalog.OpQuota, needs: needs, do: do}
}

var chargeCalls = map[string]consoleCall{
	"/v2/charge?Action=PurchaseTPMResource":     charges(makes(tpmResource, purchased)),
	"/v2/charge?Action=DescribeTPMResource":     charges(instances(tpmResource, tpmLine)),
	"/v2/charge?Action=ResizeTPMResource":       charges(modifies(tpmResource, "instanceId", accepted), "instanceId"),
	"/v2/charge?Action=AutoReleaseTPMResource":  charges(modifies(tpmResource, "instanceId", accepted), "instanceId"),
	"/v2/charge?Action=ReleaseTPMResource":      charges(removes(tpmResource, "instanceId"), "instanceId"),
	"/v2/charge?Action=PurchaseServiceResource": charges(makes(computeUnit, purchased)),
	"/v2/charge?Action=DescribeComputeUnit":     charges(shows(computeUnit, "instanceId", unitLine), "instanceId"),
	"/v2/charge?Action=DescribeComputeUnits":    charges(instances(computeUnit, unitLine)),
	"/v2/charge?Action=ResizeComputeUnit":       charges(modifies(computeUnit, "instanceId", accepted), "instanceId"),
	"/v2/charge?Action=AutoReleaseComputeUnit":  charges(modifies(computeUnit, "instanceId", accepted), "instanceId"),
	"/v2/charge?Action=ReleaseComputeUnit":      charges(removes(computeUnit, "instanceId"), "instanceId"),
}
