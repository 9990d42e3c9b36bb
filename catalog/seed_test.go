package catalog

import "testing"

// The project promises every error of its first source documents. Each of
// their 395 rows must be found by its code and by its text, letter for letter:
// as a message, or as an alias where the print was damaged.
func TestEverySeedRowIsThere(t *testing.T) {
	entries := map[string]*Entry{}
	for _, f := range everyFile(t) {
		for _, e := range mustEntries(t, f) {
			entries[e.ID()] = e
		}
	}
	found := 0
	for _, row := range SeedRows(t) {
		e := entries[row.Provider+"/"+row.Family+"/"+row.Code]
		if e == nil {
			t.Errorf("%s: no entry in family %s", row, row.Family)
			continue
		}
		if e.CompatibleCode != row.CompatibleCode && row.CompatibleCode != "" {
			t.Errorf("%s: compatible code %q, want %q", row, e.CompatibleCode, row.CompatibleCode)
		}
		v := row.Variant(e)
		if v == nil {
			t.Errorf("%s: no message %q", row, row.Message)
			continue
		}
		found++
		// Qianfan's tables print no status except those of IAM.
		if row.Status != 0 && v.Status != row.Status {
			t.Errorf("%s, %q: status %d, want %d", row, row.Message, v.Status, row.Status)
		}
		if (row.Code == "NetworkError") != (e.ClientSide != "") {
			t.Errorf("%s: client side is %q; only NetworkError is", row, e.ClientSide)
		}
	}
	t.Logf("%d rows found", found)
}

// DashScope's statuses of the seed hold on both of its HTTP dialects.
func TestSeedStatusIsSent(t *testing.T) {
	for _, row := range SeedRows(t) {
		if row.Provider != DashScope || row.Status == 0 {
			continue
		}
		e, err := Resolve("dashscope/model/"+row.Code, Scope{})
		if err != nil {
			t.Error(err)
			continue
		}
		v := row.Variant(e)
		if v == nil {
			continue // Reported above.
		}
		for _, name := range []string{DashScopeNative, DashScopeCompatible} {
			d, _ := DialectNamed(name)
			if got := v.StatusOn(d, EditionSeed); got != row.Status {
				t.Errorf("%s on %s: status %d, want %d", row, name, got, row.Status)
			}
		}
	}
}
