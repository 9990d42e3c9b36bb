package play

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
)

// Transcript returns what `curl -i` would print of the script: the status
// line, the header and the body, without waits; of a WebSocket, the texts and
// how it is closed.
func (s Script) Transcript() []byte {
	var b bytes.Buffer
	for _, step := range s.Spelt() {
		switch step.Kind {
		case Head:
			fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", step.Status, http.StatusText(int(step.Status)))
			h := step.Header.Clone()
			if step.Length == Chunked {
				h["Transfer-Encoding"] = []string{"chunked"}
			} else {
				h["Content-Length"] = []string{strconv.FormatInt(step.Length, 10)}
			}
			h.Write(&b)
			b.WriteString("\r\n")
		case Write, Raw:
			b.Write(step.Data)
		case Text:
			fmt.Fprintf(&b, "%s\n", step.Data)
		case Shut:
			fmt.Fprintf(&b, "%s\n", step)
		}
	}
	return b.Bytes()
}
