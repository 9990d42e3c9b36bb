package sentences

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
)

// UnmarshalJSON reads a sentence back.
func (s *Sentence) UnmarshalJSON(text []byte) error {
	var read struct {
		Form string
		With []json.RawMessage
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	*s = Sentence{Form: read.Form}
	for _, part := range read.With {
		var fill string
		var deeper Sentence
		if err := json.Unmarshal(part, &fill); err == nil {
			s.With = append(s.With, fill)
		} else if err := json.Unmarshal(part, &deeper); err == nil {
			s.With = append(s.With, deeper)
		} else {
			return fmt.Errorf("sentence %q: %w", read.Form, err)
		}
	}
	s.text = s.filled()
	return nil
}

var hole = regexp.MustCompile(`\{[0-9]+\}`)

// filled puts what fills the sentence into its form.
func (s *Sentence) filled() string {
	return hole.ReplaceAllStringFunc(s.Form, func(found string) string {
		n, err := strconv.Atoi(found[1 : len(found)-1])
		if err != nil || n < 1 || n > len(s.With) {
			return found
		}
		return fmt.Sprint(s.With[n-1])
	})
}
