package journal

import (
	"net/url"
	"strings"
)

// secrets are the query parameters whose values are never kept.
var secrets = []string{"access_token", "client_secret", "client_id", "api_key", "key", "token"}

// RedactKey keeps enough of a key to tell it from others: its first four and
// last two characters, if it is long.
func RedactKey(key string) string {
	const head, tail = 4, 2
	if len(key) < 2*(head+tail) {
		return strings.Repeat("*", min(len(key), 3))
	}
	return key[:head] + "***" + key[len(key)-tail:]
}

// RedactURL returns path and query, the values of secrets redacted.
func RedactURL(path, rawQuery string) string {
	if rawQuery == "" {
		return path
	}
	parts := strings.Split(rawQuery, "&")
	for i, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil || isSecret(plain) {
			decoded, _ := url.QueryUnescape(value)
			parts[i] = name + "=" + RedactKey(decoded)
		}
	}
	return path + "?" + strings.Join(parts, "&")
}

func isSecret(name string) bool {
	for _, s := range secrets {
		if strings.EqualFold(name, s) {
			return true
		}
	}
	return false
}
