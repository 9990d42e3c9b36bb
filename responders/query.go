package responders

import (
	"net/url"
	"strings"
)

// ParseQuery reads the query of a URL as the vendors do: a semicolon is a
// character like any other, and what is no escape stands for itself.
// [url.ParseQuery] drops both, with the parameter that they stand in.
func ParseQuery(raw string) map[string][]string {
	query := map[string][]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name = unescapeQuery(name)
		query[name] = append(query[name], unescapeQuery(value))
	}
	return query
}

func unescapeQuery(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}
