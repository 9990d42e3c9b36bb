package catalog

import (
	"slices"
	"strings"
	"testing"
)

func TestDialects(t *testing.T) {
	var names []string
	for _, d := range Dialects() {
		names = append(names, d.Name)
		if named, ok := DialectNamed(d.Name); !ok || named.Name != d.Name {
			t.Errorf("DialectNamed(%q) = %v, %t", d.Name, named, ok)
		}
		if d.Provider != Qianfan && d.Provider != DashScope || !strings.HasPrefix(d.Name, d.Provider+"-") {
			t.Errorf("%s belongs to %q", d.Name, d.Provider)
		}
		// Samples are written for the first operation.
		if len(d.Operations) == 0 {
			t.Errorf("%s offers no operation", d.Name)
		}
		if d.Compatible && d.Provider != DashScope {
			t.Errorf("%s sends compatible codes, which only DashScope has", d.Name)
		}
		if strings.HasSuffix(d.BasePath, "/") || d.BasePath != "" && !strings.HasPrefix(d.BasePath, "/") {
			t.Errorf("%s: base path %q; it begins with a slash and ends without one", d.Name, d.BasePath)
		}
	}
	// Lists show them in this order.
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("the dialects are not sorted and unique: %q", names)
	}
	if d, ok := DialectNamed("qianfan-v9"); ok {
		t.Errorf("there is a dialect %v", d)
	}
}

func TestDialectAsks(t *testing.T) {
	v1, _ := DialectNamed(QianfanV1)
	if v1.ErrorStatus != 200 {
		t.Errorf("Qianfan V1 answers errors with %d, not 200", v1.ErrorStatus)
	}
	if !v1.Carries(OpChat) || v1.Carries(OpToken) || v1.Carries("") {
		t.Errorf("Qianfan V1 offers %q", v1.OperationNames())
	}
	if chat, _ := v1.Operation(OpChat); !chat.Shows(ReplyToolCall) || chat.Shows(ReplyReasoning) {
		t.Errorf("Qianfan V1 shows %q; it has one function call and no reasoning", chat.Reply)
	}
}
