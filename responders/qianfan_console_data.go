package responders

import "github.com/tidwall/gjson"

// Datasets: dg-… has versions, ds-…. The old paths call a version a dataset.

var (
	dataset = &kind{
		record: "dataset", prefix: "dg-", length: 16, missing: datasetMissing,
		keeps: []string{"datasetName", "name", "dataFormat", "dataType", "projectType", "templateType", "storageType", "storageId", "storagePath", "description"},
	}
	datasetVersion = &kind{
		record: "dataset-version", prefix: "ds-", length: 16, missing: datasetMissing,
		keeps: []string{"description", "number"},
	}
	importTask = &kind{
		record: "dataset-import", prefix: "task-", length: 12, missing: "qianfan/dataset-dataset/ImportRecordNotExist",
		keeps: []string{"versionId", "importConfig", "fileUrl", "storagePath"},
	}
	exportTask = &kind{
		record: "dataset-export", prefix: "task-", length: 12, missing: "qianfan/dataset-dataset/ExportRecordNotExist",
		keeps: []string{"versionId", "storageType", "storagePath", "exportFormat"},
	}
	cleaning = &kind{
		record: "etl", prefix: "ds-", length: 16, missing: datasetFamily + "ModelIDNotExist",
		keeps: []string{"sourceDatasetId", "destDatasetId", "entityCount", "entityType", "operationsV2", "name"},
	}
	enhancing = &kind{
		record: "enhance", prefix: "task-", length: 16, missing: datasetFamily + "ModelIDNotExist",
		keeps: []string{"name", "sourceDatasetId", "destDatasetId", "serviceName", "appId", "numSeedFewshot", "numInstancesToGenerate", "similarityThreshold"},
	}
)

const datasetMissing = "qianfan/dataset-dataset/DatasetNotFound"

// createDataset makes a dataset with its first version.
func createDataset(write func(set, version thing) []byte) func(*console) []byte {
	return func(c *console) []byte {
		set := c.create(dataset, "")
		return write(set, c.create(datasetVersion, set.id))
	}
}

func datasetCreated(set, version thing) []byte {
	return obj().str("datasetId", set.id).str("datasetName", set.the("datasetName", "")).str("versionId", version.id).
		num("versionNumber", 1).str("dataFormat", set.the("dataFormat", "")).str("storageType", set.the("storageType", "")).
		str("storagePath", set.the("storagePath", "")).str("createDate", utc(set.at)).end()
}

func datasetLine(c *console, t thing) []byte {
	return obj().str("datasetId", t.id).str("datasetName", t.the("datasetName", t.the("name", ""))).
		str("dataFormat", t.the("dataFormat", "")).num("versionCount", int64(len(c.all(datasetVersion, t.id)))).
		str("storageType", t.the("storageType", "")).str("createDate", utc(t.at)).end()
}

func versionCreated(c *console, t thing) []byte {
	return obj().str("datasetId", t.parent).str("versionId", t.id).
		num("versionNumber", int64(1+len(c.all(datasetVersion, t.parent)))).end()
}

func versionDetail(c *console, t thing) []byte {
	set, _ := c.find(dataset, t.parent)
	published := "NotPublished"
	if t.state != "" {
		published = t.state
	}
	number := 1
	for i, v := range c.all(datasetVersion, t.parent) {
		if v.id == t.id {
			number = i + 1
		}
	}
	return obj().str("datasetId", t.parent).str("datasetName", set.the("datasetName", set.the("name", ""))).
		str("versionId", t.id).num("versionNumber", int64(number)).str("description", t.the("description", "")).
		str("dataFormat", set.the("dataFormat", "")).str("importStatus", "Finished").str("publishStatus", published).
		num("sampleCount", 0).str("createDate", utc(t.at)).end()
}

// taskCreated is what is answered where a task has begun.
func taskCreated(_ *console, t thing) []byte { return obj().str("taskId", t.id).end() }

func transferDetail(_ *console, t thing) []byte {
	return obj().str("taskId", t.id).str("versionId", t.parent).str("runStatus", "Finished").num("progress", 100).
		str("storagePath", t.the("storagePath", "")).str("createDate", utc(t.at)).str("finishDate", utc(t.at)).end()
}

// The old paths.

func oldDatasetCreated(set, version thing) []byte {
	storage := obj().str("storageId", set.the("storageId", "")).str("storagePath", set.the("storagePath", "")).
		str("storageName", set.the("storageId", ""))
	return obj().num("id", version.number).num("groupId", set.number).str("groupPK", set.id).str("datasetId", version.id).
		num("versionId", 1).str("groupName", set.the("name", "")).str("displayName", "").num("createFrom", 0).
		str("bmlDatasetId", version.id).raw("dataType", set.raw("dataType", "4")).
		raw("projectType", set.raw("projectType", "20")).raw("templateType", set.raw("templateType", "2000")).
		str("remark", "").raw("storageInfo", storage.end()).
		num("importStatus", -1).num("importProgress", 0).num("exportStatus", -1).num("releaseStatus", 0).
		boolean("ShouldHide", false).num("status", 0).num("isUnique", 0).null("errCode").
		str("createTime", beijing(set.at)).str("modifyTime", beijing(set.at)).end()
}

// oldStatus is how far a version is: what was asked for is done.
func oldStatus(o *object, t thing) *object {
	released := int64(0)
	if t.state != "" {
		released = 2
	}
	return o.num("importStatus", 2).num("importProgress", 100).num("exportStatus", 2).num("exportProgress", 100).
		num("releaseStatus", released).num("releaseProgress", 50*released).num("enhanceStatus", -1).num("etlStatus", 0).
		null("importErrorInfo").num("entityCount", 0).num("annotatedEntityCount", 0).num("labelCount", 1).
		num("characterCount", 0)
}

func oldDatasetInfo(c *console, t thing) []byte {
	set, _ := c.find(dataset, t.parent)
	storage := obj().str("storageId", set.the("storageId", "")).str("storageName", set.the("storageId", "")).
		str("storagePath", set.the("storagePath", "")).str("rawStoragePath", "").str("region", "bj")
	version := obj().num("id", t.number).num("groupId", set.number).str("datasetId", t.id).num("versionId", 1).
		raw("dataType", set.raw("dataType", "4")).raw("projectType", set.raw("projectType", "20")).
		raw("templateType", set.raw("templateType", "2000")).str("storageType", set.the("storageType", "sysBos")).
		raw("storage", storage.end())
	version = oldStatus(version, t).str("createTime", clock(t.at)).str("modifyTime", clock(t.at))
	return obj().str("groupPK", t.parent).str("name", set.the("name", set.the("datasetName", ""))).
		raw("dataType", set.raw("dataType", "4")).raw("versionInfo", version.end()).end()
}

// oldStatusList is an object by id; ids that nobody made are left out.
func oldStatusList(c *console) []byte {
	o := obj()
	c.body.Get("datasetIds").ForEach(func(_, id gjson.Result) bool {
		if t, found := c.find(datasetVersion, id.String()); found {
			o.raw(id.String(), oldStatus(obj(), t).str("modifyTime", clock(t.at)).end())
		}
		return true
	})
	return o.end()
}

// oldDatasetDelete deletes a version, and with the last one its dataset.
func oldDatasetDelete(c *console) []byte {
	t := c.get(datasetVersion, "datasetId")
	c.remove(t)
	left := len(c.all(datasetVersion, t.parent)) - 1
	if set, found := c.find(dataset, t.parent); found && left == 0 {
		c.remove(set)
	}
	return obj().num("versionCount", int64(max(left, 0))).end()
}

func oldExportRecords(c *console, t thing) []byte {
	var records [][]byte
	for _, e := range c.all(exportTask, t.id) {
		records = append(records, obj().str("creatorName", "mockllm").str("storageId", "").
			str("storagePath", e.the("storagePath", "")).num("size", 0).num("exportFormat", 0).num("exportType", 1).
			num("status", 2).num("recordNum", 0).num("exportTo", 0).str("downloadUrl", "").
			str("startTime", clock(e.at)).str("finishTime", clock(e.at)).end())
	}
	return array(records...)
}

const importErrors = `{"dataType":"file","downloadUrl":"","isZip":0,"projectType":20,"content":[]}`

// oldTaskKey: such tasks are made without telling their id; the list does.
func oldCleaningLine(key string) writer {
	return func(_ *console, t thing) []byte {
		return obj().num(key, t.number).str("name", t.the("name", "")).
			str("sourceDatasetStrId", t.the("sourceDatasetId", "")).str("destDatasetStrId", t.the("destDatasetId", "")).
			raw("entityCount", t.raw("entityCount", "0")).raw("entityType", t.raw("entityType", "2")).
			raw("operationsV2", t.raw("operationsV2", "{}")).num("processStatus", 2).num("status", 0).
			num("errCode", 0).str("errMsg", "").str("startTime", clock(t.at)).str("finishTime", clock(t.at)).
			str("createTime", beijing(t.at)).str("modifyTime", clock(t.at)).end()
	}
}

func oldEnhancingLine(_ *console, t thing) []byte {
	return obj().num("id", t.number).str("name", t.the("name", "")).
		str("sourceDatasetStrId", t.the("sourceDatasetId", "")).str("destDatasetStrId", t.the("destDatasetId", "")).
		num("status", 3).num("area", 0).num("strategy", 0).str("failReason", "").
		boolean("isSelfInstruct", true).str("serviceName", t.the("serviceName", "")).
		str("startTime", clock(t.at)).str("finishTime", clock(t.at)).end()
}

// oldLists answers with a page of all things of the kind.
func oldLists(k *kind, name string, write writer) func(*console) []byte {
	return func(c *console) []byte { return c.oldPage(name, c.all(k, ""), write) }
}

// oldEntities lists no samples: no data is kept.
func oldEntities(*console, thing) []byte {
	return obj().num("totalAll", 0).num("total", 0).raw("items", array()).end()
}

func oldEntitiesDeleted(*console, thing) []byte { return obj().null("failedOnes").end() }
