package mockllm

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
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
func namespace(header http.Header, query url.Values, inPath string) string {
	return cmp.Or(inPath, header.Get(namespaceHeader), responders.NamespaceOfCaller(header, query))
}

func unknownHeader(name string, known []string) *scenarios.Mistake {
	return &scenarios.Mistake{
		Status: http.StatusBadRequest, Title: sentences.Plain("unknown header"),
		Detail: sentences.New("%s is no header of mockllm%s", name, catalog.DidYouMean(name, known)),
	}
}

// isOurs reports whether the header is meant for us, however it is spelt.
func isOurs(name string) bool {
	if name == "" || name[0] != 'X' && name[0] != 'x' {
		return false
	}
	return strings.HasPrefix(strings.ToLower(strings.ReplaceAll(name, "_", "-")), "x-mockllm")
}

func badHeader(detail sentences.Sentence) *scenarios.Mistake {
	return &scenarios.Mistake{Status: http.StatusBadRequest, Title: sentences.Plain("bad header"), Detail: detail}
}
