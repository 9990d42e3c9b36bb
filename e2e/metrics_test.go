package e2e

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/mockllm/mockllm/metrics"
)

const troubled = `
[[rule]]
name  = "rate quota"
match = { dialect = "dashscope-native" }
error = "Throttling.RateQuota"

[[rule]]
name    = "cut"
match   = { dialect = "dashscope-compatible", stream = true }
latency = "5ms"
fault   = "cut"
`

// scrape reads the metrics of a server as Prometheus does.
func (s server) scrape(t *testing.T, token string) (map[string]*dto.MetricFamily, *http.Response) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.admin+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	answer := must(http.DefaultClient.Do(req))(t)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, answer
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families, answer
}

// ask makes one call, and reads as much of the answer as there is.
func (s server) ask(t *testing.T, path, body string, header ...string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.vendors+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	answer := must(http.DefaultClient.Do(req))(t)
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}

// counted sums the series of a metric that have a label.
func counted(family *dto.MetricFamily, label, value string) (sum float64) {
	for _, m := range family.GetMetric() {
		for _, l := range m.Label {
			if l.GetName() == label && l.GetValue() == value {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// TestMetrics reads what the built binary counts, with the token that it
// demands, and holds the dashboard against it.
func TestMetrics(t *testing.T) {
	file := t.TempDir() + "/scenario.toml"
	put(t, file, troubled)
	p, err := serve([]string{"MOCKLLM_ADMIN_TOKEN=secret-of-the-admin"}, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--scenario", file, "--quiet")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	defer func() {
		http.DefaultClient.CloseIdleConnections()
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	}()
	p.ask(t, "/api/v1/services/aigc/text-generation/generation", `{"model":"qwen-plus","input":{"prompt":"hi"}}`, "Authorization: Bearer any")
	p.ask(t, "/compatible-mode/v1/chat/completions", `{"model":"qwen-plus","stream":true,"messages":[{"role":"user","content":"hi"}]}`, "Authorization: Bearer any")
	if _, answer := p.scrape(t, ""); answer.StatusCode != http.StatusUnauthorized || answer.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("without the token: %s", answer.Status)
	}
	families, answer := p.scrape(t, "secret-of-the-admin")
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("with the token: %s", answer.Status)
	}
	for families["mockllm_requests_open"].GetMetric()[0].GetGauge().GetValue() > 0 { // The client may be faster than the server.
		families, _ = p.scrape(t, "secret-of-the-admin")
	}
	requests := families["mockllm_requests_total"]
	if counted(requests, "entry", "dashscope/model/Throttling.RateQuota") != 1 || counted(requests, "outcome", "fault") != 1 ||
		counted(families["mockllm_faults_total"], "kind", "cut") != 1 || counted(families["mockllm_rule_firings_total"], "rule", "cut") != 1 {
		t.Errorf("counted %v", requests)
	}
	for _, name := range []string{"go_info", "process_resident_memory_bytes", "mockllm_build_info"} {
		if families[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	wantDashboard(t, families, false)
}

// A dashboard is the part of Grafana's form that names metrics.
type dashboard struct {
	Title, UID    string
	SchemaVersion int
	Panels        []struct {
		ID      int
		Type    string
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ Expr, RefID string }
	}
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
}

// Names in an expression: metrics with the labels that are asked for behind
// them, and labels by which it sums.
var (
	selector = regexp.MustCompile(`\b((?:mockllm|go|process)_[a-z_]+)(\{[^}]*\})?`)
	label    = regexp.MustCompile(`(\w+)=~?"|(\w+)!="`)
	grouping = regexp.MustCompile(`\bby \(([^)]*)\)`)
)

// wantDashboard holds that the dashboard shows metrics and labels that exist,
// and that its panels do not overlap. What it shows of a state that servers share
// is looked at if this one does, or else all the rest.
func wantDashboard(t *testing.T, families map[string]*dto.MetricFamily, shared bool) {
	t.Helper()
	text, err := os.ReadFile("../docs/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatalf("docs/grafana.json: %v", err)
	}
	maps.Copy(families, ofSharedState(t))
	expressions, ids, taken := 0, map[int]bool{}, map[[2]int]string{}
	for _, v := range d.Templating.List {
		if v.Type == "query" && !shared {
			wantExpression(t, "the variable "+v.Name, v.Definition, families)
		}
	}
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" || len(p.Targets) == 0 {
			t.Errorf("panel %d %q: its id is taken, or it shows nothing", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other, is := taken[[2]int{x, y}]; is || x >= 24 {
					t.Errorf("%q overlaps %q at %d,%d", p.Title, other, x, y)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		for _, target := range p.Targets {
			if strings.Contains(target.Expr, "mockllm_state_") != shared {
				continue
			}
			expressions++
			wantExpression(t, p.Title, target.Expr, families)
		}
	}
	if least := map[bool]int{false: 20, true: 5}[shared]; d.Title != "mockllm" || d.UID == "" || d.SchemaVersion == 0 || expressions < least {
		t.Errorf("the dashboard %q shows %d expressions", d.Title, expressions)
	}
}

// ofSharedState returns what a server shows besides if it shares its state.
func ofSharedState(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	m := metrics.New()
	if err := m.WatchShared(func() metrics.Shared { return metrics.Shared{} }); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(families, func(name string, _ *dto.MetricFamily) bool { return !strings.HasPrefix(name, "mockllm_state_") })
	return families
}

// wantExpression holds that each metric of an expression exists, with each label
// that is asked for. Prometheus itself adds instance.
func wantExpression(t *testing.T, where, expression string, families map[string]*dto.MetricFamily) {
	t.Helper()
	if strings.Count(expression, "(") != strings.Count(expression, ")") || strings.Count(expression, "{") != strings.Count(expression, "}") {
		t.Errorf("%s: brackets do not match: %s", where, expression)
	}
	var grouped []string
	for _, by := range grouping.FindAllStringSubmatch(expression, -1) {
		grouped = append(grouped, strings.Split(by[1], ", ")...)
	}
	found := selector.FindAllStringSubmatch(expression, -1)
	if len(found) == 0 {
		t.Errorf("%s names no metric: %s", where, expression)
	}
	for _, s := range found {
		family := families[s[1]]
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if base, is := strings.CutSuffix(s[1], part); is && families[base].GetType() == dto.MetricType_HISTOGRAM {
				family = families[base]
			}
		}
		if family == nil {
			t.Errorf("%s: there is no metric %s", where, s[1])
			continue
		}
		labels := map[string]bool{"instance": true, "le": strings.HasSuffix(s[1], "_bucket")}
		for _, l := range family.Metric[0].Label {
			labels[l.GetName()] = true
		}
		wanted := grouped
		for _, l := range label.FindAllStringSubmatch(s[2], -1) {
			wanted = append(wanted, l[1]+l[2])
		}
		for _, name := range wanted {
			if !labels[name] {
				t.Errorf("%s: %s has no label %s", where, s[1], name)
			}
		}
	}
}
