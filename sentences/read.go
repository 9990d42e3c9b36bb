package sentences

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// Read makes a sentence of a text that something else than mockllm made of one of
// these forms, the first that fits. A text of none only stands in its own language.
func Read(text string, forms ...string) Sentence {
	for _, form := range forms {
		found := reader(form).FindStringSubmatch(text)
		if found == nil {
			continue
		}
		s := Sentence{Form: form, text: text}
		for _, filling := range found[1:] {
			s.With = append(s.With, filling)
		}
		return s
	}
	return New("%s", text)
}

// reader finds what fills a form whose holes are in order.
func reader(form string) *regexp.Regexp {
	pattern := regexp.QuoteMeta(form)
	for n := 1; ; n++ {
		next := strings.Replace(pattern, regexp.QuoteMeta("{"+strconv.Itoa(n)+"}"), "(.*?)", 1)
		if next == pattern {
			return regexp.MustCompile("(?s)^" + pattern + "$")
		}
		pattern = next
	}
}

// system parts an error that ends with what the operating system says from that,
// which is a sentence of its own: everybody who knows systems knows it.
func system(err error) (Sentence, bool) {
	var number syscall.Errno
	if !errors.As(err, &number) {
		return Sentence{}, false
	}
	text := err.Error()
	before, ends := strings.CutSuffix(text, number.Error())
	switch {
	case !ends:
		return Sentence{}, false
	case before == "":
		return Plain(text), true
	}
	return Sentence{Form: "{1}{2}", With: []any{before, Plain(number.Error())}, text: text}, true
}
