package journal

import (
	"regexp"
	"strings"
)

// What gives a secret away within a text that anybody may have written: an
// address with user and password, or what is quoted of a header.
var (
	passwords   = regexp.MustCompile(`://[^\s/?#@:"'<>\\]*:([^\s/?#@"'<>\\]+)@`)
	credentials = regexp.MustCompile(`(?i)\b(?:bearer|basic)(?: |%20|\+)+([a-z0-9._~+/-]{16,}=*)`)
	signers     = regexp.MustCompile(`(?i)bce-auth-v1(?:/|%(?:25)*2f)([^\s"'<>,&\\]+)`)
)

// A parameter of an address is recognized behind what separates it from the one
// before, however that is escaped.
var parameter = regexp.MustCompile(`(?i)(?:[?&;]|\\u0026|\\u003f|%(?:25)*26|%(?:25)*3f)([a-z0-9_.-]+)(?:=|\\u003d|%(?:25)*3d)`)

// separators end the value of a parameter: what ends an address within a text,
// and what begins the next parameter.
var separator = regexp.MustCompile("(?i)[\\s\"'<>()&,\\\\`]|%(?:25)*26")

// shortestValue is how long the value of a parameter is at least that is taken
// for a secret.
const shortestValue = 6

// written finds the secrets that a text gives away by how it is written.
func written(text string) []span {
	var found []span
	for _, pattern := range []*regexp.Regexp{passwords, credentials, signers} {
		for _, at := range pattern.FindAllStringSubmatchIndex(text, -1) {
			found = append(found, span{at[2], at[3], "***"})
		}
	}
	if !strings.Contains(text, "=") && !strings.Contains(text, "%") && !strings.Contains(text, `\u003`) {
		return found
	}
	end := 0
	for _, at := range parameter.FindAllStringSubmatchIndex(text, -1) {
		if at[0] < end || !isSecretAnswer(text[at[2]:at[3]]) {
			continue // What stands within a secret is a part of it.
		}
		end = len(text)
		if stop := separator.FindStringIndex(text[at[1]:]); stop != nil {
			end = at[1] + stop[0]
		}
		if end-at[1] >= shortestValue {
			found = append(found, span{at[1], end, "***"})
		}
	}
	return found
}
