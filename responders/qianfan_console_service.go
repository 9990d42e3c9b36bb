package responders

import (
	"slices"

	"github.com/tidwall/gjson"
)

// Services: what is deployed, and what the vendor deployed itself. SDKs ask
// for both lists by themselves to learn which endpoint a model has.

var service = &kind{
	record: "service", prefix: "svco-", length: 12,
	keeps: []string{"name", "description", "modelId", "modelVersionId", "modelSetId", "urlSuffix", "uri", "resourceConfig", "billing"},
}

// preset is a service of the vendor's.
type preset struct{ name, kind, endpoint string }

// presets are the vendor's services as the official SDKs know them; not all.
var presets = []preset{
	{"ERNIE-4.0-Turbo-8K", "chat", "ernie-4.0-turbo-8k"},
	{"ERNIE-4.0-8K", "chat", "completions_pro"},
	{"ERNIE-3.5-8K", "chat", "completions"},
	{"ERNIE-3.5-128K", "chat", "ernie-3.5-128k"},
	{"ERNIE-Speed-8K", "chat", "ernie_speed"},
	{"ERNIE-Speed-128K", "chat", "ernie-speed-128k"},
	{"ERNIE-Speed-Pro-128K", "chat", "ernie-speed-pro-128k"},
	{"ERNIE-Lite-8K", "chat", "ernie-lite-8k"},
	{"ERNIE-Lite-Pro-8K", "chat", "ernie-lite-pro-8k"},
	{"ERNIE-Tiny-8K", "chat", "ernie-tiny-8k"},
	{"ERNIE-Character-8K", "chat", "ernie-char-8k"},
	{"ERNIE-Novel-8K", "chat", "ernie-novel-8k"},
	{"Llama-2-7B-Chat", "chat", "llama_2_7b"},
	{"BLOOMZ-7B", "chat", "bloomz_7b1"},
	{"SQLCoder-7B", "completions", "sqlcoder_7b"},
	{"CodeLlama-7b-Instruct", "completions", "codellama_7b_instruct"},
	{"Embedding-V1", "embeddings", "embedding-v1"},
	{"bge-large-zh", "embeddings", "bge_large_zh"},
	{"bge-large-en", "embeddings", "bge_large_en"},
	{"tao-8k", "embeddings", "tao_8k"},
	{"bce-reranker-base_v1", "reranker", "bce_reranker_base"},
	{"Stable-Diffusion-XL", "text2image", "sd_xl"},
	{"Fuyu-8B", "image2text", "fuyu_8b"},
}

func (p preset) url() string {
	return "https://aip.baidubce.com" + v1Prefix + "/" + p.kind + "/" + p.endpoint
}

// id is a function of the name, so that it is the same in every answer.
func (p preset) id() string { return "svcp-" + fixedID(p.name, 12) }

// asksFor reports whether a list of kinds, if there is one, has this one.
func asksFor(kinds gjson.Result, kind string) bool {
	all := kinds.Array()
	return len(all) == 0 || slices.ContainsFunc(all, func(k gjson.Result) bool { return k.Str == kind })
}

// oldServices lists both. Python spells the filter with a small f, Go with a
// big one.
func oldServices(c *console) []byte {
	filter := c.body.Get("apiTypefilter")
	if !filter.Exists() {
		filter = c.body.Get("apiTypeFilter")
	}
	var common [][]byte
	for _, p := range presets {
		if asksFor(filter, p.kind) {
			common = append(common, obj().str("serviceId", p.id()).str("serviceUuid", p.id()).
				str("name", p.name).str("url", p.url()).str("apiType", p.kind).str("chargeStatus", "OPENED").
				raw("versionList", array(obj().str("trainType", p.endpoint).str("serviceStatus", "Done").end())).end())
		}
	}
	custom := []thing{}
	if asksFor(filter, "chat") {
		custom = c.all(service, "")
	}
	return obj().raw("common", array(common...)).raw("custom", c.array(custom, oldServiceLine)).end()
}

func serviceURL(t thing) string {
	return "https://aip.baidubce.com" + v1Prefix + "/chat/" + t.the("urlSuffix", t.the("uri", t.id))
}

func oldServiceLine(_ *console, t thing) []byte {
	version := obj().str("aiModelId", t.the("modelId", "")).str("aiModelVersionId", t.the("modelVersionId", "")).
		str("trainType", "").str("serviceStatus", "Done")
	return obj().str("serviceId", t.id).str("serviceUuid", t.id).str("name", t.the("name", "")).str("url", serviceURL(t)).
		str("apiType", "chat").str("chargeStatus", "FREE").raw("versionList", array(version.end())).end()
}

func oldServiceCreated(_ *console, t thing) []byte {
	return obj().boolean("result", true).num("serviceId", t.number).str("serviceIdStr", t.id).end()
}

func oldServiceDetail(_ *console, t thing) []byte {
	return obj().num("id", t.number).str("serviceIdStr", t.id).raw("modelId", t.raw("modelId", "0")).
		raw("iterationId", t.raw("modelVersionId", "0")).str("version", "1").
		str("name", t.the("name", "")).str("uri", t.the("uri", t.the("urlSuffix", ""))).str("fullUri", serviceURL(t)).
		num("applyStatus", 2).str("serviceStatus", "Done").num("onlineTime", t.at.Unix()).
		str("description", t.the("description", "")).num("payType", 3).
		num("createTime", t.at.Unix()).num("modifyTime", t.at.Unix()).end()
}

// applications is what the account can call services with. Its keys are made
// up.
const applications = `{"appList":[{"id":45042944,"name":"mockllm","ak":"mockllm-app-ak","sk":"mockllm-app-sk","apiIds":""}]}`

func serviceCreated(c *console, t thing) []byte {
	return obj().str("serviceId", t.id).str("instanceId", text(c.chance, 32, lowerHex)).end()
}

func serviceDetail(_ *console, t thing) []byte {
	return obj().str("serviceId", t.id).str("modelId", t.the("modelId", "")).str("modelVersionId", t.the("modelVersionId", "")).
		str("name", t.the("name", "")).str("description", t.the("description", "")).str("url", serviceURL(t)).
		str("serviceType", "chat").str("runStatus", "Serving").str("chargeStatus", "Free").
		raw("resourceConfig", t.raw("resourceConfig", "{}")).str("createTime", utc(t.at)).end()
}

func presetServices(c *console) []byte {
	var list [][]byte
	for _, p := range presets {
		if asksFor(c.body.Get("serviceIds"), p.id()) && asksFor(c.body.Get("serviceType"), p.kind) {
			list = append(list, obj().str("serviceId", p.id()).str("name", p.name).str("url", p.url()).
				str("serviceType", p.kind).str("chargeType", "ByTokens").str("chargeStatus", "Opened").end())
		}
	}
	return obj().raw("serviceList", array(list...)).end()
}

// serviceMetric counts nothing: calls of the services are not seen here.
func serviceMetric(c *console) []byte {
	return obj().str("startTime", c.str("startTime")).str("endTime", c.str("endTime")).raw("serviceList", array()).end()
}

// Quota and compute units.

var (
	tpmResource = &kind{
		record: "tpm-resource", length: 32, missing: quotaFamily + "ReleaseResourceFailed",
		keeps: []string{"model", "serviceId", "billing", "tpm", "rpm", "count", "releaseTime"},
	}
	computeUnit = &kind{
		record: "compute-unit", length: 32, missing: quotaFamily + "ReleaseResourceFailed",
		keeps: []string{"serviceId", "billing", "replicasCount", "type", "releaseTime"},
	}
)

func purchased(_ *console, t thing) []byte { return obj().str("instanceId", t.id).end() }

func tpmLine(_ *console, t thing) []byte {
	return obj().str("instanceId", t.id).str("model", t.the("model", "")).
		str("paymentTiming", t.asked.Get("billing.paymentTiming").String()).
		raw("rpm", t.raw("rpm", "60")).raw("tpm", t.raw("tpm", "10000")).
		str("status", "Running").str("startTime", utc(t.at)).str("expiredTime", t.the("releaseTime", "-")).end()
}

func unitLine(_ *console, t thing) []byte {
	return obj().str("instanceId", t.id).str("serviceId", t.the("serviceId", "")).
		str("paymentTiming", t.asked.Get("billing.paymentTiming").String()).
		raw("replicasCount", t.raw("replicasCount", "1")).str("type", t.the("type", "")).
		str("status", "Running").str("startTime", utc(t.at)).str("expiredTime", t.the("releaseTime", "-")).end()
}

// instances lists what was bought, or the one that the body names.
func instances(k *kind, write writer) func(*console) []byte {
	return func(c *console) []byte {
		things := c.all(k, "")
		if id := c.str("instanceId"); id != "" {
			things = slices.DeleteFunc(things, func(t thing) bool { return t.id != id })
		}
		return obj().raw("instances", c.array(things, write)).end()
	}
}

func accepted(*console, thing) []byte { return []byte("true") }
