package journal

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// A Redactor hides secrets in what is written down of several calls: as the
// journal does and, because it may be kept for years, a secret of one call in
// every text of all.
type Redactor struct {
	known []string
	odd   []*regexp.Regexp // Of those that may be written in several ways.
}

// Learn notes the secrets of a request and its answer, wherever they are
// quoted.
func (r *Redactor) Learn(key string, header map[string][]string, query string, body, answer []byte) {
	r.add(key)
	for name, values := range header {
		for _, value := range values {
			if scenarios.IsSecret(name) {
				_, credentials, _ := strings.Cut(value, " ")
				r.add(value)
				r.add(credentials)
			}
		}
	}
	r.learnQuery(query)
	r.learnQuery(string(body)) // It may be a form.
	for _, s := range secretStrings(string(body), scenarios.IsSecret) {
		r.add(unquoted(string(body[s.from:s.to])))
	}
	for _, s := range secretStrings(string(answer), isSecretAnswer) {
		r.add(unquoted(string(answer[s.from:s.to])))
	}
}

func (r *Redactor) learnQuery(query string) {
	if len(query) > keptBody || strings.HasPrefix(strings.TrimSpace(query), "{") {
		return // It is none.
	}
	for part := range strings.SplitSeq(query, "&") {
		if start := secretIn(part); start >= 0 {
			if value, err := url.QueryUnescape(part[start:]); err == nil {
				r.add(value)
			}
		}
	}
}

// add notes a secret. One with odd characters may be written in many ways: each
// of these as it is, or escaped as in JSON or in a URL, several times over.
func (r *Redactor) add(secret string) {
	if len(secret) < shortestRemembered || slices.Contains(r.known, secret) {
		return
	}
	r.known = append(r.known, secret)
	var pattern strings.Builder
	odd := false
	for _, c := range secret {
		if c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune("-._~", c)) {
			pattern.WriteString(regexp.QuoteMeta(string(c)))
			continue
		}
		odd = true
		fmt.Fprintf(&pattern, `(?i:\\*%s|\\*u%04x|`, regexp.QuoteMeta(string(c)), c)
		for _, b := range []byte(string(c)) {
			fmt.Fprintf(&pattern, `%%(?:25)*%02x`, b)
		}
		if c == ' ' {
			pattern.WriteString(`|\+`)
		}
		pattern.WriteByte(')')
	}
	if odd && len(secret) < longestOdd {
		r.odd = append(r.odd, regexp.MustCompile(pattern.String()))
	}
}

// longestOdd bounds a secret with odd characters that is looked for in all ways
// of writing it.
const longestOdd = 1 << 10

// shortestRemembered is how long a secret is at least for which all texts are
// searched. It is less than the journal's bound: a file is kept longer.
const shortestRemembered = 8

// text hides the known secrets and what looks like one, besides those found.
func (r *Redactor) text(text string, found []span) string {
	found = append(found, mentions(text, r.known)...)
	for _, pattern := range r.odd {
		for _, at := range pattern.FindAllStringIndex(text, -1) {
			found = append(found, span{at[0], at[1], "***"})
		}
	}
	for _, at := range responders.LookAlikes(text) {
		found = append(found, span{at[0], at[1], "***"})
	}
	found = append(found, written(text)...)
	if len(found) == 0 {
		return text
	}
	return cover(text, merged(found), 0, len(text))
}

// Text hides secrets in a short text, such as a name.
func (r *Redactor) Text(text string) string { return r.text(text, nil) }

// URL hides them in a path and a query.
func (r *Redactor) URL(path, query string) string { return r.text(RedactURL(path, query), nil) }

// Header hides them in a value of a header. Of credentials, the scheme stays.
func (r *Redactor) Header(name, value string) string {
	return r.text((&view{raw: &Raw{}, known: r.known}).value(name, value), nil)
}

// Body hides them in the body of a request.
func (r *Redactor) Body(body string) string { return r.text(RedactBody(body), nil) }

// Answer hides them in an answer, or in a frame of one.
func (r *Redactor) Answer(text string) string {
	return r.text(text, secretStrings(text, isSecretAnswer))
}

// Knows reports whether the bytes, which are no text, hold a known secret.
func (r *Redactor) Knows(data []byte) bool {
	return slices.ContainsFunc(r.known, func(secret string) bool { return strings.Contains(string(data), secret) })
}
