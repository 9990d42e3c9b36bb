package admin

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
	"github.com/mockllm/mockllm/verdict"
)

// openAPI is the part of docs/openapi.json that is held against the code.
type openAPI struct {
	OpenAPI    string
	Paths      map[string]map[string]operation
	Components struct {
		Parameters map[string]parameter
		Schemas    map[string]struct {
			Properties map[string]json.RawMessage
			Required   []string
		}
	}
}

type operation struct {
	OperationID string
	Summary     string
	Parameters  []struct {
		Ref string `json:"$ref"`
	}
	RequestBody json.RawMessage
	Responses   map[string]json.RawMessage
}

type parameter struct {
	Name, In string
	Required bool
}

func readOpenAPI(t *testing.T) (doc openAPI, whole map[string]any) {
	t.Helper()
	text, err := os.ReadFile("../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, into := range []any{&doc, &whole} {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatalf("docs/openapi.json: %v", err)
		}
	}
	return doc, whole
}

// Every route and every parameter stands in docs/openapi.json, and nothing
// else.
func TestOpenAPINamesEveryRoute(t *testing.T) {
	doc, _ := readOpenAPI(t)
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Errorf("openapi is %q", doc.OpenAPI)
	}
	described := map[string]operation{}
	ids := map[string]bool{}
	for path, operations := range doc.Paths {
		for method, o := range operations {
			described[strings.ToUpper(method)+" "+path] = o
			if ids[o.OperationID] || o.OperationID == "" || o.Summary == "" {
				t.Errorf("%s %s: operationId %q, summary %q; both are needed, and ids are unique", method, path, o.OperationID, o.Summary)
			}
			ids[o.OperationID] = true
		}
	}
	served := []route{{method: "GET", path: "/healthz"}, {method: "GET", path: "/version"}, {method: "GET", path: "/metrics"}}
	for _, r := range (api{}).routes() {
		r.path, r.query = "/api/v1/"+r.path, slices.Concat(parameters, r.query)
		served = append(served, r)
	}
	for _, r := range served {
		name := r.method + " " + r.path
		o, found := described[name]
		delete(described, name)
		if !found {
			t.Errorf("docs/openapi.json does not describe %s", name)
			continue
		}
		compareRoute(t, name, r, o, doc.Components.Parameters)
	}
	for name := range described {
		t.Errorf("docs/openapi.json describes %s, which is not served", name)
	}
}

func compareRoute(t *testing.T, name string, r route, o operation, known map[string]parameter) {
	t.Helper()
	var want, got []string
	for _, in := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(r.path, -1) {
		want = append(want, "path "+in[1])
	}
	for _, q := range r.query {
		want = append(want, "query "+q)
	}
	if strings.HasSuffix(r.path, "/scenario") && r.method != http.MethodGet {
		want = append(want, "header If-Match", "header If-None-Match")
	}
	if strings.HasSuffix(r.path, "/verdict") {
		want = append(want, "header If-None-Match")
	}
	for _, ref := range o.Parameters {
		p := known[strings.TrimPrefix(ref.Ref, "#/components/parameters/")]
		got = append(got, p.In+" "+p.Name)
		if (p.In == "path") != p.Required {
			t.Errorf("%s: %q: parameters of the path are required, others not", name, p.Name)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s: parameters %q, the route takes %q", name, got, want)
	}
	if r.body != (o.RequestBody != nil) {
		t.Errorf("%s: a body is read: %t, but described: %t", name, r.body, o.RequestBody != nil)
	}
	success := slices.ContainsFunc(slices.Collect(maps.Keys(o.Responses)), func(s string) bool { return s[0] == '2' })
	if _, problems := o.Responses["default"]; !problems || !success {
		t.Errorf("%s: a success and a default are needed, there are %v", name, slices.Sorted(maps.Keys(o.Responses)))
	}
}

// What the file refers to is in it, and used.
func TestOpenAPIReferences(t *testing.T) {
	_, whole := readOpenAPI(t)
	used := map[string]bool{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				used[ref] = true
			}
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(whole)
	components := whole["components"].(map[string]any)
	delete(components, "securitySchemes")
	for kind, all := range components {
		for name := range all.(map[string]any) {
			ref := "#/components/" + kind + "/" + name
			if !used[ref] {
				t.Errorf("nothing refers to %s", ref)
			}
			delete(used, ref)
		}
	}
	for ref := range used {
		t.Errorf("%s is not there", ref)
	}
}

// The schemas have the fields that are sent.
func TestOpenAPISchemas(t *testing.T) {
	doc, _ := readOpenAPI(t)
	for name, sent := range map[string]any{
		"Info": Info{}, "Namespace": Namespace{}, "Clock": Clock{}, "Shot": shot{},
		"Sample": sample{}, "Incident": incident{}, "Step": journal.Step{},
		"Standing": scenarios.Standing{}, "RuleStanding": scenarios.RuleStanding{}, "Range": scenarios.Range{}, "Span": scenarios.Span{},
		"Progress": scenarios.Progress{}, "Next": scenarios.Next{}, "Held": scenarios.Held{},
		"LimitStanding": scenarios.LimitStanding{}, "UnitUsed": scenarios.UnitUsed{}, "Used": scenarios.Used{},
		"Exchange": journal.Exchange{}, "Verdict": verdict.Verdict{}, "Expectation": verdict.Expectation{}, "Finding": verdict.Finding{}, "Evidence": verdict.Evidence{}, "Near": journal.Near{}, "Sentence": sentences.Sentence{},
	} {
		var all, always []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(sent)) {
			field, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || !f.IsExported() || field == "-" {
				continue
			}
			all = append(all, field)
			if options != "omitempty" {
				always = append(always, field)
			}
		}
		slices.Sort(all)
		slices.Sort(always)
		schema := doc.Components.Schemas[name]
		if got := slices.Sorted(maps.Keys(schema.Properties)); !slices.Equal(got, all) {
			t.Errorf("%s has %q, sent are %q", name, got, all)
		}
		if got := slices.Sorted(slices.Values(schema.Required)); !slices.Equal(got, always) {
			t.Errorf("%s requires %q, always sent are %q", name, got, always)
		}
	}
}

// The formats of a verdict are those that the code knows.
func TestOpenAPIFormats(t *testing.T) {
	_, whole := readOpenAPI(t)
	schema := whole["components"].(map[string]any)["parameters"].(map[string]any)["verdictFormat"].(map[string]any)["schema"].(map[string]any)
	var want []any
	for _, r := range reports() {
		want = append(want, r.format)
	}
	if !reflect.DeepEqual(schema["enum"], want) || schema["default"] != want[0] {
		t.Errorf("described %v, want %v", schema, want)
	}
}
