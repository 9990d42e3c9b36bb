package main

import (
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
)

// A variable is one of CMD's environment.
type variable struct{ name, value string }

// variables point the vendors' SDKs, and OpenAI's and Anthropic's, at the
// server. Who speaks OpenAI's language or Anthropic's is chosen by provider.
func (s *stage) variables(openai string) []variable {
	compatible, messages := s.base(catalog.DashScopeCompatible), s.base(catalog.DashScopeAnthropic)
	if openai == catalog.Qianfan {
		compatible, messages = s.base(catalog.QianfanV2), s.base(catalog.QianfanAnthropic)
	}
	return []variable{
		{"MOCKLLM_URL", s.vendors},
		{"MOCKLLM_ADMIN_URL", s.admin},
		{"MOCKLLM_SCENARIO_NAME", s.server.Admin().Info().Scenario},

		{"QIANFAN_BASE_URL", s.base(catalog.QianfanV1)},
		{"QIANFAN_CONSOLE_API_BASE_URL", s.vendors}, // Python, Java, JavaScript.
		{"QIANFAN_CONSOLE_BASE_URL", s.vendors},     // Go.
		{"QIANFAN_IAM_BASE_URL", s.vendors},
		{"QIANFAN_BEAR_TOKEN_URL", s.vendors + "/v1/BCE-BEARER/token"},                            // JavaScript, a whole URL.
		{"QIANFAN_V2_BASE_URL", s.base(catalog.QianfanV2) + "/chat/completions"},                  // JavaScript, a whole URL.
		{"ERNIE_API_BASE", s.vendors},                                                             // LangChain.
		{"DASHSCOPE_HTTP_BASE_URL", s.base(catalog.DashScopeNative)},                              // Python, Java.
		{"DASHSCOPE_COMPATIBLE_BASE_URL", s.base(catalog.DashScopeCompatible)},                    // Python.
		{"DASHSCOPE_WEBSOCKET_BASE_URL", "ws" + s.vendors[len("http"):] + "/api-ws/v1/inference"}, // Python, Java.
		{"OPENAI_BASE_URL", compatible},
		{"OPENAI_API_BASE", compatible}, // Before version 1.
		{"ANTHROPIC_BASE_URL", messages},
	}
}

// credentials are what each SDK wants to have, and what else it takes instead.
// Without a key most refuse to send anything.
var credentials = []struct{ wanted, instead []string }{
	{[]string{"QIANFAN_ACCESS_KEY", "QIANFAN_SECRET_KEY", "QIANFAN_AK", "QIANFAN_SK"}, []string{"QIANFAN_BEARER_TOKEN", "QIANFAN_ACCESS_TOKEN"}},
	{[]string{"DASHSCOPE_API_KEY"}, []string{"DASHSCOPE_API_KEY_FILE_PATH"}},
	{[]string{"OPENAI_API_KEY"}, nil},
	{[]string{"ANTHROPIC_API_KEY"}, []string{"ANTHROPIC_AUTH_TOKEN"}},
}

// clientEnvironment returns CMD's environment: ours, pointed at the server,
// with made-up keys where there are none. An SDK that finds one of its keys gets
// no other: which are there decides how it asks.
func clientEnvironment(environ []string, variables []variable) []string {
	changed := slices.Clone(variables)
	for _, c := range credentials {
		if slices.ContainsFunc(slices.Concat(c.wanted, c.instead), func(name string) bool { return lookUp(environ, name) != "" }) {
			continue
		}
		for _, name := range c.wanted {
			changed = append(changed, variable{name, "mockllm-any"})
		}
	}
	direct := withoutProxy(environ)
	changed = append(changed, variable{"NO_PROXY", direct}, variable{"no_proxy", direct})
	all := slices.DeleteFunc(slices.Clone(environ), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.ContainsFunc(changed, func(v variable) bool { return v.name == name })
	})
	for _, v := range changed {
		all = append(all, v.name+"="+v.value)
	}
	return all
}

// withoutProxy returns which hosts are called directly: those that are
// already, and this machine.
func withoutProxy(environ []string) string {
	var hosts []string
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		for host := range strings.SplitSeq(lookUp(environ, name), ",") {
			hosts = append(hosts, strings.TrimSpace(host))
		}
	}
	if slices.Contains(hosts, "*") {
		return "*" // Some clients know it only alone.
	}
	hosts = append(hosts, "127.0.0.1", "localhost")
	seen := map[string]bool{"": true}
	return strings.Join(slices.DeleteFunc(hosts, func(host string) bool {
		again := seen[host]
		seen[host] = true
		return again
	}), ",")
}

// lookUp returns a variable's value; the last one counts.
func lookUp(environ []string, name string) (value string) {
	for _, pair := range environ {
		if n, v, _ := strings.Cut(pair, "="); n == name {
			value = v
		}
	}
	return value
}
