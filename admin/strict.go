package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/mockllm/mockllm/sentences"
)

// strict reads one JSON value, whose every key must be known, and says what is
// wrong with a pointer where that is known.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType):
		return sentences.Errorf("%s: must be of type %s, not %s", pointer(wrongType.Field), wrongType.Type, wrongType.Value)
	case errors.Is(err, io.EOF):
		return sentences.Errorf("a JSON object is wanted")
	case err != nil:
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return sentences.Errorf("something stands behind the JSON value")
	}
	return nil
}

// pointer turns the path of a key, such as step[1].error, into a JSON pointer.
func pointer(key string) string {
	if key == "" {
		return ""
	}
	key = strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
	return "/" + strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(key)
}
