package catalog

import "testing"

func TestStatusOn(t *testing.T) {
	native := Dialect{Name: DashScopeNative}
	v1 := Dialect{Name: QianfanV1, ErrorStatus: 200}
	seedOnly := Variant{Status: 429}
	changed := Variant{Status: 408, Statuses: map[Edition]int{Edition202605: 500}}
	younger := Variant{Statuses: map[Edition]int{Edition202605: 403}}
	youngest := Variant{Statuses: map[Edition]int{EditionLate26: 404}}
	twice := Variant{Status: 400, Statuses: map[Edition]int{Edition202605: 403, EditionLate26: 422}}
	gap := Variant{Status: 400, Statuses: map[Edition]int{EditionLate26: 422}}
	for _, c := range []struct {
		name    string
		v       Variant
		dialect Dialect
		edition Edition
		want    int
	}{
		{"the seed's own", seedOnly, native, EditionSeed, 429},
		{"inherited by the next", seedOnly, native, Edition202605, 429},
		{"inherited by the last", seedOnly, native, EditionLate26, 429},
		{"before a change", changed, native, EditionSeed, 408},
		{"in the edition of a change", changed, native, Edition202605, 500},
		{"after a change", changed, native, EditionLate26, 500},
		// What an edition did not know yet gets the status of the one that
		// first had it: it must be something.
		{"older than the error", younger, native, EditionSeed, 403},
		{"much older than the error", youngest, native, EditionSeed, 404},
		{"a little older than the error", youngest, native, Edition202605, 404},
		{"each its own", twice, native, EditionSeed, 400},
		{"each its own, second", twice, native, Edition202605, 403},
		{"each its own, third", twice, native, EditionLate26, 422},
		{"older wins over newer", gap, native, Edition202605, 400},
		{"an unknown edition is the seed", twice, native, "1999", 400},
		{"no edition is the seed", twice, native, "", 400},
		{"the dialect's own wins", twice, v1, EditionLate26, 200},
		{"the dialect's own needs none", Variant{}, v1, EditionSeed, 200},
		{"none anywhere", Variant{}, native, EditionSeed, 0},
	} {
		if got := c.v.StatusOn(c.dialect, c.edition); got != c.want {
			t.Errorf("%s: status %d, want %d", c.name, got, c.want)
		}
	}
}

// Some statuses that clients are known to trip over, as the editions have them.
func TestDocumentedStatuses(t *testing.T) {
	for _, c := range []struct {
		id, text, dialect string
		edition           Edition
		want              int
	}{
		{"dashscope/model/RequestTimeOut", "", DashScopeNative, EditionSeed, 408},
		{"dashscope/model/RequestTimeOut", "", DashScopeNative, Edition202605, 500},
		{"dashscope/model/RequestTimeOut", "", DashScopeCompatible, EditionLate26, 500},
		// New in May 2026, so that the seed takes it from there.
		{"dashscope/model/RequestTimeOut", "Response timeout!", DashScopeNative, EditionSeed, 500},
		{"dashscope/model/Throttling.RateQuota", "", DashScopeCompatible, EditionSeed, 429},
		{"dashscope/model/InternalError.Algo", "Missing Content-Length", DashScopeNative, EditionSeed, 400},
		{"dashscope/model/InternalError.Algo", "during execution", DashScopeNative, EditionSeed, 500},
		{"dashscope/model/ModelUnavailable", "", DashScopeNative, EditionSeed, 503},
		{"qianfan/capability/18", "", QianfanV1, EditionLate26, 200},
		{"qianfan/oauth/invalid_client", "", QianfanOAuth, EditionSeed, 401},
	} {
		e, err := Resolve(c.id, Scope{})
		if err != nil {
			t.Error(err)
			continue
		}
		v := &e.Variants[0]
		if c.text != "" {
			v = e.FindVariant(c.text, "")
		}
		d, served := DialectNamed(c.dialect)
		if v == nil || !served {
			t.Errorf("%s %q on %s: no such message or dialect", c.id, c.text, c.dialect)
			continue
		}
		if got := v.StatusOn(d, c.edition); got != c.want {
			t.Errorf("%s %q on %s in %s: status %d, want %d", c.id, c.text, c.dialect, c.edition, got, c.want)
		}
	}
}

func TestFill(t *testing.T) {
	limits := Variant{Message: "from {min} to {max}, {max} at most", Holes: map[string]string{"min": "1", "max": "20000"}}
	for _, c := range []struct {
		name string
		v    Variant
		args map[string]string
		want string
	}{
		{"no holes", Variant{Message: "plain"}, map[string]string{"max": "7"}, "plain"},
		{"braces that are no hole", Variant{Message: `{"a":1}`}, nil, `{"a":1}`},
		{"realistic values", limits, nil, "from 1 to 20000, 20000 at most"},
		{"one given", limits, map[string]string{"max": "8"}, "from 1 to 8, 8 at most"},
		{"all given", limits, map[string]string{"max": "8", "min": "2"}, "from 2 to 8, 8 at most"},
		{"given as empty", limits, map[string]string{"min": ""}, "from  to 20000, 20000 at most"},
		{"a name that is no hole", limits, map[string]string{"mid": "5"}, "from 1 to 20000, 20000 at most"},
		// A caller's text is text: it is not filled again.
		{"a value that looks like a hole", limits, map[string]string{"min": "{max}", "max": "{min}"}, "from {max} to {min}, {min} at most"},
	} {
		if got := c.v.Fill(c.args); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCodeOn(t *testing.T) {
	native, _ := DialectNamed(DashScopeNative)
	compatible, _ := DialectNamed(DashScopeCompatible)
	twin := Entry{Code: "InvalidApiKey", CompatibleCode: "invalid_api_key"}
	alone := Entry{Code: "Arrearage"}
	for _, c := range []struct {
		e    Entry
		d    Dialect
		want string
	}{
		{twin, native, "InvalidApiKey"},
		{twin, compatible, "invalid_api_key"},
		{alone, native, "Arrearage"},
		{alone, compatible, "Arrearage"}, // Sent unchanged.
	} {
		if got := c.e.CodeOn(c.d); got != c.want {
			t.Errorf("%s on %s is %q, want %q", c.e.Code, c.d.Name, got, c.want)
		}
	}
}

func TestVariantsByDialectAndText(t *testing.T) {
	e := &Entry{Dialects: []string{"a", "b", "c"}, Variants: []Variant{
		{Message: "only on a", Dialects: []string{"a"}},
		{Message: "only on b", Dialects: []string{"b"}, Aliases: []string{"damaged txt"}},
		{Message: "anywhere"},
	}}
	for dialect, want := range map[string]*Variant{
		"a": &e.Variants[0], "b": &e.Variants[1], "c": &e.Variants[2],
		"nowhere": &e.Variants[2], // Its caller has asked the entry already.
	} {
		if got := e.Variant(dialect); got != want {
			t.Errorf("the first message on %s is %v, want %v", dialect, got, want)
		}
	}
	for text, want := range map[string]*Variant{
		"only":        &e.Variants[0], // The first of several.
		"on b":        &e.Variants[1],
		"damaged txt": &e.Variants[1], // An alias.
		"anywhere":    &e.Variants[2],
		"Anywhere":    nil, // Case matters.
		"absent":      nil,
	} {
		if got := e.FindVariant(text, ""); got != want {
			t.Errorf("the message with %q is %v, want %v", text, got, want)
		}
	}
	if !e.CarriedBy("a") || e.CarriedBy("d") {
		t.Error("the entry is carried by its own dialects only")
	}
	e.ClientSide = "made by an SDK"
	if e.CarriedBy("a") {
		t.Error("a client-side entry is carried")
	}
	if none := (&Entry{Variants: e.Variants[:1]}).Variant("b"); none != nil {
		t.Errorf("a dialect without a message has %v", none)
	}
}

// A whole message means the variant whose message it is, also where an
// earlier one contains it.
func TestFindVariantByItsWholeText(t *testing.T) {
	for _, e := range All() {
		for i := range e.Variants {
			if v := &e.Variants[i]; e.FindVariant(v.Message, "") != v {
				t.Errorf("%s: the text of message %d, %q, finds another message", e.ID(), i+1, v.Message)
			}
		}
	}
}

func TestMentions(t *testing.T) {
	e := &Entry{
		Code: "Throttling.RateQuota", CompatibleCode: "limit_requests", Aliases: []string{"ResourceExhausted"},
		Meaning: "Too many calls: back off.", MeaningZH: "调用过于频繁，请退避。",
		Variants: []Variant{{Message: "Requests rate limit exceeded", Aliases: []string{"older wording"}}},
	}
	for text, want := range map[string]bool{
		"ratequota":            true,
		"limit_requests":       true,
		"resourceexhausted":    true,
		"BACK OFF":             true,
		"频繁":                   true,
		"rate exceeded":        true, // Words in any place.
		"exceeded  频繁 older":   true, // In any field.
		"exceeded unlikely":    false,
		"rateexceeded":         false,
		"Quota limit_requests": true,
		"":                     true,
	} {
		if got := e.Mentions(text); got != want {
			t.Errorf("Mentions(%q) = %t, want %t", text, got, want)
		}
	}
}
