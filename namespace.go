package mockllm

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// namespacePrefix begins a path that names its namespace: /ns/{name}/….
const namespacePrefix = "/ns/"

// stripNamespace takes /ns/{name} off a path, as it was sent, and returns both.
func stripNamespace(path string) (name, rest string) {
	after, found := strings.CutPrefix(path, namespacePrefix)
	if !found {
		return "", path
	}
	name, rest, _ = strings.Cut(after, "/")
	return name, "/" + rest
}

// namespace returns the isolated world that a request belongs to: by its path,
// else its header, else its credentials, else the default one.
func namespace(r *http.Request, inPath string) string {
	return cmp.Or(inPath, r.Header.Get(namespaceHeader), responders.NamespaceOfCaller(r.Header, r.URL.Query()))
}

func unknownHeader(name string, known []string) *scenarios.Mistake {
	return &scenarios.Mistake{
		Status: http.StatusBadRequest, Title: "unknown header",
		Detail: name + " is no header of mockllm" + catalog.DidYouMean(name, known),
	}
}

// isOurs reports whether the header is meant for us, however it is spelt.
func isOurs(name string) bool {
	return strings.HasPrefix(strings.ToLower(strings.ReplaceAll(name, "_", "-")), "x-mockllm")
}

func badHeader(detail string) *scenarios.Mistake {
	return &scenarios.Mistake{Status: http.StatusBadRequest, Title: "bad header", Detail: detail}
}
