package scenarios

import (
	"slices"
	"strings"
	"unicode"
)

// secretWords are in the names of what is secret, wherever they stand in it.
var secretWords = []string{"token", "secret", "key", "passw", "pwd", "sign", "auth", "assert", "credential", "cookie"}

// secretNames are whole names of what is secret: too short or too common to be
// looked for inside of others.
var secretNames = []string{"ak", "sk", "code", "clientid"}

// harmless holds the words that only look as if they named a secret. Those that
// count tokens are listed one by one, so that a list of tokens stays a secret.
var harmless = strings.NewReplacer(
	"authoriz", "authoriz", "authoris", "authoris", "author", " ", "keyword", " ", "keyboard", " ", "keyframe", " ", "keypoint", " ", "objectkey", " ",
	"monkey", " ", "design", " ", "assign", " ", "signal", " ", "signific", " ", "secretar", " ",
	"maxtokens", " ", "mintokens", " ", "newtokens", " ", "totaltokens", " ", "prompttokens", " ", "completiontokens", " ",
	"inputtokens", " ", "outputtokens", " ", "reasoningtokens", " ", "thinkingtokens", " ", "cachedtokens", " ",
	"ratelimitlimittokens", " ", "ratelimitremainingtokens", " ", "ratelimitresettokens", " ", "ratelimittokens", " ",
	"tokencount", " ", "tokenlimit", " ", "tokenbudget", " ", "tokeniz", " ",
)

// IsSecret reports whether a value of that name, of a header, a parameter or a
// field, must not be shown. Names count by their letters alone, so that the
// spellings api_key, api-key, apiKey and apikey[] are one.
func IsSecret(name string) bool {
	letters := strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, name)
	if slices.Contains(secretNames, letters) {
		return true
	}
	return hasSecretWord(letters) && hasSecretWord(harmless.Replace(letters)) // Most names have none: replacing is slow.
}

func hasSecretWord(letters string) bool {
	return slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(letters, word) })
}

// RedactKey keeps enough of a key to tell it from others: its first four and
// last two characters, if it is long.
func RedactKey(key string) string {
	const head, tail = 4, 2
	letters := []rune(key)
	if len(letters) < 2*(head+tail) {
		return strings.Repeat("*", min(len(letters), 3))
	}
	return string(letters[:head]) + "***" + string(letters[len(letters)-tail:])
}
