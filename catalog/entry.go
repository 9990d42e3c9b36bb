package catalog

import (
	"slices"
	"strings"
)

// Retry says what a client may expect of sending the same call again.
type Retry string

// The values of [Retry].
const (
	RetryNo           Retry = "no"            // Never succeeds, whatever is done.
	RetryAfterFix     Retry = "after-fix"     // Succeeds once the request or the account is changed.
	RetryBackoff      Retry = "backoff"       // Succeeds after a short, growing pause.
	RetryAfterWindow  Retry = "after-window"  // Succeeds when the quota's window (a minute, a day) has passed.
	RetryRefreshToken Retry = "refresh-token" // Succeeds with a new access token.
)

// Origin names the part of the vendor's service that answers. It decides key
// order, the presence of an id and the default delivery.
type Origin string

// The values of [Origin].
const (
	OriginGateway Origin = "gateway" // The API gateway: identity, routing, account, rate.
	OriginModel   Origin = "model"   // The model service behind the gateway.
	OriginTask    Origin = "task"    // The service of asynchronous tasks.
	OriginControl Origin = "control" // The management ("console") API.
)

// Confidence says how well a fact is established.
type Confidence string

// The values of [Confidence].
const (
	Certain Confidence = "certain" // A raw capture, or official documentation that code agrees with.
	Likely  Confidence = "likely"  // One indirect source, or several that lean one way.
	Guess   Confidence = "guess"   // Chosen by us; see docs/deviations.md.
)

// An Edition is a state of the vendors' documentation. Statuses of some
// errors changed between editions.
type Edition string

// The known editions, oldest first.
const (
	EditionSeed   Edition = "seed"    // What the project's first source documents print.
	Edition202605 Edition = "2026-05" // Alibaba's page as of May 2026.
	EditionLate26 Edition = "2026-late"
)

// Editions returns the known editions, oldest first.
func Editions() []Edition { return []Edition{EditionSeed, Edition202605, EditionLate26} }

// An Entry is one documented error code of one family.
type Entry struct {
	family *Family

	Provider string `toml:"-" json:"provider"` // "qianfan" or "dashscope".
	Family   string `toml:"-" json:"family"`   // Such as "capability" or "model".

	Code           string    `toml:"code" json:"code"`                                 // As the vendor sends it, numbers too.
	CompatibleCode string    `toml:"compatible_code" json:"compatible_code,omitempty"` // What the OpenAI-compatible dialect sends instead.
	Aliases        []string  `toml:"aliases" json:"aliases,omitempty"`                 // Other names that the vendor prints for the same row.
	Meaning        string    `toml:"meaning" json:"meaning"`                           // One line: what it means and what to do.
	MeaningZH      string    `toml:"meaning_zh" json:"meaning_zh"`                     // The same in Chinese.
	Source         string    `toml:"source" json:"source"`                             // Where the vendor documents it.
	ClientSide     string    `toml:"client_side" json:"client_side,omitempty"`         // Why it never is on the wire; empty for all that are.
	Handshake      bool      `toml:"handshake" json:"handshake,omitempty"`             // On a WebSocket it comes at the handshake: it is about who calls.
	Variants       []Variant `toml:"variant" json:"variants"`                          // At least one.
	Dialects       []string  `toml:"dialects" json:"dialects"`                         // Which dialects can carry it; the family's unless given.
}

// A Variant is one message of an [Entry].
type Variant struct {
	Message    string            `toml:"message" json:"message"`                   // Holes stand as {name}.
	Holes      map[string]string `toml:"holes" json:"holes,omitempty"`             // The realistic value of each hole.
	Aliases    []string          `toml:"aliases" json:"aliases"`                   // The same text as printed elsewhere, damaged or older.
	Realistic  bool              `toml:"realistic" json:"realistic,omitempty"`     // The vendor only describes the text; the wording is ours.
	Dialects   []string          `toml:"dialects" json:"dialects,omitempty"`       // Narrower than the entry's, if given.
	Status     int               `toml:"status" json:"status"`                     // HTTP status in the seed edition; 0 if it has none there.
	Statuses   map[Edition]int   `toml:"statuses" json:"statuses,omitempty"`       // Editions whose status differs, or that first have it.
	Type       string            `toml:"type" json:"type,omitempty"`               // error.type of OpenAI-shaped dialects.
	MidStream  bool              `toml:"mid_stream" json:"mid_stream,omitempty"`   // It is about the answer: the one to expect in the middle of a stream.
	HelpAnchor string            `toml:"help_anchor" json:"help_anchor,omitempty"` // Anchor of the help link that DashScope may append.
	Retry      Retry             `toml:"retry" json:"retry"`                       //
	Origin     Origin            `toml:"origin" json:"origin"`                     //
	Confidence Confidence        `toml:"confidence" json:"confidence"`             //
	Source     string            `toml:"source" json:"source,omitempty"`           // Where this text was seen, if not the entry's source.
}

// ID returns provider/family/code.
func (e *Entry) ID() string { return e.Provider + "/" + e.Family + "/" + e.Code }

// CodeOn returns the code that the dialect sends.
func (e *Entry) CodeOn(d Dialect) string {
	if d.Compatible && e.CompatibleCode != "" {
		return e.CompatibleCode
	}
	return e.Code
}

// CarriedBy reports whether the dialect can carry the entry.
func (e *Entry) CarriedBy(dialect string) bool {
	return e.ClientSide == "" && slices.Contains(e.Dialects, dialect)
}

// MetOn reports whether callers of the operation can meet the entry.
func (e *Entry) MetOn(operation string) bool { return e.family.meets(operation) }

// CarriedBy reports whether the variant may be sent on the dialect, given
// that its entry may.
func (v *Variant) CarriedBy(dialect string) bool {
	return len(v.Dialects) == 0 || slices.Contains(v.Dialects, dialect)
}

// Variant returns the first variant that the dialect carries, or nil.
func (e *Entry) Variant(dialect string) *Variant {
	for i := range e.Variants {
		if e.Variants[i].CarriedBy(dialect) {
			return &e.Variants[i]
		}
	}
	return nil
}

// MidStreamVariant returns the first variant that the dialect carries and that
// is to be expected in the middle of a stream, else what Variant returns.
func (e *Entry) MidStreamVariant(dialect string) *Variant {
	for i := range e.Variants {
		if v := &e.Variants[i]; v.MidStream && v.CarriedBy(dialect) {
			return v
		}
	}
	return e.Variant(dialect)
}

// FindVariant returns the first of [Entry.FindVariants], or nil.
func (e *Entry) FindVariant(text, dialect string) *Variant {
	if found := e.FindVariants(text, dialect); len(found) > 0 {
		return found[0]
	}
	return nil
}

// FindVariants returns the variants that are the text or, failing that, those
// that contain it, in their message or an alias. Only variants that the
// dialect carries are looked at, unless it is empty.
func (e *Entry) FindVariants(text, dialect string) []*Variant {
	var equal, containing []*Variant
	for i := range e.Variants {
		v := &e.Variants[i]
		names := append([]string{v.Message}, v.Aliases...)
		switch {
		case dialect != "" && !v.CarriedBy(dialect):
		case slices.Contains(names, text):
			equal = append(equal, v)
		case slices.ContainsFunc(names, func(s string) bool { return strings.Contains(s, text) }):
			containing = append(containing, v)
		}
	}
	if len(equal) > 0 {
		return equal
	}
	return containing
}

// StatusOn returns the HTTP status that the variant has on the dialect in the
// edition. A dialect that always answers with one status (Qianfan V1: 200)
// wins. An edition without a status of its own takes the nearest older one,
// and failing that the nearest newer one.
func (v *Variant) StatusOn(d Dialect, edition Edition) int {
	if d.ErrorStatus != 0 {
		return d.ErrorStatus
	}
	editions := Editions()
	at := max(slices.Index(editions, edition), 0)
	for i := at; i >= 0; i-- {
		if s := v.statusIn(editions[i]); s != 0 {
			return s
		}
	}
	for _, e := range editions[at+1:] {
		if s := v.statusIn(e); s != 0 {
			return s
		}
	}
	return 0
}

func (v *Variant) statusIn(e Edition) int {
	if s, ok := v.Statuses[e]; ok {
		return s
	}
	if e == EditionSeed {
		return v.Status
	}
	return 0
}

// Fill returns the message with its holes filled: from args, else with the
// realistic value. Names in args that are no hole are ignored here; [Holes]
// lists what there is.
func (v *Variant) Fill(args map[string]string) string {
	if len(v.Holes) == 0 {
		return v.Message
	}
	pairs := make([]string, 0, 2*len(v.Holes))
	for name, realistic := range v.Holes {
		value, given := args[name]
		if !given {
			value = realistic
		}
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(v.Message)
}

// Mentions reports whether all words of the text stand in the entry's code,
// messages, aliases or meanings, whatever their case.
func (e *Entry) Mentions(text string) bool {
	all := []string{e.Code, e.CompatibleCode, e.Meaning, e.MeaningZH}
	all = append(all, e.Aliases...)
	for _, v := range e.Variants {
		all = append(append(all, v.Message), v.Aliases...)
	}
	hay := strings.ToLower(strings.Join(all, "\n"))
	for _, word := range strings.Fields(strings.ToLower(text)) {
		if !strings.Contains(hay, word) {
			return false
		}
	}
	return true
}
