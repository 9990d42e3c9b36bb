package responders

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
)

// A Sighting is an error that a real server sent.
type Sighting struct {
	Code, Message string
	Entry         *catalog.Entry // What it is in the catalogue; nil if it is not there.
	Variant       int            // Which message of it, from 1; 0 if it is none of them.
}

// Recognize reads the error in a body, or in the data of an event, or else in
// the header; nil if there is none.
func Recognize(dialect, operation string, header http.Header, body []byte) *Sighting {
	s := &Sighting{Code: header.Get("X-Bce-Error-Code"), Message: header.Get("X-Bce-Error-Message")}
	if s.Code == "" && gjson.ValidBytes(body) {
		s = readError(body)
	}
	if s.Code == "" || s.Message == "" {
		return nil
	}
	s.Entry = entryOfCode(s.Code, s.Message, dialect, operation)
	if s.Entry == nil {
		return s
	}
	for i := range s.Entry.Variants {
		if v := &s.Entry.Variants[i]; v.CarriedBy(dialect) && tells(v, s.Message) {
			s.Variant = i + 1
			break
		}
	}
	return s
}

// readError reads code and message of an error, whatever its dialect.
func readError(body []byte) *Sighting {
	read := func(paths ...string) string {
		for _, path := range paths {
			if v := gjson.GetBytes(body, path); (v.Type == gjson.String || v.Type == gjson.Number) && v.String() != "" {
				return v.String()
			}
		}
		return ""
	}
	if detail := read("detail"); detail != "" {
		return &Sighting{Code: strings.ReplaceAll(strings.ToLower(detail), " ", "_"), Message: detail}
	}
	s := &Sighting{
		Code:    read("error.code", "error.type", "error_code", "header.error_code", "error", "code", "detail.0.type"),
		Message: read("error.message", "error_msg", "header.error_message", "error_description", "message", "detail.0.msg"),
	}
	if inner := exception.FindStringSubmatch(s.Message); inner != nil {
		s.Code, s.Message = fromPython(inner[1]), fromPython(inner[2])
	}
	return s
}

// exception is an error within the text of an exception of the OpenAI SDK.
var exception = regexp.MustCompile(`^Error code: \d+ - \{'error': \{'code': (.+), 'message': (.+), 'type': .+\}, 'id': .+\}$`)

// entryOfCode returns the entry of a code on a dialect: where several share it,
// the one that says the message, else the one that the name means there.
func entryOfCode(code, message, dialect, operation string) *catalog.Entry {
	d, _ := catalog.DialectNamed(dialect)
	for _, e := range catalog.All() {
		if e.CarriedBy(dialect) && e.CodeOn(d) == code && e.MetOn(operation) &&
			slices.ContainsFunc(e.Variants, func(v catalog.Variant) bool { return v.CarriedBy(dialect) && tells(&v, message) }) {
			return e
		}
	}
	for _, scope := range []catalog.Scope{{Dialects: []string{dialect}, Operation: operation}, {Dialects: []string{dialect}}} {
		if entry, err := catalog.Resolve(code, scope); err == nil {
			return entry
		}
	}
	return nil
}

var hole = regexp.MustCompile(`\\\{[^{}]*\\\}`)

// tells reports whether the variant says the message, whatever stands in its
// holes and whether or not a link follows.
func tells(v *catalog.Variant, message string) bool {
	return slices.ContainsFunc(append([]string{v.Message}, v.Aliases...), func(text string) bool {
		if text == "" {
			return false
		}
		pattern := regexp.QuoteMeta(text)
		if len(v.Holes) > 0 {
			pattern = hole.ReplaceAllString(pattern, `(?s:.*)`)
		}
		told, err := regexp.Compile(`^` + pattern + `( For details, see: \S+)?$`)
		return err == nil && told.MatchString(message)
	})
}
