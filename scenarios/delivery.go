package scenarios

import (
	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// A Delivery says in which way an error arrives, and when. Its shorthand is
// the mode alone.
type Delivery struct {
	Mode     DeliveryMode `toml:"mode"`      // "" is the usual way.
	Shape    Shape        `toml:"shape"`     // A form of the body besides the usual one.
	HelpLink HelpLink     `toml:"help_link"` // Whether the message ends with a link to help.
	Moment
}

// UnmarshalTOML reads the shorthand.
func (d *Delivery) UnmarshalTOML(in any) error { return d.Mode.UnmarshalTOML(in) }

// A DeliveryMode is one of the catalogue's deliveries.
type DeliveryMode string

// UnmarshalTOML reads a mode.
func (m *DeliveryMode) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(catalog.DeliverStatus), string(catalog.DeliverFramed), string(catalog.DeliverBody),
		string(catalog.DeliverEvent), string(catalog.DeliverMidStream), string(catalog.DeliverTask))
	*m = DeliveryMode(text)
	return err
}

// A Shape is a form of an error's body.
type Shape string

// UnmarshalTOML reads a shape.
func (s *Shape) UnmarshalTOML(in any) error {
	text, err := oneOf(in, catalog.ShapeBare, catalog.ShapeCodeFirst, catalog.ShapeEscaped, catalog.ShapeIDFirst)
	*s = Shape(text)
	return err
}

// A HelpLink is "off", "cn" or "intl".
type HelpLink string

// UnmarshalTOML reads whether and where a help link leads.
func (h *HelpLink) UnmarshalTOML(in any) error {
	text, err := oneOf(in, "off", "cn", "intl")
	*h = HelpLink(text)
	return err
}

// A Moment is a place in an answer. At most one of AfterFrames, AfterBytes and
// After is given; At goes alone or, for places inside a frame, with
// AfterFrames.
type Moment struct {
	AfterFrames *Index    `toml:"after_frames"` // Behind so many frames.
	AfterBytes  *Index    `toml:"after_bytes"`  // Behind so many bytes of the body.
	After       *Duration `toml:"after"`        // So long behind the header, on the wire's time.
	At          Place     `toml:"at"`           // A place with a name.
}

// An Index counts from 0.
type Index uint64

// UnmarshalTOML reads a whole number from 0 to a billion.
func (i *Index) UnmarshalTOML(in any) error {
	n, ok := in.(int64)
	if !ok {
		return sentences.Errorf("must be a whole number, not %s", kindOf(in))
	}
	if n < 0 || n > 1e9 {
		return sentences.Errorf("must be from 0 to 1000000000, not %d", n)
	}
	*i = Index(n)
	return nil
}

// A Place is a moment with a name.
type Place string

// The values of [Place].
const (
	BeforeHeaders Place = "before-headers"
	AfterHeaders  Place = "after-headers"
	BeforeEnd     Place = "before-end"    // Before the first frame that says that the answer ends.
	BeforeMark    Place = "before-mark"   // Before the end mark, such as [DONE].
	InsideRune    Place = "inside-rune"   // Between two bytes of one character.
	InsideString  Place = "inside-string" // Inside a JSON string.
)

// UnmarshalTOML reads a place.
func (p *Place) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(BeforeHeaders), string(AfterHeaders), string(BeforeEnd), string(BeforeMark), string(InsideRune), string(InsideString))
	*p = Place(text)
	return err
}

// Inside reports whether the place lies inside a frame.
func (p Place) Inside() bool { return p == InsideRune || p == InsideString }

// Given reports whether the moment says anything.
func (m *Moment) Given() bool {
	return m.AfterFrames != nil || m.AfterBytes != nil || m.After != nil || m.At != ""
}

// check says what is wrong with the moment, under the path of its table.
func (m *Moment) check(path string, r *report) {
	var given []string
	if m.AfterFrames != nil {
		given = append(given, "after_frames")
	}
	if m.AfterBytes != nil {
		given = append(given, "after_bytes")
	}
	if m.After != nil {
		given = append(given, "after")
	}
	if m.At != "" && !(m.At.Inside() && m.AfterFrames != nil && len(given) == 1) {
		given = append(given, "at")
	}
	if len(given) > 1 {
		r.add(path+"."+given[1], "does not go with %s: an answer breaks at one moment", given[0])
	}
}

// check says what is wrong with the delivery as such.
func (d *Delivery) check(path string, r *report) {
	d.Moment.check(path, r)
	switch mid := catalog.Delivery(d.Mode) == catalog.DeliverMidStream; {
	case !mid && d.Given():
		r.add(path, "only mode mid-stream has a moment, not %q", d.Mode)
	case d.Shape == catalog.ShapeBare && !catalog.Delivery(d.Mode).Streamed():
		r.add(path+".shape", "%s is a form of an error inside a stream: it goes with mode event or mid-stream", d.Shape)
	case (d.Shape == catalog.ShapeCodeFirst || d.Shape == catalog.ShapeEscaped) && catalog.Delivery(d.Mode).Streamed():
		r.add(path+".shape", "%s is a form of a whole body: it does not go with mode %s", d.Shape, d.Mode)
	case d.Shape != "" && d.makesTask():
		r.add(path+".shape", "is a form of a refusal: a task that fails has its own")
	case mid && d.At.Inside(), mid && d.At == BeforeHeaders:
		r.add(path+".at", "an error comes between frames, not %s", d.At)
	}
}

// carriedBy says why the dialect cannot carry the delivery, or nothing.
func (d *Delivery) carriedBy(dialect catalog.Dialect) sentences.Sentence {
	if d.Mode != "" && !dialect.Delivers(catalog.Delivery(d.Mode)) {
		return sentences.New("%s has no delivery %q; it has %s", dialect.Name, d.Mode, catalog.List(dialect.Deliveries))
	}
	if why := d.Moment.missesSocket(dialect); why.Form != "" {
		return why
	}
	if d.Shape != "" && !contains(dialect.Shapes, string(d.Shape)) {
		return sentences.New("%s has no shape %q; it has %s", dialect.Name, d.Shape, catalog.List(dialect.Shapes))
	}
	if d.HelpLink != "" && !dialect.HelpLinks {
		return sentences.New("%s has no help links", dialect.Name)
	}
	return sentences.Sentence{}
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}
