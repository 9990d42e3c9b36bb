package responders

import (
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// What a vendor knows of those who call it: keys, and what keys were given for a
// time, access tokens or temporary keys.

// issuedTokens is the kind of the records of tokens that were given out.
const issuedTokens = "token"

// issue notes that a key was given a token, which expires at that time on the
// clock.
func issue(token, key string, expires time.Time) scenarios.Change {
	const longest = 1 << 10 // No real key is longer; beyond, it is forgotten whose the token is.
	if len(key) > longest {
		key = ""
	}
	return scenarios.Change{
		Kind: issuedTokens, ID: token,
		Value: obj().str("key", key).num("expires", expires.UnixMilli()).end(), Until: expires,
	}
}

// A caller is what the vendor knows of who calls.
type caller struct {
	scenarios.Key
	account string // The key that the token was given to; "" if it is a key, or was not given out here.
	issued  bool   // It is a token that was given out here,
	expired bool   // and its time is over.
}

// caller looks a key or a token up. A token stands as the key does that it was
// given to, unless more is known of the token itself.
func (in *Incoming) caller(credential string) caller {
	c := caller{Key: in.account(credential)}
	if in.Records == nil {
		return c
	}
	record, found := in.Records.Get(issuedTokens, credential)
	if !found {
		return c
	}
	value := gjson.ParseBytes(record.Value)
	c.issued, c.account = true, value.Get("key").String()
	c.expired = in.Now.UnixMilli() >= value.Get("expires").Int()
	holder := in.account(c.account)
	if c.State == "" || c.State == scenarios.KeyGood || holder.State == scenarios.KeyRevoked {
		c.State = holder.State
	}
	if c.Models == nil {
		c.Models = holder.Models
	}
	return c
}

// unknown reports whether the vendor does not know the caller at all. A key of
// another region is a key of nobody.
func (c caller) unknown() bool {
	return c.State == scenarios.KeyRevoked || c.State == scenarios.KeyWrongRegion
}

// account returns what the vendor knows of a key: what the scenario says, unless
// it was revoked since.
func (in *Incoming) account(key string) scenarios.Key {
	k := in.Scenario.Key(key)
	if scenarios.Revoked(in.Records, key) {
		k.State = scenarios.KeyRevoked
	}
	return k
}
