package scenarios

import (
	"cmp"
	"slices"
	"strings"
)

// A Key is what the vendor knows of an API key, an access key or an access
// token. The zero value is a good one.
type Key struct {
	State  KeyState `toml:"state"`              // What is the matter with it; good unless given.
	Secret string   `toml:"secret" need:"text"` // Of an access key: signatures and secrets are computed and compared only if it is given.
	Models []Glob   `toml:"models"`             // What may be called with it; every model unless given.
}

// A KeyState says what is the matter with a key.
type KeyState string

// The values of [KeyState].
const (
	KeyGood         KeyState = "good"
	KeyRevoked      KeyState = "revoked"        // It was deleted, or never existed.
	KeyArrears      KeyState = "arrears"        // Its account owes money.
	KeyFreeTierUsed KeyState = "free-tier-used" // Its account has used up what is free, and allows nothing else.
	KeyNoAccess     KeyState = "no-access"      // Its account may not use the model.
	KeyWrongRegion  KeyState = "wrong-region"   // It belongs to another region of the vendor's.
)

// UnmarshalTOML reads a state.
func (k *KeyState) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(KeyGood), string(KeyRevoked), string(KeyArrears), string(KeyFreeTierUsed), string(KeyNoAccess), string(KeyWrongRegion))
	*k = KeyState(text)
	return err
}

// MayUse reports whether the key is good for the model; every key is for none.
func (k Key) MayUse(model string) bool {
	switch {
	case k.State == KeyNoAccess:
		return false
	case model == "" || k.Models == nil:
		return true
	default:
		return slices.ContainsFunc(k.Models, func(g Glob) bool { return g.Matches(model) })
	}
}

// Key returns what the scenario says of a key: under its very name, else under
// the longest glob that fits. A nil scenario says nothing of any.
func (s *Scenario) Key(name string) Key {
	if s == nil {
		return Key{}
	}
	if k, found := s.Keys[name]; found {
		return k
	}
	return s.Keys[fitting(s.Keys, name)]
}

// fitting returns the longest glob among the names that fits, or "".
func fitting[V any](named map[string]V, name string) (best string) {
	for glob := range named {
		longer := len(glob) > len(best) || len(glob) == len(best) && glob < best
		if longer && strings.ContainsAny(glob, "*?") && Glob(glob).Matches(name) {
			best = glob
		}
	}
	return best
}

// revocations is the kind of the records of keys that were revoked while the
// server runs.
const revocations = "revoked"

// Revoked reports whether a key was revoked since the server began or the
// namespace was reset.
func Revoked(records View, key string) bool {
	if records == nil || key == "" {
		return false
	}
	_, found := records.Get(revocations, short(key))
	return found
}

// Tokens says how Qianfan's access tokens live. Its shorthand is what is
// accepted alone.
type Tokens struct {
	Accept Accept    `toml:"accept"` // "any" (default), or "issued": only those that the token endpoint gave out.
	Life   *Duration `toml:"life"`   // How long an access token lives, in vendor time, instead of the vendor's 30 days.
}

// UnmarshalTOML reads the shorthand.
func (t *Tokens) UnmarshalTOML(in any) error { return t.Accept.UnmarshalTOML(in) }

// Accept says which access tokens pass.
type Accept string

// The values of [Accept].
const (
	AcceptAny    Accept = "any"    // Every one that is not known to be bad.
	AcceptIssued Accept = "issued" // Those that were given out in the same namespace.
)

// UnmarshalTOML reads which tokens pass.
func (a *Accept) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(AcceptAny), string(AcceptIssued))
	*a = Accept(text)
	return err
}

// checkAccounts says what is wrong with the keys and the tokens.
func checkAccounts(s *Scenario, r *report) {
	for _, name := range sortedKeys(s.Keys) {
		path := join("keys", name)
		if name == "" {
			r.add(path, "a key must not be empty: a missing one is always refused")
		}
		if k := s.Keys[name]; k.Models != nil && len(k.Models) == 0 {
			r.add(path+".models", `must not be empty: write state = "no-access" for a key that may use no model`)
		}
	}
	if life := s.Tokens.Life; life != nil && *life == 0 {
		r.add("tokens.life", "must be more than 0")
	}
}

// TokensAccepted says which access tokens pass.
func (s *Scenario) TokensAccepted() Accept {
	if s == nil {
		return AcceptAny
	}
	return cmp.Or(s.Tokens.Accept, AcceptAny)
}
