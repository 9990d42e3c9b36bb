package responders

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/mockllm/mockllm/scenarios"
)

// listedModel is a model as lists show it.
type listedModel struct {
	name       string
	created    int64  // Unix time.
	capability string // As the native list says it.
	dimensions int    // Of an embedding for which the caller asks for none; 0 means the usual.
}

// dashScopeModels are the models that lists show, sorted by name. Any other
// name is answered as well. This is the one place to add more.
var dashScopeModels = []listedModel{
	{"cosyvoice-v3-flash", 1758153600, "TTS", 0},
	{"cosyvoice-v3-plus", 1758153600, "TTS", 0},
	{"gte-rerank-v2", 1740787200, "RK", 0},
	{"multimodal-embedding-v1", 1727740800, "ME", 0},
	{"qwen-coder-turbo", 1726704000, "TG", 0},
	{"qwen-flash", 1753660800, "TG", 0},
	{"qwen-max", 1712102400, "TG", 0},
	{"qwen-plus", 1706745600, "TG", 0},
	{"qwen-turbo", 1706745600, "TG", 0},
	{"qwen-vl-max", 1706745600, "VU", 0},
	{"qwen-vl-plus", 1706745600, "VU", 0},
	{"qwen3-coder-plus", 1753142400, "TG", 0},
	{"qwen3-max", 1758585600, "TG", 0},
	{"qwen3-rerank", 1761955200, "RK", 0},
	{"qwen3-vl-flash", 1760486400, "VU", 0},
	{"qwen3-vl-plus", 1758585600, "VU", 0},
	{"qwq-plus", 1741132800, "TG", 0},
	{"text-embedding-v1", 1689206400, "TR", 1536},
	{"text-embedding-v2", 1692921600, "TR", 1536},
	{"text-embedding-v3", 1720742400, "TR", 1024},
	{"text-embedding-v4", 1748822400, "TR", 1024},
}

// usualDimensions are those of an embedding of a model that is not listed.
const usualDimensions = 1024

// dimensionsOf returns how long a vector of the model is unless the caller
// asks for less or more.
func dimensionsOf(model string) int {
	for _, m := range dashScopeModels {
		if m.name == model {
			return cmp.Or(m.dimensions, usualDimensions)
		}
	}
	return usualDimensions
}

// listing is a call for a list of models. It has no body.
type listing struct{}

func (listing) turns() []scenarios.Turn { return nil }

func (listing) refusal() *scenarios.Refusal { return nil }

// nativeModels is a page of the native list, or the part with one name.
type nativeModels struct {
	listing
	model      string
	page, size int
}

func readNativeModels(in *Incoming) nativeModels {
	l := nativeModels{page: queryNumber(in, "page_no", 1, 1), size: queryNumber(in, "page_size", 10, 1)}
	l.size = min(l.size, 100)
	if names := in.Query["model"]; len(names) > 0 {
		l.model = names[0]
	}
	return l
}

// queryNumber reads a whole number of the query; anything below the least is
// the fallback.
func queryNumber(in *Incoming, name string, fallback, least int) int {
	values := in.Query[name]
	if len(values) == 0 {
		return fallback
	}
	if n, err := strconv.Atoi(values[0]); err == nil && n >= least {
		return n
	}
	return fallback
}

func (l nativeModels) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	var all [][]byte
	for _, known := range dashScopeModels {
		if l.model == "" || l.model == known.name {
			all = append(all, obj().str("model", known.name).str("name", known.name).
				raw("capabilities", array(appendQuoted(nil, known.capability))).end())
		}
	}
	first := len(all)
	if l.page-1 <= len(all)/l.size { // Else the product might overflow.
		first = min((l.page-1)*l.size, len(all))
	}
	page := all[first:min(first+l.size, len(all))]
	output := obj().num("total", int64(len(all))).num("page_no", int64(l.page)).num("page_size", int64(l.size)).
		raw("models", array(page...)).end()
	return m.dashScopeWhole(r, obj().boolean("success", true).raw("output", output).str("request_id", m.requestUUID()).end())
}

// compatibleModels is the list in compatible mode, the newest first.
type compatibleModels struct{ listing }

func (compatibleModels) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	known := slices.Clone(dashScopeModels)
	slices.SortStableFunc(known, func(a, b listedModel) int { return cmp.Compare(b.created, a.created) })
	data := make([][]byte, len(known))
	for i, k := range known {
		data[i] = obj().str("id", k.name).str("object", "model").num("created", k.created).str("owned_by", "system").end()
	}
	return m.dashScopeWhole(r, obj().str("object", "list").raw("data", array(data...)).end())
}
