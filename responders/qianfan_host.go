package responders

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/mockllm/mockllm/scenarios"
)

// What every answer of qianfan.baidubce.com shares, whatever its dialect.

const (
	iamFamily     = "qianfan/iam/"
	gatewayFamily = "qianfan/gateway/"
)

// oneLine keeps a scenario's message from ending a header.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

// qianfanHostHeader returns the headers of an answer of qianfan.baidubce.com,
// without a content type: a refusal of its gateway has none.
func (m Meta) qianfanHostHeader() http.Header {
	return http.Header{
		"Bfe-Trace-Id":         {text(m.chance(forHeaders), 32, lowerHex)},
		"Date":                 {m.date()},
		"X-Bce-Gateway-Region": {"BJ"},
		"X-Bce-Request-Id":     {m.bceRequestID()},
	}
}

// qianfanPreflight answers a browser that asks what it may send.
func (m Meta) qianfanPreflight(p preflight, r *scenarios.Request) Message {
	header := m.qianfanHostHeader()
	p.allow(header, r)
	return Message{Status: http.StatusOK, Header: header}
}

// The vendor's limits per minute, which answers show where the scenario limits
// nothing.
const (
	usualRequests = 300
	usualTokens   = 300_000
)

// rateLimits adds what is left of the caller's limits per minute. Without a
// limit, one call and one token of the usual ones are used.
func (m Meta) rateLimits(header http.Header) {
	show := func(what string, usual uint64, left *scenarios.Left) {
		if left == nil {
			left = &scenarios.Left{Limit: usual, Remaining: usual - 1}
		}
		header["X-Ratelimit-Limit-"+what] = []string{strconv.FormatUint(left.Limit, 10)}
		header["X-Ratelimit-Remaining-"+what] = []string{strconv.FormatUint(left.Remaining, 10)}
	}
	q := m.Quota
	if q == nil {
		q = &scenarios.Quota{}
	}
	show("Requests", usualRequests, q.Requests)
	show("Tokens", usualTokens, q.Tokens)
}
