package mockllm

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// isZipped reports whether the body is compressed in the one way in which
// servers compress that were asked not to.
func isZipped(h http.Header) bool {
	encoding := h.Get("Content-Encoding")
	return strings.EqualFold(encoding, "gzip") || strings.EqualFold(encoding, "x-gzip")
}

// An unzipped body is read as what it was before it was compressed.
type unzipped struct {
	io.ReadCloser
	plain *gzip.Reader // Nil until somebody reads: its head may come long behind the header.
}

// Read implements io.Reader.
func (u *unzipped) Read(b []byte) (int, error) {
	if u.plain == nil {
		plain, err := gzip.NewReader(u.ReadCloser)
		if err != nil {
			return 0, err // io.EOF if there is no body at all.
		}
		u.plain = plain
	}
	return u.plain.Read(b)
}
