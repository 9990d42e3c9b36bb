package responders

import (
	"net/http"
	"strings"
)

// NamespaceKey begins the part of a key or token that names a namespace.
const NamespaceKey = "mockllm-ns-"

// NamespaceOfCaller returns the namespace that the caller's credentials name,
// wherever the vendors' clients send them; "" if they name none.
func NamespaceOfCaller(header http.Header, query map[string][]string) string {
	for _, credential := range []string{
		first(header, "Authorization"), first(header, "X-Api-Key"), first(header, "X-Appbuilder-Authorization"),
		first(query, "access_token"), first(query, "client_id"),
	} {
		if name, found := namespaceOf(credential); found {
			return name
		}
	}
	return ""
}

// namespaceOf returns the namespace that a key or token names: the letters,
// digits and -._~ behind mockllm-ns-.
func namespaceOf(key string) (string, bool) {
	_, name, found := strings.Cut(key, NamespaceKey)
	end := strings.IndexFunc(name, func(c rune) bool { return !inNamespace(c) })
	if end >= 0 {
		name = name[:end]
	}
	return name, found && name != ""
}

// ValidNamespace reports whether a namespace can have the name; "" is the
// default one. A path that ends in dots would never arrive: clients clean it.
func ValidNamespace(name string) bool {
	return name != "." && name != ".." && len(name) <= longestNamespace &&
		!strings.ContainsFunc(name, func(c rune) bool { return !inNamespace(c) })
}

// longestNamespace is how many bytes a namespace's name may have.
const longestNamespace = 100

// inNamespace reports whether a namespace's name may hold the character.
func inNamespace(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._~", c)
}
