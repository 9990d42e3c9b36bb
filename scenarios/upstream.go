package scenarios

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// Upstreams says where the calls go that nothing here answers. A dialect's own
// upstream comes before its provider's, and that before the one for all. Its
// shorthand is the URL of the one for all.
type Upstreams struct {
	Upstream

	DashScope *Upstream `toml:"dashscope"` // For all dialects of DashScope.
	Qianfan   *Upstream `toml:"qianfan"`   // For all dialects of Qianfan.

	DashScopeAnthropic  *Upstream `toml:"dashscope-anthropic"`  // For this dialect.
	DashScopeCompatible *Upstream `toml:"dashscope-compatible"` // For this dialect.
	DashScopeNative     *Upstream `toml:"dashscope-native"`     // For this dialect.
	DashScopeResponses  *Upstream `toml:"dashscope-responses"`  // For this dialect.
	DashScopeWS         *Upstream `toml:"dashscope-ws"`         // For this dialect.
	QianfanAnthropic    *Upstream `toml:"qianfan-anthropic"`    // For this dialect.
	QianfanConsole      *Upstream `toml:"qianfan-console"`      // For this dialect.
	QianfanIAM          *Upstream `toml:"qianfan-iam"`          // For this dialect.
	QianfanOAuth        *Upstream `toml:"qianfan-oauth"`        // For this dialect.
	QianfanResponses    *Upstream `toml:"qianfan-responses"`    // For this dialect.
	QianfanV1           *Upstream `toml:"qianfan-v1"`           // For this dialect.
	QianfanV2           *Upstream `toml:"qianfan-v2"`           // For this dialect.
}

// An Upstream is a server behind this one: the vendor, or whatever stands for
// it. Its shorthand is the URL.
type Upstream struct {
	URL       Address   `toml:"url"`        // Scheme, host and port; a path stands in front of that of every call.
	Timeout   *Duration `toml:"timeout"`    // How long it may take until the header of its answer is there, connecting included; 5m unless given.
	TLSVerify *bool     `toml:"tls_verify"` // Whether its certificate is checked; true unless given.
}

// UnmarshalTOML reads the shorthand.
func (u *Upstream) UnmarshalTOML(in any) error { return u.URL.UnmarshalTOML(in) }

func (Upstream) forms() []Form { return Address("").forms() }

// usualPatience is how long an upstream may take when nothing says otherwise:
// a long answer that is not streamed takes minutes.
const usualPatience = 5 * time.Minute

// Patience returns how long the header of an answer may take.
func (u *Upstream) Patience() time.Duration {
	if u.Timeout == nil {
		return usualPatience
	}
	return time.Duration(*u.Timeout)
}

// Verifies reports whether the upstream's certificate is checked.
func (u *Upstream) Verifies() bool { return u.TLSVerify == nil || *u.TLSVerify }

// An Address is the URL of a server: scheme, host, perhaps port and path.
type Address string

// UnmarshalTOML reads a URL such as https://example.com:8443/base.
func (a *Address) UnmarshalTOML(in any) error {
	text, ok := in.(string)
	if !ok {
		return sentences.Errorf("must be a URL, not %s", kindOf(in))
	}
	*a = Address(text)
	_, err := a.parse()
	return err
}

func (Address) forms() []Form {
	return []Form{{Type: FormText, Pattern: `^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@]+(/[^?#]*)?$`}}
}

// Parse returns the URL, of which the language has seen that it is one.
func (a Address) Parse() *url.URL {
	u, err := a.parse()
	if err != nil {
		return &url.URL{}
	}
	return u
}

func (a Address) parse() (*url.URL, error) {
	u, err := url.Parse(string(a))
	switch {
	case err != nil:
		return nil, sentences.Errorf("is no URL; write one such as https://example.com") // The cause quotes it, password included.
	case u.User != nil:
		return nil, sentences.Errorf("must have neither user nor password: the caller's own credentials pass through")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, sentences.Errorf("%q must begin with http:// or https://; WebSockets pass through the same", clip(string(a), mostQuoted))
	case u.Hostname() == "":
		return nil, sentences.Errorf("%q names no host", clip(string(a), mostQuoted))
	case !isPort(u.Port()):
		return nil, sentences.Errorf("%q: there is no such port", clip(string(a), mostQuoted))
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(string(a), "#"):
		return nil, sentences.Errorf("%q has more than scheme, host, port and path", clip(string(a), mostQuoted))
	}
	return u, nil
}

// isPort reports whether a port can be called; "" is that of the scheme.
func isPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// of returns the upstream of a dialect, or nil.
func (u *Upstreams) of(dialect string) *Upstream {
	own := map[string]*Upstream{
		catalog.DashScopeAnthropic: u.DashScopeAnthropic, catalog.DashScopeCompatible: u.DashScopeCompatible,
		catalog.DashScopeNative: u.DashScopeNative, catalog.DashScopeResponses: u.DashScopeResponses, catalog.DashScopeWS: u.DashScopeWS,
		catalog.QianfanAnthropic: u.QianfanAnthropic, catalog.QianfanConsole: u.QianfanConsole, catalog.QianfanIAM: u.QianfanIAM, catalog.QianfanOAuth: u.QianfanOAuth,
		catalog.QianfanResponses: u.QianfanResponses, catalog.QianfanV1: u.QianfanV1, catalog.QianfanV2: u.QianfanV2,
	}[dialect]
	provider := map[string]*Upstream{catalog.DashScope: u.DashScope, catalog.Qianfan: u.Qianfan}
	d, _ := catalog.DialectNamed(dialect)
	switch {
	case own != nil:
		return own
	case provider[d.Provider] != nil:
		return provider[d.Provider]
	case u.URL != "":
		return &u.Upstream
	default:
		return nil
	}
}

// Upstream returns where calls of the dialect go that nothing here answers, or
// nil. The dialect "" stands for paths that no vendor has.
func (e *Engine) Upstream(dialect string) *Upstream { return e.upstreams[dialect] }

// passes reports whether the call goes upstream unless something answers it.
func (e *Engine) passes(r *Request) bool { return r.Dialect != "" && e.upstreams[r.Dialect] != nil }

// upstreamsOf returns the upstream of each dialect that has one.
func upstreamsOf(s *Scenario) map[string]*Upstream {
	if s.Upstream == nil {
		return nil
	}
	found := map[string]*Upstream{"": s.Upstream.of("")}
	for _, d := range catalog.Dialects() {
		if up := s.Upstream.of(d.Name); up != nil {
			found[d.Name] = up
		}
	}
	return found
}

// checkUpstreams says what is wrong with the upstreams, and what rules ask of
// real answers that cannot be done to them.
func checkUpstreams(s *Scenario, r *report) {
	if s.Upstream == nil {
		return
	}
	given := 0
	v := reflect.ValueOf(*s.Upstream)
	for _, f := range reflect.VisibleFields(v.Type()) {
		if up, ok := v.FieldByIndex(f.Index).Interface().(*Upstream); ok && up != nil {
			up.check(join("upstream", f.Tag.Get("toml")), r)
			given++
		}
	}
	if s.Upstream.Upstream != (Upstream{}) || given == 0 {
		s.Upstream.Upstream.check("upstream", r)
	}
	if s.Upstream.URL != "" && s.Unmatched == "refuse" {
		r.add("unmatched", "does not go with an upstream for all: what no rule matches passes")
	}
	for i := range s.Rules {
		if !r.within("rule" + index(i)) {
			s.checkPassing("rule"+index(i), &s.Rules[i], r)
		}
	}
	for i := range s.Limits {
		at := slices.Collect(maps.Keys(s.Limits[i].refusals))
		if len(at) > 0 && !slices.ContainsFunc(at, func(at route) bool { return !s.passesUnseen(at) }) {
			r.add("limit"+index(i)+".match", "calls on a WebSocket pass upstream as they are: nobody here counts them")
		}
	}
}

// passesUnseen reports whether calls there pass upstream within a WebSocket.
func (s *Scenario) passesUnseen(at route) bool {
	d, _ := catalog.DialectNamed(at.dialect)
	return d.Sockets && !at.operationOf().Opens && s.Upstream.of(at.dialect) != nil
}

func (u *Upstream) check(path string, r *report) {
	if u.URL == "" && !r.within(join(path, "url")) {
		r.add(path, "needs a url")
	}
	if u.Timeout != nil && *u.Timeout == 0 {
		r.add(path+".timeout", "must be more than 0")
	}
}

// checkPassing takes away the calls on WebSockets that pass, in which nobody
// looks, and refuses what only delays or damages real answers and cannot.
func (s *Scenario) checkPassing(path string, rule *Rule, r *report) {
	had := len(rule.routes)
	for at := range rule.routes {
		if s.passesUnseen(at) {
			delete(rule.routes, at)
		}
	}
	if had > 0 && len(rule.routes) == 0 {
		r.add(path+".match", `calls on a WebSocket pass upstream as they are: only the handshake can have a rule, with match.operation = "%s"`, catalog.OpHandshake)
		return
	}
	if slices.ContainsFunc(rule.dialects(), func(d string) bool { return s.Upstream.of(d) == nil }) {
		return // Some of what it shapes is ours.
	}
	for i, o := range rule.outcomes {
		at := path
		if len(rule.Step) > 0 {
			at += ".step" + index(i)
		}
		if l := o.Latency; l != nil && l.TokensPerSecond > 0 && !o.answers() {
			r.add(at+".latency.tokens_per_second", "the tokens of an answer from upstream are not known: give frame, the wait between frames")
		}
	}
}

// Paces reports whether the delay waits within the answer, and not only in
// front of it.
func (d *Delay) Paces() bool {
	return d != nil && (d.latency.Frame != Wait{} || d.latency.FirstFrame != Wait{} || d.latency.TokensPerSecond > 0)
}

// CountsTokens reports whether the delay depends on how many tokens come.
func (d *Delay) CountsTokens() bool { return d != nil && d.latency.TokensPerSecond > 0 }

// Notices lists what is right with the scenario and may still surprise: each is
// a sentence for whoever loads it.
func (s *Scenario) Notices() []string {
	if s.Upstream == nil {
		return nil
	}
	var signed, notices []string
	for _, d := range catalog.Dialects() {
		if d.Signs && s.Upstream.of(d.Name) != nil {
			signed = append(signed, d.Name)
		}
	}
	if signed != nil {
		notices = append(notices, fmt.Sprintf("upstream: calls signed with bce-auth-v1 cannot pass to another host, because the signature covers the host: "+
			"on %s, they are answered with our own 502 unless the client signs for the upstream's host; access tokens and API keys pass", strings.Join(signed, ", ")))
	}
	if s.Upstream.URL != "" && (s.Keys != nil || s.Tokens != Tokens{}) {
		notices = append(notices, "upstream: keys and tokens say nothing of calls that pass: whether a caller is let in is upstream's to say")
	}
	return notices
}
