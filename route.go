package mockllm

import (
	"net/http"
	"net/url"

	"github.com/gorilla/mux"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// routes are the vendors' paths, each with any method: a wrong one is the
// vendor's to refuse.
type routes struct{ router *mux.Router }

// target is what a path leads to.
type target struct {
	responder responders.Responder
	operation string
}

// ServeHTTP makes a target fit into the router, which only looks it up.
func (target) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusInternalServerError)
}

func newRoutes() routes {
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	for _, responder := range responders.All() {
		for _, route := range responder.Routes() {
			router.Handle(route.Path, target{responder, route.Operation})
		}
	}
	return routes{router}
}

// find reads the request as the responder of its path does. It returns nil if
// no vendor answers there.
func (r routes) find(req *http.Request, in *responders.Incoming) (responders.Responder, *scenarios.Request) {
	var match mux.RouteMatch
	plain, err := url.PathUnescape(in.Path)
	if err != nil {
		return responders.Stranger(in, req.Host)
	}
	asked := &http.Request{Method: req.Method, Host: req.Host, URL: &url.URL{Path: plain, RawPath: in.Path}}
	if !r.router.Match(asked, &match) {
		return responders.Stranger(in, req.Host)
	}
	to := match.Handler.(target)
	in.Operation, in.Vars = to.operation, match.Vars
	return to.responder, to.responder.Decode(in)
}
