package responders

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// Baidu Cloud's signatures, bce-auth-v1/{key}/{time}/{seconds}/{headers}/{digest}.

const bceAuth = "bce-auth-v1/"

// bceSignature is a signature as it was sent.
type bceSignature struct {
	key     string
	prefix  string // All before the headers; the signing key is made of it.
	stamp   string
	signed  time.Time
	life    time.Duration
	headers []string // The names of what is signed besides the call; nil is the usual ones.
	digest  string
}

const (
	// longestSignature keeps a life within what a duration can hold, in seconds.
	longestSignature = 1 << 30

	// mostSigned is how many headers a signature may cover.
	mostSigned = 64
)

// parseBCE reads a signature. The key is returned even if the rest is broken.
func parseBCE(header string) (s bceSignature, wellFormed bool) {
	parts := strings.Split(header, "/")
	at := len(parts) - 4 // Read from behind: a made-up key may have slashes.
	if at < 2 || parts[0]+"/" != bceAuth {
		return s, false
	}
	s.key, s.stamp, s.digest = strings.Join(parts[1:at], "/"), parts[at], parts[at+3]
	s.prefix = strings.Join(parts[:at+2], "/")
	if names := parts[at+2]; names != "" {
		s.headers = strings.SplitN(strings.ToLower(names), ";", mostSigned+1)
		slices.Sort(s.headers)
		s.headers = slices.Compact(s.headers) // A large header is not to be signed again and again.
	}
	var err, badLife error
	var seconds int
	s.signed, err = time.Parse(time.RFC3339, s.stamp)
	seconds, badLife = strconv.Atoi(parts[at+1])
	s.life = time.Duration(min(seconds, longestSignature)) * time.Second
	return s, s.key != "" && err == nil && badLife == nil && seconds >= 0 && len(s.headers) <= mostSigned
}

// A verdict is what the gateway makes of a signature.
type verdict int

const (
	bceGood verdict = iota
	bceMalformed
	bceExpired
	bceWrong // It was made with another secret, or of another call.
)

// skew is how far ahead of ours a caller's clock may be.
const skew = 15 * time.Minute

// judgeBCE looks at the signature of a call: at its form and its age, and, if
// the secret of its key is known, at what was signed.
func judgeBCE(in *Incoming) (bceSignature, verdict) {
	s, wellFormed := parseBCE(in.Header.Get("Authorization"))
	switch {
	case !wellFormed:
		return s, bceMalformed
	case in.Now.After(s.signed.Add(s.life)) || s.signed.After(in.Now.Add(skew)):
		return s, bceExpired
	}
	if secret := in.account(s.key).Secret; secret != "" && !s.fits(in, secret) {
		return s, bceWrong
	}
	return s, bceGood
}

// gatewayRefusal is how Baidu Cloud's gateway answers the verdict.
func (s bceSignature) gatewayRefusal(v verdict) *scenarios.Refusal {
	switch v {
	case bceMalformed:
		return &scenarios.Refusal{ID: iamFamily + "InvalidHTTPAuthHeader"}
	case bceExpired:
		return &scenarios.Refusal{ID: iamFamily + "RequestExpired", Args: map[string]string{"date": s.stamp}}
	case bceWrong:
		return &scenarios.Refusal{ID: gatewayFamily + "SignatureDoesNotMatch"}
	}
	return nil
}

// fits reports whether the secret makes the signature of the call, in one of
// the forms that the vendor's own clients sign.
func (s bceSignature) fits(in *Incoming, secret string) bool {
	signingKey := hmacHex(secret, s.prefix)
	query := canonicalQuery(in.Query)
	for _, path := range signedPaths(in) {
		for _, host := range signedHosts(in) {
			request := strings.Join([]string{in.Method, path, query, s.canonicalHeaders(in, host)}, "\n")
			if hmac.Equal([]byte(hmacHex(signingKey, request)), []byte(s.digest)) {
				return true
			}
		}
	}
	return false
}

// signedPaths returns the path as the protocol writes it, as it was sent where
// its escapes are others, and as clients do that take an escaped path for a
// plain one.
func signedPaths(in *Incoming) []string {
	sent := cmp.Or(in.Signed, in.Path, "/")
	plain, err := url.PathUnescape(sent)
	if err != nil {
		return []string{uriEncode(sent, false)}
	}
	return slices.Compact([]string{uriEncode(plain, false), sent, uriEncode(sent, false)})
}

// signedHosts returns the host with its port and without: the official clients
// do not agree. Nor do they on the brackets of an IPv6 address.
func signedHosts(in *Incoming) []string {
	_, host, _ := strings.Cut(in.Host, "://")
	u := url.URL{Host: host}
	return slices.Compact([]string{host, strings.TrimSuffix(host, ":"+u.Port()), u.Hostname()})
}

// canonicalQuery writes all parameters but the signature itself, in order.
func canonicalQuery(query map[string][]string) string {
	var pairs []string
	for name, values := range query {
		if strings.EqualFold(name, "authorization") {
			continue
		}
		for _, value := range values {
			pairs = append(pairs, uriEncode(name, true)+"="+uriEncode(value, true))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// canonicalHeaders writes the signed headers that the call has, in order.
func (s bceSignature) canonicalHeaders(in *Incoming, host string) string {
	names := s.headers
	if names == nil {
		names = usuallySigned(in)
	}
	var lines []string
	for _, name := range names {
		value := strings.TrimSpace(strings.Join(in.Header.Values(name), ","))
		switch {
		case name == "host":
			value = host
		case name == "content-length" && value == "":
			value = strconv.Itoa(len(in.Body))
		}
		if value != "" {
			lines = append(lines, uriEncode(name, true)+":"+uriEncode(value, true))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// usuallySigned are the headers that are signed where a signature names none.
func usuallySigned(in *Incoming) []string {
	names := []string{"host", "content-length", "content-type", "content-md5"}
	for name := range in.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-bce-") {
			names = append(names, name)
		}
	}
	return names
}

func hmacHex(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// uriEncode escapes all but letters, digits and -._~, as the protocol wants it.
func uriEncode(text string, slash bool) string {
	b := make([]byte, 0, len(text))
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0, c == '/' && !slash:
			b = append(b, c)
		default:
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return string(b)
}
