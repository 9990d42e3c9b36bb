package responders

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// The Coding Plan has hosts of its own, on which compatible mode has another
// path, and keys of its own. Every client of OpenAI's that was told half of an
// address comes to that path too, so that who comes must be the plan's: by the
// host that it names, or by its key.

const planPath = "/v1/chat/completions"

// planKey is how keys of the plans begin.
const planKey = "sk-sp-"

const (
	planHost     = "coding.dashscope.aliyuncs.com"
	planHostIntl = "coding-intl.dashscope.aliyuncs.com"
)

// PlanAt tells on which host, and for keys that begin with what, a path is
// served that nobody else has; of other paths it tells nothing.
func PlanAt(path string) (host, key string) {
	if path != planPath {
		return "", ""
	}
	return planHost, planKey
}

// byPlan reports whether a caller is one of a plan's: what a host of the
// vendors' says is so, whatever the key.
func byPlan(in *Incoming) bool {
	host := ""
	if to, err := url.Parse(in.Host); err == nil {
		host = strings.ToLower(to.Hostname())
	}
	if slices.Contains(Hosts(), host) {
		return isPlanHost(host)
	}
	return strings.HasPrefix(cmp.Or(in.Header.Get("X-Api-Key"), bearer(in)), planKey)
}

func isPlanHost(host string) bool {
	return strings.EqualFold(host, planHost) || strings.EqualFold(host, planHostIntl)
}

// planModelUnknown refuses a model that the plan does not have, as captured.
func planModelUnknown(model string) *scenarios.Refusal {
	return invalidParameter("model `{model}` is not supported.", map[string]string{"model": clipped(model)})
}

// planNowhere is what there is at the other paths of the plan's hosts: not even
// a body.
type planNowhere struct{}

func readPlanNowhere(in *Incoming) *scenarios.Request {
	d, _ := catalog.DialectNamed(catalog.DashScopeCompatible)
	r := newRequest(in, d)
	refused := notFound
	r.Identity, r.Detail = &refused, planNowhere{}
	return r
}

// planStranger reads a request whose path no route has as the plan does. It
// returns nil if it is not the plan's.
func planStranger(in *Incoming, host string) (Responder, *scenarios.Request) {
	switch {
	case in.Path == planPath && byPlan(in):
		in.Operation = catalog.OpChat
		return dashScopeCompatible{}, Read(dashScopeCompatible{}, in)
	case isPlanHost(host):
		return dashScopeCompatible{}, readPlanNowhere(in)
	}
	return nil, nil
}
