package catalog

// A Listed entry is one as JSON shows it: with its id, and what each variant's
// status is on each dialect.
type Listed struct {
	ID string `json:"id"`
	*Entry
	Variants []ListedVariant `json:"variants"`
}

// A ListedVariant is a variant with its status, in the seed edition, on each
// dialect that carries it.
type ListedVariant struct {
	Variant
	StatusByDialect map[string]int `json:"status_by_dialect"`
}

// Listing returns the entries as JSON shows them.
func Listing(entries []*Entry) []Listed {
	listed := make([]Listed, len(entries))
	for i, e := range entries {
		listed[i] = Listed{ID: e.ID(), Entry: e}
		for _, v := range e.Variants {
			byDialect := map[string]int{}
			for _, name := range e.Dialects {
				if d, known := DialectNamed(name); known && v.CarriedBy(name) && e.ClientSide == "" {
					byDialect[name] = v.StatusOn(d, EditionSeed)
				}
			}
			if v.Aliases == nil {
				v.Aliases = []string{}
			}
			listed[i].Variants = append(listed[i].Variants, ListedVariant{v, byDialect})
		}
	}
	return listed
}
