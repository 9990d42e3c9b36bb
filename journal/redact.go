package journal

import (
	"net/url"
	"strings"

	"github.com/mockllm/mockllm/scenarios"
)

// RedactKey keeps enough of a key to tell it from others: its first four and
// last two characters, if it is long.
func RedactKey(key string) string { return scenarios.RedactKey(key) }

// RedactURL returns path and query, the values of secrets redacted.
func RedactURL(path, rawQuery string) string {
	if rawQuery == "" {
		return path
	}
	return path + "?" + redactQuery(rawQuery)
}

// redactQuery redacts the values of secrets in a query or a form. All else
// stays as it is.
func redactQuery(query string) string {
	parts := strings.Split(query, "&")
	for i, part := range parts {
		parts[i] = redactPart(part)
	}
	return strings.Join(parts, "&")
}

// redactPart redacts what stands between two ampersands, from the first secret
// on to the end: where servers disagree whether a semicolon or a question mark
// ends a value, it is taken not to.
func redactPart(part string) string {
	if start := secretIn(part); start >= 0 {
		value, err := url.QueryUnescape(part[start:])
		if err != nil {
			value = part[start:]
		}
		return part[:start] + escape(RedactKey(value))
	}
	name, value, _ := strings.Cut(part, "=")
	return name + part[len(name):len(part)-len(value)] + redactInside(value)
}

// redactInside redacts an encoded value that is a query or ends with one, such
// as the address to return to.
func redactInside(value string) string {
	plain, err := url.QueryUnescape(value)
	if err != nil || plain == value {
		return value
	}
	parts, changed := strings.Split(plain, "&"), false
	for i, part := range parts {
		if start := secretIn(part); start >= 0 {
			parts[i], changed = part[:start]+RedactKey(part[start:]), true
		}
	}
	if !changed {
		return value
	}
	return escape(strings.Join(parts, "&"))
}

// secretIn returns where the value of the first secret begins, or -1. Names
// begin behind whatever some server takes for a separator, an equals sign
// included.
func secretIn(part string) int {
	start := 0
	for i := range len(part) {
		switch part[i] {
		case '=':
			if isSecretParameter(part[start:i]) {
				return i + 1
			}
			start = i + 1
		case ';', '?', ' ', '\t', '\r', '\n':
			start = i + 1
		}
	}
	return -1
}

// isSecretParameter reports whether a name as sent is that of a secret. One
// that cannot be read may be.
func isSecretParameter(name string) bool {
	plain, err := url.QueryUnescape(name)
	return err != nil || scenarios.IsSecret(plain)
}

// escape encodes a value for a query, but for the stars that hide.
func escape(value string) string {
	return strings.ReplaceAll(url.QueryEscape(value), "%2A", "*")
}
