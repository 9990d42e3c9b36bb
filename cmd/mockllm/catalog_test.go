package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/catalog"
)

// entryJSON is the contract of `catalog list --format json`: other programs
// read it.
type entryJSON struct {
	ID             string        `json:"id"`
	Provider       string        `json:"provider"`
	Family         string        `json:"family"`
	Code           string        `json:"code"`
	CompatibleCode string        `json:"compatible_code"`
	Meaning        string        `json:"meaning"`
	MeaningZH      string        `json:"meaning_zh"`
	Source         string        `json:"source"`
	Variants       []variantJSON `json:"variants"`
	Dialects       []string      `json:"dialects"`

	// Beyond the contract.
	Aliases    []string `json:"aliases"`
	ClientSide string   `json:"client_side"`
	Handshake  bool     `json:"handshake"`
}

type variantJSON struct {
	Message         string         `json:"message"`
	Aliases         []string       `json:"aliases"`
	Status          int            `json:"status"`
	Statuses        map[string]int `json:"statuses"`
	StatusByDialect map[string]int `json:"status_by_dialect"`
	Type            string         `json:"type"`
	Retry           string         `json:"retry"`
	Origin          string         `json:"origin"`
	Confidence      string         `json:"confidence"`

	// Beyond the contract.
	Holes      map[string]string `json:"holes"`
	Realistic  bool              `json:"realistic"`
	MidStream  bool              `json:"mid_stream"`
	Dialects   []string          `json:"dialects"`
	HelpAnchor string            `json:"help_anchor"`
	Source     string            `json:"source"`
}

// list returns what the command lists as JSON, which holds no unknown key.
func list(t *testing.T, args ...string) []entryJSON {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(ok(t, append([]string{"catalog", "list", "--format", "json"}, args...)...)))
	decoder.DisallowUnknownFields()
	var entries []entryJSON
	if err := decoder.Decode(&entries); err != nil {
		t.Fatalf("catalog list %q: %v", args, err)
	}
	return entries
}

func TestListJSON(t *testing.T) {
	entries := list(t)
	all := catalog.All()
	if len(entries) != len(all) {
		t.Fatalf("%d entries, want %d", len(entries), len(all))
	}
	for i, e := range entries {
		want := all[i]
		if e.ID != want.ID() || e.Provider != want.Provider || e.Family != want.Family || e.Code != want.Code ||
			e.CompatibleCode != want.CompatibleCode || e.Meaning != want.Meaning || e.MeaningZH != want.MeaningZH ||
			e.Source != want.Source || !slices.Equal(e.Dialects, want.Dialects) || e.ClientSide != want.ClientSide {
			t.Errorf("%s is listed as %+v", want.ID(), e)
		}
		if len(e.Variants) != len(want.Variants) {
			t.Errorf("%s: %d messages, want %d", e.ID, len(e.Variants), len(want.Variants))
			continue
		}
		for j, v := range e.Variants {
			checkVariantJSON(t, fmt.Sprintf("%s, message %d", e.ID, j+1), v, want, &want.Variants[j])
		}
	}
}

func checkVariantJSON(t *testing.T, where string, v variantJSON, e *catalog.Entry, want *catalog.Variant) {
	t.Helper()
	if v.Message != want.Message || !slices.Equal(v.Aliases, want.Aliases) || v.Status != want.Status || v.Type != want.Type ||
		v.Retry != string(want.Retry) || v.Origin != string(want.Origin) || v.Confidence != string(want.Confidence) {
		t.Errorf("%s is listed as %+v", where, v)
	}
	for edition, status := range want.Statuses {
		if v.Statuses[string(edition)] != status {
			t.Errorf("%s: statuses %v", where, v.Statuses)
		}
	}
	// Exactly the dialects on which it arrives.
	byDialect := map[string]int{}
	for _, d := range catalog.Dialects() {
		if e.CarriedBy(d.Name) && want.CarriedBy(d.Name) {
			byDialect[d.Name] = want.StatusOn(d, catalog.EditionSeed)
		}
	}
	if !reflect.DeepEqual(v.StatusByDialect, byDialect) {
		t.Errorf("%s: status_by_dialect %v, want %v", where, v.StatusByDialect, byDialect)
	}
}

// Programs index into these without asking; only what may be empty is left
// out, and lists are lists, not null.
func TestListJSONKeys(t *testing.T) {
	var entries []map[string]any
	if err := json.Unmarshal([]byte(ok(t, "catalog", "list", "--format", "json")), &entries); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		for _, key := range []string{"id", "provider", "family", "code", "meaning", "meaning_zh", "source", "variants", "dialects"} {
			if e[key] == nil {
				t.Errorf("%v has no %s", e["id"], key)
			}
		}
		for _, v := range e["variants"].([]any) {
			for _, key := range []string{"message", "aliases", "status", "status_by_dialect", "retry", "origin", "confidence"} {
				if v.(map[string]any)[key] == nil {
					t.Errorf("%v: a variant has no %s", e["id"], key)
				}
			}
		}
	}
}

// People read the texts: <, > and & stand as they are.
func TestListJSONIsReadable(t *testing.T) {
	out := ok(t, "catalog", "list", "--format", "json")
	for _, escape := range []string{`\u003c`, `\u003e`, `\u0026`} {
		if strings.Contains(out, escape) {
			t.Errorf("the JSON holds %s", escape)
		}
	}
	// A list without entries is a list.
	if out := ok(t, "catalog", "list", "--format", "json", "--search", "there is no such error"); strings.TrimSpace(out) != "[]" {
		t.Errorf("an empty list is %q", out)
	}
}

// hasStatus reports whether the entry can have the status on any of its
// dialects in any edition, judged from the JSON alone.
func (e entryJSON) hasStatus(status int) bool {
	return slices.ContainsFunc(e.Variants, func(v variantJSON) bool {
		own := v.Status == status
		for _, s := range v.Statuses {
			own = own || s == status
		}
		fixed := true // All its dialects answer with one status whatever is printed.
		for dialect, s := range v.StatusByDialect {
			d, _ := catalog.DialectNamed(dialect)
			if d.ErrorStatus != 0 && s == status {
				return true
			}
			fixed = fixed && d.ErrorStatus != 0
		}
		return own && !fixed
	})
}

func (e entryJSON) hasRetry(retry string) bool {
	return slices.ContainsFunc(e.Variants, func(v variantJSON) bool { return v.Retry == retry })
}

// Each filter keeps exactly the entries of which it is true, and several
// filters keep those of which all are.
func TestListFilters(t *testing.T) {
	everything := list(t)
	for _, c := range []struct {
		args []string
		keep func(e entryJSON) bool
	}{
		{[]string{"--provider", "qianfan"}, func(e entryJSON) bool { return e.Provider == "qianfan" }},
		{[]string{"--provider", "dashscope"}, func(e entryJSON) bool { return e.Provider == "dashscope" }},
		{[]string{"--family", "capability"}, func(e entryJSON) bool { return e.Family == "capability" }},
		{[]string{"--family", "model"}, func(e entryJSON) bool { return e.Family == "model" }},
		{[]string{"--retry", "backoff"}, func(e entryJSON) bool { return e.hasRetry("backoff") }},
		{[]string{"--retry", "refresh-token"}, func(e entryJSON) bool { return e.hasRetry("refresh-token") }},
		{[]string{"--retry", "after-fix"}, func(e entryJSON) bool { return e.hasRetry("after-fix") }},
		{[]string{"--retry", "after-window"}, func(e entryJSON) bool { return e.hasRetry("after-window") }},
		{[]string{"--status", "429"}, func(e entryJSON) bool { return e.hasStatus(429) }},
		{[]string{"--status", "200"}, func(e entryJSON) bool { return e.hasStatus(200) }},
		{[]string{"--status", "408"}, func(e entryJSON) bool { return e.hasStatus(408) }},
		{[]string{"--provider", "dashscope", "--family", "model"}, func(e entryJSON) bool {
			return e.Provider == "dashscope" && e.Family == "model"
		}},
		{[]string{"--provider", "dashscope", "--status", "429", "--retry", "after-fix"}, func(e entryJSON) bool {
			return e.Provider == "dashscope" && e.hasStatus(429) && e.hasRetry("after-fix")
		}},
		{[]string{"--provider", "qianfan", "--family", "capability", "--retry", "backoff", "--status", "200", "--search", "qps"}, func(e entryJSON) bool {
			return e.ID == "qianfan/capability/18"
		}},
		{[]string{"--provider", "dashscope", "--family", "capability"}, func(entryJSON) bool { return false }},
	} {
		var want, got []string
		for _, e := range everything {
			if c.keep(e) {
				want = append(want, e.ID)
			}
		}
		for _, e := range list(t, c.args...) {
			got = append(got, e.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("catalog list %q lists\n%q\nwant\n%q", c.args, got, want)
		}
		// A filter that keeps everything or nothing is no test of itself.
		if len(want) == len(everything) || len(want) == 0 && !slices.Contains(c.args, "dashscope") {
			t.Errorf("catalog list %q keeps %d of %d entries", c.args, len(want), len(everything))
		}
	}
}

// A status of a later edition only counts too: it is what a server with that
// edition sends.
func TestStatusesOfEveryEdition(t *testing.T) {
	e := &catalog.Entry{
		Dialects: []string{catalog.DashScopeNative, catalog.DashScopeCompatible, "not-served"},
		Variants: []catalog.Variant{
			{Status: 408, Statuses: map[catalog.Edition]int{catalog.Edition202605: 500}},
			{Status: 400, Dialects: []string{catalog.DashScopeNative}},
			{Status: 403, Dialects: []string{catalog.QianfanV1}}, // Not sent on the entry's dialects.
		},
	}
	if got := statuses(e); !slices.Equal(got, []int{400, 408, 500}) {
		t.Errorf("statuses %v, want 400, 408 and 500", got)
	}
	if got := statusText(e); got != "400 408 500" {
		t.Errorf("shown as %q", got)
	}
	e.Dialects = []string{catalog.QianfanV1}
	if got := statuses(e); !slices.Equal(got, []int{200}) {
		t.Errorf("statuses %v on a dialect that always answers 200", got)
	}
	e.ClientSide = "made by an SDK"
	if got := statusText(e); got != "-" {
		t.Errorf("shown as %q, and never on the wire", got)
	}
}

func TestListSearch(t *testing.T) {
	for _, c := range []struct {
		search   string
		found    string
		notFound string
	}{
		{"ratequota", "dashscope/model/Throttling.RateQuota", "dashscope/model/Arrearage"}, // In the code.
		{"limit_requests", "dashscope/model/LimitRequests", "dashscope/model/Throttling"},  // The compatible code.
		{"good STANDING", "dashscope/model/Arrearage", "dashscope/model/Throttling"},       // A message, any case.
		{"plesase", "dashscope/model/Arrearage", "dashscope/model/Throttling"},             // A damaged one.
		{"owes money", "dashscope/model/Arrearage", "dashscope/model/Throttling"},          // The meaning.
		{"欠费", "dashscope/model/Arrearage", "dashscope/model/Throttling"},                  // In Chinese.
		{"money account owes", "dashscope/model/Arrearage", "dashscope/model/Throttling"},  // Any order.
	} {
		var ids []string
		for _, e := range list(t, "--search", c.search) {
			ids = append(ids, e.ID)
		}
		if !slices.Contains(ids, c.found) || slices.Contains(ids, c.notFound) {
			t.Errorf("--search %q finds %q; want %s and not %s", c.search, ids, c.found, c.notFound)
		}
	}
}

// All bad values are said at once, each with what is allowed.
func TestListBadFilters(t *testing.T) {
	code, out, errs := call(nil, "catalog", "list", "--provider", "openai", "--family", "capabilty", "--retry", "maybe", "--format", "xml")
	if code != exitUsage || out != "" {
		t.Errorf("exit %d, prints %q", code, out)
	}
	for _, want := range []string{
		`flag --provider: unknown value "openai"; it is one of dashscope, qianfan`,
		`flag --family: unknown value "capabilty"; it is one of `,
		`flag --retry: unknown value "maybe"; it is one of no, after-fix, backoff, after-window, refresh-token`,
		`flag --format: unknown value "xml"; it is one of table, json, markdown`,
	} {
		if !strings.Contains(errs, "mockllm: "+want) {
			t.Errorf("%s\ndoes not say\n%s", errs, want)
		}
	}
	if lines := strings.Count(errs, "\n"); lines != 4 {
		t.Errorf("%d lines, not 4:\n%s", lines, errs)
	}
	for _, f := range catalog.Families() {
		if !strings.Contains(errs, f.Name) {
			t.Errorf("the family %s is not offered", f.Name)
		}
	}
}

func TestListTable(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(ok(t, "catalog", "list"), "\n"), "\n")
	if fields := strings.Fields(lines[0]); !slices.Equal(fields, []string{"ID", "STATUS", "RETRY", "MESSAGE"}) {
		t.Errorf("the header is %q", lines[0])
	}
	// One line each: scripts cut and sort them.
	if all := catalog.All(); len(lines) != len(all)+1 {
		t.Errorf("%d lines for %d entries", len(lines), len(all))
	} else {
		for i, e := range all {
			if !strings.HasPrefix(lines[i+1], e.ID()+" ") {
				t.Errorf("line %d is %q, want %s", i+2, lines[i+1], e.ID())
			}
		}
	}
	for _, want := range [][]string{
		{"qianfan/capability/18 ", " 200 ", " backoff ", "Open api qps request limit reached (+1)"},
		{"dashscope/model/RequestTimeOut ", " 408 500 ", "Request timed out, please try again later."},
		{"dashscope/model/NetworkError ", " - "}, // Never on the wire: no status.
	} {
		line := lines[slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, want[0]) })]
		for _, part := range want {
			if !strings.Contains(line, part) {
				t.Errorf("%q does not hold %q", line, part)
			}
		}
	}
	// Without a subcommand the same.
	if out := ok(t, "catalog"); out != strings.Join(lines, "\n")+"\n" {
		t.Error("catalog is not catalog list")
	}
}

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"short", 5, "short"},
		{"longer", 5, "long…"},
		{"请稍后重试", 5, "请稍后重试"}, // Characters, not bytes.
		{"请稍后再重试", 5, "请稍后再…"},
	} {
		if got := shorten(c.text, c.most); got != c.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", c.text, c.most, got, c.want)
		}
	}
}

func TestMarkdownCell(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                "plain",
		"a|b":                  `a\|b`,
		"<503> InternalError":  "&lt;503&gt; InternalError",
		"**bold** snake_case":  `\*\*bold\*\* snake\_case`,
		"[link](x)":            `\[link](x)`,
		"`code`":               "\\`code\\`",
		"two\nlines":           "two lines",
		"{hole} 100% #1 ~ ! .": "{hole} 100% #1 ~ ! .",
	} {
		if got := markdownCell(text); got != want {
			t.Errorf("markdownCell(%q) = %q, want %q", text, got, want)
		}
	}
}

// cells reads a table row as GitHub does: cells are parted by | and what has
// a backslash or is an entity is text. Markup that is left is an error.
func cells(t *testing.T, row string) []string {
	t.Helper()
	var out []string
	var cell strings.Builder
	for i := 0; i < len(row); i++ {
		switch c := row[i]; {
		case c == '\\' && i+1 < len(row) && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", row[i+1]) >= 0:
			i++
			cell.WriteByte(row[i])
		case c == '|':
			out = append(out, strings.TrimSpace(cell.String()))
			cell.Reset()
		case strings.HasPrefix(row[i:], "<br>"):
			cell.WriteString("\x00")
			i += len("<br>") - 1
		case strings.HasPrefix(row[i:], "&lt;"):
			cell.WriteByte('<')
			i += len("&lt;") - 1
		case strings.HasPrefix(row[i:], "&gt;"):
			cell.WriteByte('>')
			i += len("&gt;") - 1
		case strings.IndexByte("<>*_[`", c) >= 0:
			t.Errorf("%q stands as markup in %s", c, row)
		default:
			cell.WriteByte(c)
		}
	}
	return out[1:] // Nothing stands before the first bar.
}

// Read back as Markdown, the page holds every text of the catalogue.
func TestListMarkdown(t *testing.T) {
	lines := strings.Split(ok(t, "catalog", "list", "--format", "markdown"), "\n")
	row := 0
	for _, f := range catalog.Families() {
		heading := "## " + f.Provider + "/" + f.Name
		at := slices.Index(lines, heading)
		if at < 1 || lines[at-1] != "" || lines[at+1] != "" {
			t.Fatalf("%q stands at line %d, or without empty lines around it", heading, at+1)
		}
		if head := cells(t, lines[at+2]); !slices.Equal(head, []string{"code", "status", "retry", "messages", "meaning", "含义"}) {
			t.Errorf("%s: the columns are %q", heading, head)
		}
		for i, e := range f.Entries() {
			got := cells(t, lines[at+4+i])
			checkRow(t, got, e)
			row++
		}
		if end := at + 4 + len(f.Entries()); lines[end] != "" {
			t.Errorf("%s goes on with %q", heading, lines[end])
		}
	}
	if row != len(catalog.All()) {
		t.Errorf("%d rows, want %d", row, len(catalog.All()))
	}
}

func checkRow(t *testing.T, got []string, e *catalog.Entry) {
	t.Helper()
	code := e.Code
	if e.CompatibleCode != "" {
		code += "\x00" + e.CompatibleCode
	}
	var messages []string
	for _, v := range e.Variants {
		messages = append(messages, strings.ReplaceAll(v.Message, "\n", " "))
	}
	want := []string{code, statusText(e), "", strings.TrimSpace(strings.Join(messages, "\x00")), e.Meaning, e.MeaningZH}
	if len(got) != len(want) {
		t.Errorf("%s has %d cells: %q", e.ID(), len(got), got)
		return
	}
	for _, v := range e.Variants {
		if !slices.Contains(strings.Split(got[2], ", "), string(v.Retry)) {
			t.Errorf("%s: retry %q lacks %s", e.ID(), got[2], v.Retry)
		}
	}
	want[2] = got[2]
	if !slices.Equal(got, want) {
		t.Errorf("%s is shown as\n%q\nwant\n%q", e.ID(), got, want)
	}
}

func TestShow(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
		not  []string
	}{
		{
			args: []string{"dashscope/model/Throttling.RateQuota"},
			want: []string{
				"dashscope/model/Throttling.RateQuota\n", "\nsource: ", "\ncompatible code: limit_requests\n", "\n1  Requests rate limit exceeded",
				"--- dashscope-native, a plain call, message 1\n", "--- dashscope-compatible, a plain call, message ",
				"HTTP/1.1 429 Too Many Requests", `"code":"Throttling.RateQuota"`, `"code":"limit_requests"`,
			},
		},
		// Several messages: all are listed, and of each dialect the first is
		// shown.
		{
			args: []string{"qianfan/capability/336003"},
			want: []string{"\n1  ", "\n22  ", "--- qianfan-v1, a plain call, message 1\n", "HTTP/1.1 200 OK", `{"error_code":336003,`},
			not:  []string{"\n23  ", ", message 2\n", "streaming", "compatible code"},
		},
		{
			args: []string{"qianfan/capability/336003", "--variant", "3"},
			want: []string{"--- qianfan-v1, a plain call, message 3\n"},
			not:  []string{", message 1\n"},
		},
		{args: []string{"336003"}, want: []string{"qianfan/capability/336003\n"}}, // A short form.
		{args: []string{"data_inspection_failed"}, want: []string{"dashscope/model/DataInspectionFailed\n"}},
		// What a model refuses of a stream comes inside it.
		{
			args: []string{"dashscope/model/DataInspectionFailed"},
			want: []string{"--- dashscope-native, a streaming call, message 1\nHTTP/1.1 200 OK", "event:error\n:HTTP_STATUS/400\ndata:{"},
		},
		// Editions differ.
		{args: []string{"dashscope/model/RequestTimeOut"}, want: []string{"HTTP/1.1 408 Request Timeout"}, not: []string{"HTTP/1.1 500"}},
		{
			args: []string{"dashscope/model/RequestTimeOut", "--edition", "2026-05"},
			want: []string{"HTTP/1.1 500 Internal Server Error"}, not: []string{" 408 "},
		},
		// Our own wording says so, and has its holes filled.
		{
			args: []string{"qianfan/oauth/invalid_request"},
			want: []string{"guess, our wording", "otherwise malformed: {param}", `otherwise malformed: client_id"`},
		},
		{
			args: []string{"dashscope/model/NetworkError"},
			want: []string{"\nnever on the wire: "}, not: []string{"--- ", "HTTP/1.1"},
		},
	} {
		out := ok(t, append([]string{"catalog", "show"}, c.args...)...)
		if strings.Contains(out, "\r") {
			t.Errorf("catalog show %q prints carriage returns", c.args)
		}
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("catalog show %q does not print %q:\n%s", c.args, want, out)
			}
		}
		for _, not := range c.not {
			if strings.Contains(out, not) {
				t.Errorf("catalog show %q prints %q:\n%s", c.args, not, out)
			}
		}
	}
}

// Which message is shown is the n-th that is listed, whatever its text.
func TestShowVariant(t *testing.T) {
	e, err := catalog.Resolve("qianfan/capability/336003", catalog.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range e.Variants {
		out := ok(t, "catalog", "show", e.ID(), "--variant", fmt.Sprint(i+1))
		body := out[strings.LastIndex(out, "\n\n")+2:]
		var shown struct {
			Message string `json:"error_msg"`
		}
		if err := json.Unmarshal([]byte(body), &shown); err != nil || shown.Message != e.Variants[i].Fill(nil) {
			t.Errorf("--variant %d shows %q (%v), want %q", i+1, body, err, e.Variants[i].Fill(nil))
		}
	}
}

func TestShowRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"Throtling.RateQuota"}, `no documented error is called "Throtling.RateQuota"; did you mean "Throttling.RateQuota"?`},
		{[]string{"xyzzy"}, `no documented error is called "xyzzy"`},
		{[]string{"qianfan/capability/336003", "--variant", "23"}, "flag --variant: qianfan/capability/336003 has messages 1 to 22"},
		{[]string{"qianfan/capability/336003", "--variant", "-1"}, "flag --variant: qianfan/capability/336003 has messages 1 to 22"},
		{[]string{"qianfan/capability/18", "--edition", "2025"}, `flag --edition: unknown edition "2025"; it is one of seed, 2026-05, 2026-late`},
	} {
		code, out, errs := call(nil, append([]string{"catalog", "show"}, c.args...)...)
		if code != exitUsage || out != "" || errs != "mockllm: "+c.want+"\n" {
			t.Errorf("catalog show %q exits %d, prints %q and says\n%swant\n%s", c.args, code, out, errs, c.want)
		}
	}
}

func TestShowAmbiguous(t *testing.T) {
	name, ids := ambiguous()
	if name == "" {
		t.Fatal("no two entries share a code: the test looks at nothing")
	}
	code, out, errs := call(nil, "catalog", "show", name)
	want := fmt.Sprintf("mockllm: %q means several errors, write one of: %s\n", name, strings.Join(ids, ", "))
	if code != exitUsage || out != "" || errs != want {
		t.Errorf("catalog show %q exits %d, prints %q and says\n%swant\n%s", name, code, out, errs, want)
	}
}

// ambiguous returns a code that several entries have, and their ids.
func ambiguous() (code string, ids []string) {
	byCode := map[string][]string{}
	for _, e := range catalog.All() {
		byCode[e.Code] = append(byCode[e.Code], e.ID())
	}
	for _, e := range catalog.All() {
		if len(byCode[e.Code]) > 1 {
			return e.Code, byCode[e.Code]
		}
	}
	return "", nil
}
