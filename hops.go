package mockllm

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/mockllm/mockllm/play"
)

// hops are the headers that belong to one connection, and not to the call.
var hops = []string{
	"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// dropHops takes away what belongs to the connection that was come on.
func dropHops(h http.Header) {
	for _, value := range h["Connection"] {
		for name := range strings.SplitSeq(value, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range hops {
		h.Del(name)
	}
}

// upgradeOf returns the protocol to which a header wants to change, or "".
func upgradeOf(h http.Header) string {
	for _, value := range h["Connection"] {
		for name := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(name), "upgrade") {
				return cmp.Or(h.Get("Upgrade"), "websocket")
			}
		}
	}
	return ""
}

// lengthOf says how the end of the body is told.
func lengthOf(req *http.Request, answer *http.Response) int64 {
	bodyless := req.Method == http.MethodHead || answer.StatusCode == http.StatusNoContent || answer.StatusCode == http.StatusNotModified
	switch {
	case answer.Header["Content-Length"] != nil:
		return answer.ContentLength
	case len(answer.TransferEncoding) > 0 || bodyless:
		return play.Chunked
	default:
		return play.UntilClose
	}
}
