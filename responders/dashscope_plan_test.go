package responders

import (
	"net/http"
	"testing"

	"github.com/mockllm/mockllm/catalog"
)

// TestPlanPath: who comes to the plan's path is the plan's by host or by key,
// and nobody's otherwise.
func TestPlanPath(t *testing.T) {
	const ordinary, plan = "sk-any", "sk-sp-any"
	for _, c := range []struct {
		host, path, key string
		dialect         string // "" for nobody.
		operation       string // "" for a path that is not there.
	}{
		{"localhost:8080", planPath, plan, catalog.DashScopeCompatible, catalog.OpChat},
		{"coding.dashscope.aliyuncs.com", planPath, ordinary, catalog.DashScopeCompatible, catalog.OpChat},
		{"CODING-INTL.dashscope.aliyuncs.com:443", planPath, "", catalog.DashScopeCompatible, catalog.OpChat},
		{"localhost:8080", planPath, ordinary, "", ""},
		{"localhost:8080", planPath, "", "", ""},
		{"localhost:8080", "/v1/embeddings", plan, "", ""},
		{"localhost:8080", "/v1/chat/completions/", plan, "", ""},
		{"dashscope-intl.aliyuncs.com", planPath, plan, catalog.DashScopeNative, ""},
		{"qianfan.baidubce.com", planPath, plan, catalog.QianfanV2, ""},
		{"coding.dashscope.aliyuncs.com", "/compatible-mode/v1/nothing", ordinary, catalog.DashScopeCompatible, ""},
	} {
		in := post("", c.path, `{"model":"qwen3-coder-plus","messages":[{"role":"user","content":"Hi."}]}`)
		in.Host, in.Header = "https://"+c.host, http.Header{"Authorization": {"Bearer " + c.key}}
		responder, r := Stranger(in, c.host)
		switch {
		case responder == nil && c.dialect != "":
			t.Errorf("%s%s with %q: nobody's", c.host, c.path, c.key)
		case responder != nil && (r.Dialect != c.dialect || r.Operation != c.operation || r.Operation == "" && r.Identity == nil):
			t.Errorf("%s%s with %q: %s %q, refused %v", c.host, c.path, c.key, r.Dialect, r.Operation, r.Identity)
		}
	}
}

// TestPlanHostElsewhere: the plan's hosts answer other paths with 404 and
// nothing.
func TestPlanHostElsewhere(t *testing.T) {
	in := post("", "/v1/models", "")
	in.Host = "https://coding.dashscope.aliyuncs.com"
	responder, r := Stranger(in, "coding.dashscope.aliyuncs.com")
	m := Error(responder, r, Meta{Now: in.Now}, failureOf(r.Identity, r.Dialect))
	if m.Status != http.StatusNotFound || len(m.Frames) != 1 || len(m.Frames[0]) != 0 {
		t.Errorf("%d %q, want 404 and nothing", m.Status, m.Frames)
	}
}

// TestPlanModelUnknown: of the plan's callers, a model that it does not have is
// refused in its own words, on both of its APIs.
func TestPlanModelUnknown(t *testing.T) {
	for key, want := range map[string]string{"sk-sp-any": "model `{model}` is not supported.", "sk-any": ""} {
		for path, responder := range map[string]Responder{planPath: dashScopeCompatible{}, "/apps/anthropic/v1/messages": dashScopeAnthropic{}} {
			in := post(catalog.OpChat, path, `{"model":"claude-3-5-sonnet-20241022","max_tokens":9,"messages":[{"role":"user","content":"Hi."}]}`)
			in.Header = http.Header{"Authorization": {"Bearer " + key}}
			if r := responder.Decode(in); r.Refused == nil || r.Refused.Variant != want {
				t.Errorf("%s with %s: %+v, want %q", path, key, r.Refused, want)
			}
		}
	}
}
