package mockllm

import (
	"net/http"
	"net/url"
	"sync"

	"github.com/gorilla/mux"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// routes are the vendors' paths, each with any method: a wrong one is the
// vendor's to refuse.
type routes struct {
	router *mux.Router
	fixed  map[string]target // Where paths without variables lead, which are most that are called: the router tries one pattern after the other.
}

// target is what a path leads to.
type target struct {
	responder responders.Responder
	operation string
}

// ServeHTTP makes a target fit into the router, which only looks it up.
func (target) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusInternalServerError)
}

// everyRoute is made once for all servers: making it takes longer than the rest
// of a server, which a test suite starts by the hundred.
var everyRoute = sync.OnceValue(newRoutes)

func newRoutes() routes {
	r := routes{router: mux.NewRouter().SkipClean(true).UseEncodedPath(), fixed: map[string]target{}}
	for _, responder := range responders.All() {
		for _, route := range responder.Routes() {
			r.router.Handle(route.Path, target{responder, route.Operation})
		}
	}
	for _, responder := range responders.All() {
		for _, route := range responder.Routes() {
			if match, found := r.match(http.MethodPost, route.Path); found && len(match.Vars) == 0 {
				r.fixed[route.Path] = match.Handler.(target)
			}
		}
	}
	return r
}

// match asks the router for a path as it was sent.
func (r routes) match(method, path string) (match mux.RouteMatch, found bool) {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return match, false
	}
	found = r.router.Match(&http.Request{Method: method, URL: &url.URL{Path: plain, RawPath: path}}, &match)
	return match, found
}

// find reads the request as the responder of its path does. It returns nil if
// no vendor answers there.
func (r routes) find(req *http.Request, in *responders.Incoming) (responders.Responder, *scenarios.Request) {
	to, fixed := r.fixed[in.Path]
	if !fixed {
		match, found := r.match(req.Method, in.Path)
		if !found {
			return responders.Stranger(in, req.Host)
		}
		to, in.Vars = match.Handler.(target), match.Vars
	}
	in.Operation = to.operation
	return to.responder, responders.Read(to.responder, in)
}
