package responders

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// What every answer of qianfan.baidubce.com shares, whatever its dialect.

const (
	iamFamily     = "qianfan/iam/"
	gatewayFamily = "qianfan/gateway/"
)

// oneLine keeps a scenario's message from ending a header.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

// bceSignature looks at a signature, bce-auth-v1/{key}/{time}/{seconds}/{headers}/{digest},
// as far as that goes without the secret: its form and its age.
func bceSignature(in *Incoming) (key string, refused *scenarios.Refusal) {
	malformed := &scenarios.Refusal{ID: iamFamily + "InvalidHTTPAuthHeader"}
	parts := strings.Split(in.Header.Get("Authorization"), "/")
	at := len(parts) - 4 // Read from behind: a made-up key may have slashes.
	if at < 2 {
		return "", malformed
	}
	key = strings.Join(parts[1:at], "/")
	signed, err := time.Parse(time.RFC3339, parts[at])
	seconds, badLife := strconv.Atoi(parts[at+1])
	switch {
	case key == "" || err != nil || badLife != nil || seconds < 0:
		return key, malformed
	case in.Now.After(signed.Add(time.Duration(min(seconds, longestSignature)) * time.Second)):
		return key, &scenarios.Refusal{ID: iamFamily + "RequestExpired", Args: map[string]string{"date": parts[at]}}
	}
	return key, nil
}

// longestSignature keeps a life within what a duration can hold, in seconds.
const longestSignature = 1 << 30

// qianfanHostHeader returns the headers of an answer of qianfan.baidubce.com,
// without a content type: a refusal of its gateway has none.
func (m Meta) qianfanHostHeader() http.Header {
	return http.Header{
		"Bfe-Trace-Id":         {text(m.chance(forHeaders), 32, lowerHex)},
		"Date":                 {m.Now.UTC().Format(http.TimeFormat)},
		"X-Bce-Gateway-Region": {"BJ"},
		"X-Bce-Request-Id":     {m.bceRequestID()},
	}
}
