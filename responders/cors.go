package responders

import (
	"net/http"

	"github.com/mockllm/mockllm/scenarios"
)

// What browsers need. They ask before they send another site's request with a
// key in it, a preflight, and hide an answer that does not name their site.

// opPreflight is the operation of a preflight. No dialect offers it, so that
// no rule counts it as a call or answers it.
const opPreflight = "preflight"

// isPreflight reports whether a browser asks beforehand.
func isPreflight(in *Incoming) bool {
	return in.Method == http.MethodOptions &&
		in.Header.Get("Origin") != "" && in.Header.Get("Access-Control-Request-Method") != ""
}

// preflight is such a request, as far as its answer depends on it.
type preflight struct {
	method string // That the path wants.
}

// readPreflight makes a preflight of the request. It needs no key: browsers
// send none.
func readPreflight(r *scenarios.Request, method string) *scenarios.Request {
	r.Operation, r.Detail = opPreflight, preflight{method: method}
	return r
}

// allow writes what the browser may do.
func (p preflight) allow(header http.Header, r *scenarios.Request) {
	allowOrigin(header, r)
	header["Access-Control-Allow-Methods"] = []string{p.method}
	header["Access-Control-Max-Age"] = []string{"1800"}
	if asked := r.HeaderValue("Access-Control-Request-Headers"); asked != "" {
		header["Access-Control-Allow-Headers"] = []string{asked}
	}
}

// allowOrigin lets the browser show the answer to the site that asks.
func allowOrigin(header http.Header, r *scenarios.Request) {
	if origin := r.HeaderValue("Origin"); origin != "" {
		header["Access-Control-Allow-Origin"] = []string{origin}
	}
}

// answer writes what was asked for: there is no body, and nothing is called.
func (p preflight) answer(r *scenarios.Request, m Meta) Message {
	header := m.dashScopeHeader(r, http.StatusOK, "")
	for _, name := range []string{"Content-Type", "x-dashscope-call-gateway", "x-dashscope-finished", "x-dashscope-timeout"} {
		delete(header, name)
	}
	p.allow(header, r)
	return Message{Status: http.StatusOK, Header: header}
}
