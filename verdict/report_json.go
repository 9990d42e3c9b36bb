package verdict

import (
	"encoding/json"
	"io"
)

// WriteJSON writes the verdict as one JSON object.
func WriteJSON(w io.Writer, v *Verdict) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}
