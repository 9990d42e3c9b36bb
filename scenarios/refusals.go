package scenarios

import "cmp"

// Refusals says what the vendor refuses by itself, and how where the vendor
// itself was seen to do it in several ways. Its shorthand is the mode alone.
type Refusals struct {
	Mode         Switch       `toml:"mode"`               // "on" (default), or "off": everything that can be answered is.
	UnknownModel UnknownModel `toml:"unknown_model"`      // What becomes of a model that nobody knows.
	Order        OrderCode    `toml:"order"`              // Qianfan V1's code for roles in the wrong order.
	Unsafe       string       `toml:"unsafe" need:"text"` // The harmless text that counts as unsafe, instead of [UnsafeMarker].
}

// UnmarshalTOML reads the shorthand.
func (f *Refusals) UnmarshalTOML(in any) error { return f.Mode.UnmarshalTOML(in) }

// UnknownModel says what becomes of a call that names a model that neither the
// catalogue nor the scenario knows.
type UnknownModel string

// The values of [UnknownModel].
const (
	UnknownRefused  UnknownModel = "refuse"    // As the vendor was last seen to do it.
	UnknownNotFound UnknownModel = "not-found" // As refuse, but DashScope's own API answers the documented 404 instead of 400, and Qianfan V1 refuses unknown endpoints.
	UnknownAnswered UnknownModel = "answer"    // Like any other.
)

// UnmarshalTOML reads what becomes of the call.
func (u *UnknownModel) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(UnknownRefused), string(UnknownNotFound), string(UnknownAnswered))
	*u = UnknownModel(text)
	return err
}

// An OrderCode is Qianfan V1's code for roles in the wrong order.
type OrderCode string

// The values of [OrderCode].
const (
	OrderNew OrderCode = "336006" // Since 2024.
	OrderOld OrderCode = "336003" // In 2023, with the same messages.
)

// UnmarshalTOML reads a code.
func (o *OrderCode) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(OrderNew), string(OrderOld))
	*o = OrderCode(text)
	return err
}

// UnsafeMarker is the harmless text that counts as unsafe wherever it stands
// in what a caller sends. Followed by -output, it makes the answer unsafe
// instead.
const UnsafeMarker = "mockllm-unsafe"

// RefusalsOf returns how the scenario wants the vendor to refuse, with nothing
// left open. A nil scenario wants what every scenario does that does not say.
func (s *Scenario) RefusalsOf() Refusals {
	var f Refusals
	if s != nil {
		f = s.Refusals
	}
	return Refusals{
		Mode: cmp.Or(f.Mode, "on"), UnknownModel: cmp.Or(f.UnknownModel, UnknownRefused),
		Order: cmp.Or(f.Order, OrderNew), Unsafe: cmp.Or(f.Unsafe, UnsafeMarker),
	}
}
