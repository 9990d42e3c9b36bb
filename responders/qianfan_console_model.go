package responders

import (
	"cmp"
	"strconv"

	"github.com/tidwall/gjson"
)

// Models: a set, am-…, has versions, amv-…. The new generation calls a version
// a model.

var (
	modelSet = &kind{
		record: "model-set", prefix: "am-", length: 12, missing: modelFamily + "10001",
		keeps: []string{"modelSetName", "modelName", "modelType", "labels", "description"},
	}
	modelVersion = &kind{
		record: "model", prefix: "amv-", length: 12, missing: modelFamily + "10001",
		keeps: []string{"sourceType", "description", "trainMeta", "importMeta", "versionMeta", "version"},
	}
	compression = &kind{
		record: "model-compression", prefix: "comp-", length: 12, missing: modelFamily + "70107",
		keeps: []string{"name", "sourceModelId", "modelSetId", "config", "description"},
	}
)

func modelSetCreated(_ *console, t thing) []byte { return obj().str("modelSetId", t.id).end() }

func modelSetDetail(c *console, t thing) []byte {
	var ids [][]byte
	for _, v := range c.all(modelVersion, t.id) {
		ids = append(ids, appendQuoted(nil, v.id))
	}
	return obj().str("modelSetId", t.id).str("modelSetName", t.the("modelSetName", t.the("modelName", ""))).
		str("source", "UserCreate").str("modelType", t.the("modelType", "Text2Text")).
		str("createTime", beijing(t.at)).str("modifyTime", beijing(t.at)).raw("modelIds", array(ids...)).end()
}

// describeModelSet finds a set by its id, or by its name.
func describeModelSet(c *console) []byte {
	name := c.str("modelSetName")
	if name == "" || c.str("modelSetId") != "" {
		return modelSetDetail(c, c.get(modelSet, "modelSetId"))
	}
	for _, t := range c.all(modelSet, "") {
		if t.the("modelSetName", "") == name {
			return modelSetDetail(c, t)
		}
	}
	c.miss(modelSet, "modelSetName")
	return nil
}

func modelCreated(_ *console, t thing) []byte {
	return obj().str("modelSetId", t.parent).str("modelId", t.id).end()
}

func modelDetail(c *console, t thing) []byte {
	set, _ := c.find(modelSet, t.parent)
	return obj().str("modelSetId", t.parent).str("modelSetName", set.the("modelSetName", set.the("modelName", ""))).
		str("modelId", t.id).str("version", t.the("version", "1")).str("description", t.the("description", "")).
		str("sourceType", t.the("sourceType", "Train")).str("state", "Ready").str("ioMode", "chat").
		str("createTime", beijing(t.at)).str("modifyTime", beijing(t.at)).end()
}

// systemModelSets is the vendor's own models.
const systemModelSets = `{"pageInfo":{"marker":"","maxKeys":100,"isTruncated":false},"modelSetList":[` +
	`{"modelSetId":"am-ju3hi4ts39u9","modelSetName":"ERNIE Lite","source":"PlatformPreset","modelType":"Text2Text","modelIds":["amv-irrrsmxabb6r"]},` +
	`{"modelSetId":"am-44f8ji8eegp0","modelSetName":"Yi-34B","source":"PlatformPreset","modelType":"Text2Text","modelIds":["amv-mpjrtxej6hye"]}]}`

// presetModels is the same in the words of the old paths.
const presetModels = `[{"modelId":2,"modelIdStr":"am-ju3hi4ts39u9","modelName":"ERNIE Lite","source":"PlatformPreset","modelType":0,"trainType":"",` +
	`"modelVersionList":[{"modelVersionId":19879,"modelVersionIdStr":"amv-irrrsmxabb6r","version":"ERNIE-Lite-8K-0308","sourceType":"PlatformPreset",` +
	`"framework":"paddle","algorithm":"ERNIE_EB-ERNIEBOT_LITE_8K","trainType":"ernieBotLite-8k","description":""}]},` +
	`{"modelId":446,"modelIdStr":"am-44f8ji8eegp0","modelName":"Yi-34B","source":"PlatformPreset","modelType":0,"trainType":"",` +
	`"modelVersionList":[{"modelVersionId":635,"modelVersionIdStr":"amv-mpjrtxej6hye","version":"Yi-34B-Chat","sourceType":"PlatformPreset",` +
	`"framework":"Pytorch","algorithm":"opensource-yi-34b","trainType":"","description":""}]}]`

func modelExport(_ *console, t thing) []byte {
	return obj().str("modelId", t.id).str("runStatus", "Done").str("createTime", beijing(t.at)).end()
}

func compressionLine(_ *console, t thing) []byte {
	return obj().str("taskId", t.id).str("name", t.the("name", "")).str("description", t.the("description", "")).
		str("sourceModelId", t.the("sourceModelId", "")).str("modelSetId", t.the("modelSetId", "")).
		raw("config", t.raw("config", "{}")).str("runStatus", cmp.Or(t.state, "Done")).
		str("createTime", beijing(t.at)).str("finishTime", beijing(t.at)).end()
}

// oldPublish puts a version into the set that the body names, or into a new
// one.
func oldPublish(c *console) []byte {
	var set thing
	if c.body.Get("modelId").Exists() {
		set = c.get(modelSet, "modelId")
	} else {
		set = c.create(modelSet, "")
	}
	version := strconv.Itoa(1 + len(c.all(modelVersion, set.id)))
	v := c.create(modelVersion, set.id)
	v.asked = gjson.Parse(`{"version":` + string(appendQuoted(nil, version)) + `}`)
	c.put(v)
	return obj().str("modelIDStr", set.id).num("modelId", set.number).str("version", version).
		num("versionId", v.number).str("versionIdStr", v.id).end()
}

func oldVersion(c *console, t thing) *object {
	set, _ := c.find(modelSet, t.parent)
	return obj().num("modelId", set.number).str("modelIdStr", t.parent).
		str("modelName", set.the("modelName", set.the("modelSetName", ""))).
		num("modelVersionId", t.number).str("modelVersionIdStr", t.id).str("version", t.the("version", "1")).
		str("description", t.the("description", "")).str("sourceType", t.the("sourceType", "Train")).
		str("state", "Ready").str("ioMode", "chat").
		str("createTime", beijing(t.at)).str("modifyTime", beijing(t.at)).
		raw("deployResource", []byte(`["Private"]`)).raw("supportOptions", []byte(`["Deploy"]`)).
		str("trainType", "ernieBotLite-Speed")
}

func oldVersionDetail(c *console, t thing) []byte { return oldVersion(c, t).end() }

func oldModelDetail(c *console, t thing) []byte {
	return obj().num("modelId", t.number).str("modelIdStr", t.id).
		str("modelName", t.the("modelName", t.the("modelSetName", ""))).str("source", "UserCreate").num("modelType", 0).
		str("createTime", beijing(t.at)).str("modifyTime", beijing(t.at)).
		str("description", t.the("description", "")).str("trainType", "ernieBotLite-Speed").
		raw("modelVersionList", c.array(c.all(modelVersion, t.id), oldVersionDetail)).end()
}

func oldUserModels(c *console) []byte {
	return c.oldPage("modelList", c.all(modelSet, ""), oldModelDetail)
}

// oldPage writes a page of an old list, whose pages have numbers.
func (c *console) oldPage(name string, things []thing, write writer) []byte {
	const most = 100
	total := len(things)
	size := number(c.body.Get("pageSize"), 1, most, most)
	from := number(c.body.Get("offset"), 0, maxOffset, 0)
	if page := number(c.body.Get("pageNo"), 1, maxOffset, 0); page > 0 {
		from = (page - 1) * size
	}
	from = min(from, total)
	things = things[from:min(from+size, total)]
	return obj().num("total", int64(total)).raw(name, c.array(things, write)).end()
}

// maxOffset is beyond any list that is kept.
const maxOffset = 1 << 20

// oldDeletesEach deletes every thing of a list of ids; one that is not there
// refuses the call.
func oldDeletesEach(k *kind, key string, below ...*kind) func(*console) []byte {
	return func(c *console) []byte {
		c.body.Get(key).ForEach(func(_, id gjson.Result) bool {
			if t, found := c.find(k, id.String()); found {
				c.removeAll(t, below...)
			} else {
				c.miss(k, key)
			}
			return c.refused == nil
		})
		return []byte("true")
	}
}
