package responders

import (
	"strconv"
	"strings"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// identifyV1 reads who calls aip.baidubce.com: an access token in the query, or
// a signature in the header. Its gateway answers all that is wrong with them.
func identifyV1(in *Incoming, r *scenarios.Request) {
	refuse := func(code string) { r.Identity = &scenarios.Refusal{ID: capability + code} }
	if strings.HasPrefix(in.Header.Get("Authorization"), bceAuth) {
		s, v := judgeBCE(in)
		c := in.caller(s.key)
		r.Key = s.key
		if v != bceGood || c.unknown() {
			refuse("14")
			return
		}
		r.Identity = v1Standing(c, r.Model)
		return
	}
	tokens, given := in.Query["access_token"]
	if !given {
		refuse("110")
		return
	}
	token := tokens[0]
	c := in.caller(token)
	r.Key, r.Account = token, c.account
	switch {
	case token == "":
		refuse("100")
	case c.unknown(), !c.issued && in.Scenario.TokensAccepted() == scenarios.AcceptIssued:
		refuse("110")
	case c.expired, !c.issued && tokenExpired(token, in.Now):
		refuse("111")
	default:
		r.Identity = v1Standing(c, r.Model)
	}
}

// v1Standing is what V1's gateway says to those whom it knows too well.
func v1Standing(c caller, model string) *scenarios.Refusal {
	switch {
	case c.State == scenarios.KeyArrears:
		return &scenarios.Refusal{ID: capability + "17"}
	case c.State == scenarios.KeyFreeTierUsed:
		return &scenarios.Refusal{ID: capability + "19"}
	case !c.MayUse(model):
		return &scenarios.Refusal{ID: capability + "6"}
	}
	return nil
}

// accessToken reads a token of the token endpoint's form,
// 24.<hex>.<life>.<expiry>.<app>.
func accessToken(token string) (expiry string, is bool) {
	parts := strings.Split(token, ".")
	if len(parts) < 5 || parts[0] != "24" {
		return "", false
	}
	return parts[3], true
}

// tokenExpired reports whether a token says of itself that it has run out.
// Those of another form never do.
func tokenExpired(token string, now time.Time) bool {
	text, is := accessToken(token)
	expiry, err := strconv.ParseInt(text, 10, 64)
	return is && err == nil && now.Unix() >= expiry
}
