package metrics

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/admin"
)

// A bench is a server that is counted, and where to read what was.
type bench struct {
	*mockllm.Server
	metrics *Metrics
	scrape  string // The URL.
}

func newBench(t *testing.T, scenario string) *bench {
	t.Helper()
	m := New()
	srv := mockllm.RunT(t, mockllm.ScenarioText(scenario), mockllm.WithObserver(m))
	if err := m.Watch(srv); err != nil {
		t.Fatal(err)
	}
	management := httptest.NewServer(srv.AdminHandler(admin.Options{Metrics: m}))
	t.Cleanup(management.Close)
	return &bench{Server: srv, metrics: m, scrape: management.URL + "/metrics"}
}

// call sends a request; each header is written as "Name: value".
func (b *bench) call(t *testing.T, method, path, body string, header ...string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}

// families reads the metrics as Prometheus does, when no call is under way.
func (b *bench) families(t *testing.T) (all map[string]*dto.MetricFamily, text string) {
	t.Helper()
	for b.Stats().Open > 0 {
		runtime.Gosched() // A client may be faster than the journal.
	}
	resp, err := http.Get(b.scrape)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v: %s", resp.Status, err, raw)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	all, err = parser.TextToMetricFamilies(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	return all, string(raw)
}

// series lists what is counted of ours, as name{label="value",…}, with values.
func series(families map[string]*dto.MetricFamily) map[string]float64 {
	found := map[string]float64{}
	for name, family := range families {
		if !strings.HasPrefix(name, "mockllm_") {
			continue
		}
		for _, m := range family.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			at := name + "{" + strings.Join(labels, ",") + "}"
			switch family.GetType() {
			case dto.MetricType_COUNTER:
				found[at] = m.Counter.GetValue()
			case dto.MetricType_GAUGE:
				found[at] = m.Gauge.GetValue()
			default:
				found[at] = float64(m.Histogram.GetSampleCount())
			}
		}
	}
	return found
}

const (
	generation = "/api/v1/services/aigc/text-generation/generation"
	compatible = "/compatible-mode/v1/chat/completions"
	question   = `{"model":"qwen-plus","input":{"prompt":"Hello!"}}`
	streamed   = `{"model":"qwen-plus","stream":true,"messages":[{"role":"user","content":"Hello!"}]}`
	anyKey     = "Authorization: Bearer sk-any"
)

const trouble = `
[[rule]]
name  = "rate quota"
match = { dialect = "dashscope-native" }
when  = { calls = "1..2" }
error = "Throttling.RateQuota"

[[rule]]
name    = "dies"
match   = { dialect = "dashscope-compatible", stream = true }
latency = "20ms"
fault   = { kind = "early-end", after_frames = 1 }
`

// TestCounts holds what each kind of call adds to.
func TestCounts(t *testing.T) {
	b := newBench(t, trouble)
	for range 3 {
		b.call(t, "POST", generation, question, anyKey)
	}
	b.call(t, "POST", compatible, streamed, anyKey)
	b.call(t, "POST", generation, question) // Without a key.
	b.call(t, "GET", "/nothing", "")
	families, _ := b.families(t)
	got := series(families)
	for at, want := range map[string]float64{
		`mockllm_requests_total{cause="rule",dialect="dashscope-native",entry="dashscope/model/Throttling.RateQuota",operation="chat",outcome="error"}`: 2,
		`mockllm_requests_total{cause="success",dialect="dashscope-native",entry="none",operation="chat",outcome="success"}`:                            1,
		`mockllm_requests_total{cause="identity",dialect="dashscope-native",entry="dashscope/model/InvalidApiKey",operation="chat",outcome="error"}`:    1,
		`mockllm_requests_total{cause="success",dialect="dashscope-compatible",entry="none",operation="chat",outcome="fault"}`:                          1,
		`mockllm_requests_total{cause="server",dialect="none",entry="none",operation="none",outcome="refusal"}`:                                         1,
		`mockllm_faults_total{kind="early-end"}`:                                      1,
		`mockllm_rule_firings_total{rule="rate quota"}`:                               2,
		`mockllm_rule_firings_total{rule="dies"}`:                                     1,
		`mockllm_received_bytes_total{dialect="dashscope-native"}`:                    float64(4 * len(question)),
		`mockllm_received_bytes_total{dialect="dashscope-compatible"}`:                float64(len(streamed)),
		`mockllm_first_byte_seconds{dialect="dashscope-native",stream="false"}`:       4,
		`mockllm_first_byte_asked_seconds{dialect="dashscope-native",stream="false"}`: 4,
		`mockllm_answer_seconds{dialect="dashscope-compatible",stream="true"}`:        1,
		`mockllm_answer_asked_seconds{dialect="dashscope-compatible",stream="true"}`:  1,
		`mockllm_evicted_total{what="exchanges"}`:                                     0,
		`mockllm_evicted_total{what="records"}`:                                       0,
		`mockllm_evicted_total{what="namespaces"}`:                                    0,
		`mockllm_namespaces{}`:                                                        1,
		`mockllm_requests_open{}`:                                                     0,
		`mockllm_streams_open{}`:                                                      0,
		`mockllm_journal_exchanges{}`:                                                 6,
	} {
		if value, found := got[at]; !found || value != want {
			t.Errorf("%s is %v (found: %t), want %v", at, value, found, want)
		}
	}
	if t.Failed() {
		t.Logf("%q", slices.Sorted(maps.Keys(got)))
	}
	asked := families["mockllm_first_byte_asked_seconds"].Metric[0].Histogram.GetSampleSum()
	delivered := families["mockllm_first_byte_seconds"].Metric[0].Histogram.GetSampleSum()
	if asked != 0.02 || delivered < asked {
		t.Errorf("asked for %v s, delivered %v s", asked, delivered)
	}
	for _, name := range []string{"go_goroutines", "process_start_time_seconds", "promhttp_metric_handler_errors_total"} {
		if families[name] == nil && (name != "process_start_time_seconds" || hasProc()) {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestCountsUpstream holds that calls that pass to a real server count, and that
// its pace is not taken for ours.
func TestCountsUpstream(t *testing.T) {
	real := mockllm.RunT(t, mockllm.ScenarioText("[[rule]]\nname = \"slow\"\nlatency = \"20ms\"\nreply = {}"))
	b := newBench(t, "[upstream]\nurl = \""+real.URL()+"\"\n")
	b.call(t, "POST", compatible, streamed, anyKey)
	b.call(t, "GET", "/nothing", "")
	families, _ := b.families(t)
	got := series(families)
	for at, want := range map[string]float64{
		`mockllm_requests_total{cause="upstream",dialect="dashscope-compatible",entry="none",operation="chat",outcome="success"}`: 1,
		`mockllm_requests_total{cause="upstream",dialect="none",entry="none",operation="none",outcome="error"}`:                   1,
		`mockllm_received_bytes_total{dialect="dashscope-compatible"}`:                                                            float64(len(streamed)),
		`mockllm_streams_open{}`: 0,
	} {
		if value, found := got[at]; !found || value != want {
			t.Errorf("%s is %v (found: %t), want %v", at, value, found, want)
		}
	}
	for at := range got {
		if strings.HasPrefix(at, "mockllm_first_byte") || strings.HasPrefix(at, "mockllm_answer") {
			t.Errorf("upstream's pace is in %s", at)
		}
	}
}

// hasProc reports whether the system tells about processes where the library
// looks.
func hasProc() bool {
	_, err := os.Stat("/proc/self/stat")
	return err == nil
}

// TestStreamsOpen counts a stream from its first byte to its end.
func TestStreamsOpen(t *testing.T) {
	b := newBench(t, "[[rule]]\nname = \"s\"\nfault = { kind = \"stall\", after_frames = 1 }")
	r, _ := http.NewRequestWithContext(t.Context(), "POST", b.URL()+compatible, strings.NewReader(streamed))
	r.Header.Set("Authorization", "Bearer sk-any")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if stats := b.Stats(); stats.Streams != 1 || stats.Open != 1 {
		t.Errorf("%+v while it is open", stats)
	}
	resp.Body.Close()
	b.Close()
	if stats := b.Stats(); stats.Streams != 0 || stats.Open != 0 {
		t.Errorf("%+v behind its end", stats)
	}
}

// TestConventions holds that names, units and texts are as Prometheus wants
// them, and that the page explains each of ours.
func TestConventions(t *testing.T) {
	b := newBench(t, trouble)
	if err := b.metrics.WatchShared(func() Shared { return Shared{} }); err != nil {
		t.Fatal(err)
	}
	b.call(t, "POST", compatible, streamed, anyKey)
	families, _ := b.families(t)
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var ours []*dto.MetricFamily
	for name, family := range families {
		if strings.HasPrefix(name, "mockllm_") {
			ours = append(ours, family)
			if !strings.Contains(string(page), "| `"+name) {
				t.Errorf("docs/metrics.md does not explain %s", name)
			}
		}
	}
	problems, err := promlint.NewWithMetricFamilies(ours).Lint()
	if err != nil || len(problems) > 0 || len(ours) < 19 {
		t.Errorf("%d metrics: %v, %v", len(ours), problems, err)
	}
}

// TestHostileCallers holds that what callers choose is no label: whatever they
// send, the series stay those that there are.
func TestHostileCallers(t *testing.T) {
	b := newBench(t, trouble)
	hostile := func(i int) {
		odd := fmt.Sprintf("planted%d", i)
		b.call(t, "POST", generation, strings.Replace(question, "qwen-plus", odd, 1), "Authorization: Bearer sk-"+odd)
		b.call(t, "POST", generation, question, "Authorization: "+odd)
		b.call(t, "POST", compatible, `{"model":"mockllm-error-`+odd+`"}`, anyKey)
		b.call(t, "POST", compatible, streamed, anyKey, "X-Mockllm-Error: "+odd)
		b.call(t, "POST", compatible, streamed, anyKey, "X-Mockllm-"+odd+": x")
		b.call(t, "GET", "/ns/"+odd+"/"+odd, "")
		b.call(t, "POST", generation+"/"+odd+"?access_token="+odd, "{")
		b.call(t, strings.ToUpper(odd), compatible, streamed, anyKey)
		b.call(t, "POST", "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/"+odd, `{"messages":1}`, anyKey)
		b.call(t, "POST", "/v2/dataset?Action="+odd, `{}`, anyKey)
		b.call(t, "POST", "/v2/chat/completions", `{"model":"`+odd+`","stream":"`+odd+`"}`, anyKey, "Host: "+odd+".aliyuncs.com")
	}
	for i := range 3 { // The rule fires at two calls, and then no more.
		hostile(i)
	}
	before, _ := b.families(t)
	for i := range 30 {
		hostile(3 + i)
	}
	after, text := b.families(t)
	for at := range series(after) {
		if _, known := series(before)[at]; !known {
			t.Errorf("there is a new series: %s", at)
		}
	}
	if strings.Contains(strings.ToLower(text), "planted") {
		t.Error("what a caller sent is shown")
	}
	if n := series(after)["mockllm_namespaces{}"]; n != 34 {
		t.Errorf("%v namespaces: the callers did not get through", n)
	}
}

// TestManyRules holds that rules beyond the bound count together, and that no
// name breaks anything.
func TestManyRules(t *testing.T) {
	m := New()
	names := []string{"broken \xff rune", strings.Repeat("限流", 100), "line\nbreak \"quoted\" \\", ""}
	for i := range 2 * maxRules {
		names = append(names, fmt.Sprint("rule ", i))
	}
	for range 2 {
		m.Observe(mockllm.Observation{Cause: connection, Rules: names})
	}
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := series(families)
	if len(families["mockllm_rule_firings_total"].Metric) != maxRules+1 {
		t.Errorf("%d series, want %d", len(got), maxRules+1)
	}
	for at, want := range map[string]float64{
		`mockllm_rule_firings_total{rule="other"}`:                             2 * (maxRules + 4),
		`mockllm_rule_firings_total{rule="rule 0"}`:                            2,
		`mockllm_rule_firings_total{rule="broken  rune"}`:                      2,
		`mockllm_rule_firings_total{rule="` + strings.Repeat("限流", 16) + `限"}`: 2,
	} {
		if got[at] != want {
			t.Errorf("%s is %v, want %v", at, got[at], want)
		}
	}
}

// TestWatchOnce: a second server would hide behind the first.
func TestWatchOnce(t *testing.T) {
	m, srv := New(), mockllm.RunT(t)
	if err := m.Watch(srv); err != nil {
		t.Fatal(err)
	}
	if err := m.Watch(srv); err == nil || !strings.Contains(err.Error(), "watch a server already") {
		t.Errorf("%v", err)
	}
}
