package responders

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// dashScopeListed returns the models that lists show, sorted by name. Others are
// known too.
func dashScopeListed() []catalog.ListedModel {
	var listed []catalog.ListedModel
	for _, m := range catalog.ModelsOf(catalog.DashScope) {
		if m.Created > 0 {
			listed = append(listed, m)
		}
	}
	return listed
}

// listing is a call for a list of models. It has no body.
type listing struct{}

func (listing) turns() []scenarios.Turn { return nil }

func (listing) refusal(*dashScopeQuestion) *scenarios.Refusal { return nil }

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
	if n, err := strconv.ParseInt(values[0], 10, 64); err == nil && n >= int64(least) {
		return int(min(n, math.MaxInt))
	}
	return fallback
}

func (l nativeModels) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	var all [][]byte
	for _, known := range dashScopeListed() {
		if l.model == "" || l.model == known.Name {
			all = append(all, obj().str("model", known.Name).str("name", known.Name).
				raw("capabilities", array(appendQuoted(nil, known.Capability))).end())
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
	known := dashScopeListed()
	slices.SortStableFunc(known, func(a, b catalog.ListedModel) int { return cmp.Compare(b.Created, a.Created) })
	data := make([][]byte, len(known))
	for i, k := range known {
		data[i] = obj().str("id", k.Name).str("object", "model").num("created", k.Created).str("owned_by", "system").end()
	}
	return m.dashScopeWhole(r, obj().str("object", "list").raw("data", array(data...)).end())
}
