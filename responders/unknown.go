package responders

import (
	"net"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// strangers says who answers paths that no route has: by the vendor's host,
// else by the beginning of the path.
var strangers = []struct {
	host, prefix string // Either may be empty.
	dialect      string
	refusal      scenarios.Refusal
}{
	{"aip.baidubce.com", "/rpc/2.0/", catalog.QianfanV1, scenarios.Refusal{ID: capability + "3", Always: true}},
	{"", oldPrefix, catalog.QianfanConsole, scenarios.Refusal{ID: iamFamily + "InvalidURI", Always: true}},
	{"qianfan.baidubce.com", "/v2/", catalog.QianfanV2, noResource},
	{"", "/anthropic", catalog.QianfanV2, noResource},
	{"iam.bj.baidubce.com", "", catalog.QianfanIAM, scenarios.Refusal{ID: iamFamily + "InvalidURI", Always: true}},
	{"", responsesPath + "/", catalog.DashScopeResponses, notSupported},
	{"", conversationsPath + "/", catalog.DashScopeResponses, notSupported},
	{"", protocolsPrefix + "/", catalog.DashScopeResponses, notSupported},
	{"", agentPrefix, catalog.DashScopeResponses, notSupported},
	{"", "/apps/anthropic/", catalog.DashScopeAnthropic, notFound},
	{"", "/compatible-mode/", catalog.DashScopeCompatible, notFound},
	{"", "/compatible-api/", catalog.DashScopeCompatible, notFound},
	{"", "/api-ws/", catalog.DashScopeNative, notFound},
	{"dashscope.aliyuncs.com", "/api/v1/", catalog.DashScopeNative, notFound},
	{"dashscope-intl.aliyuncs.com", "", catalog.DashScopeNative, notFound},
	{"dashscope-us.aliyuncs.com", "", catalog.DashScopeNative, notFound},
	{"cn-hongkong.dashscope.aliyuncs.com", "", catalog.DashScopeNative, notFound},
}

var noResource = scenarios.Refusal{ID: iamFamily + "ResourceNotFound", Always: true}

var notSupported = scenarios.Refusal{ID: dashScopeModel + "Not Found", Always: true}

var notFound = scenarios.Refusal{ID: dashScopeModel + "NotFound", Variant: "Request path not found.", Always: true}

// Stranger reads a request whose path no route has, as the vendor whose kind
// of path or whose host it is, as a plan whose caller it is, or as whoever
// keeps the vendors' files. It returns nil if it is nobody's.
func Stranger(in *Incoming, hostport string) (Responder, *scenarios.Request) {
	if hasFile(in.Path) {
		return files{}, files{}.Decode(in)
	}
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	if responder, r := planStranger(in, host); responder != nil {
		return responder, r
	}
	for _, s := range strangers {
		if s.prefix != "" && strings.HasPrefix(in.Path, s.prefix) || s.host != "" && strings.EqualFold(host, s.host) {
			responder := For(s.dialect)
			r := newRequest(in, responder.Dialect())
			r.Identity = &s.refusal
			return responder, r
		}
	}
	return nil, nil
}

// NearestPath returns the path of a route that was perhaps meant, or "": one
// that ends alike, else one that is spelt alike.
func NearestPath(path string) string {
	var paths []string
	for _, r := range All() {
		for _, route := range r.Routes() {
			if !strings.Contains(route.Path, "{") {
				paths = append(paths, route.Path)
			}
		}
	}
	for _, end := range []string{path, strings.TrimPrefix(path, "/v1")} {
		if i := slices.IndexFunc(paths, func(p string) bool { return strings.HasSuffix(p, end) }); i >= 0 && len(end) > 1 {
			return paths[i]
		}
	}
	return catalog.Nearest(path, paths)
}

// Hosts returns the host names of the vendors' APIs, for certificates and for
// networks in which they lead here.
func Hosts() []string {
	hosts := []string{planHost, planHostIntl}
	for _, s := range strangers {
		if s.host != "" {
			hosts = append(hosts, s.host)
		}
	}
	return hosts
}
