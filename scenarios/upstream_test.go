package scenarios

import (
	"reflect"
	"testing"

	"github.com/mockllm/mockllm/catalog"
)

// TestUpstreamOfEveryDialect holds that each dialect and each provider can have
// an upstream of its own, and which one comes first.
func TestUpstreamOfEveryDialect(t *testing.T) {
	for _, d := range catalog.Dialects() {
		s, err := Load("x", []byte("[upstream]\nurl = \"http://all\"\n"+d.Provider+" = \"http://provider\"\n"+d.Name+" = \"http://own\""))
		if err != nil {
			t.Fatal(err)
		}
		if got := upstreamsOf(s)[d.Name].URL; got != "http://own" {
			t.Errorf("%s goes to %s", d.Name, got)
		}
		for _, other := range catalog.Dialects() {
			want := Address("http://all")
			if other.Provider == d.Provider {
				want = "http://provider"
			}
			if got := upstreamsOf(s)[other.Name].URL; other.Name != d.Name && got != want {
				t.Errorf("%s goes to %s, want %s", other.Name, got, want)
			}
		}
	}
	if fields := reflect.TypeFor[Upstreams]().NumField(); fields != 1+2+len(catalog.Dialects()) {
		t.Errorf("%d fields for %d dialects", fields, len(catalog.Dialects()))
	}
}

// Once a bug: a port beyond the last was told by the first call.
func TestPortOfUpstream(t *testing.T) {
	for address, ok := range map[string]bool{"http://a": true, "http://a:1": true, "http://a:65535/b": true, "http://a:0": false, "http://a:65536": false, "https://[::1]:99999": false} {
		if _, err := Load("x", []byte(`upstream = "`+address+`"`)); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestUpstreamAlone holds that a dialect without an upstream has none.
func TestUpstreamAlone(t *testing.T) {
	s, err := Load("x", []byte(`upstream.qianfan-v2 = { url = "HTTPS://example.com:8443/base/", timeout = "3s", tls_verify = false }`))
	if err != nil {
		t.Fatal(err)
	}
	if up := upstreamsOf(s)["qianfan-v2"]; up.Verifies() || up.Patience().Seconds() != 3 || up.URL.Parse().Path != "/base/" {
		t.Errorf("%+v", up)
	}
	if upstreamsOf(s)["qianfan-v1"] != nil || upstreamsOf(s)[""] != nil || upstreamsOf(&Scenario{})["qianfan-v2"] != nil {
		t.Error("there is an upstream where none was given")
	}
	if s, err = Load("x", []byte(`upstream = "https://example.com"`)); err != nil || upstreamsOf(s)[""] == nil || len(s.Notices()) != 1 {
		t.Errorf("%v %v", err, s.Notices())
	}
}

// TestUpstreamBuiltInGo refuses what no file could hold.
func TestUpstreamBuiltInGo(t *testing.T) {
	for _, up := range []Upstreams{{}, {Qianfan: &Upstream{}}, {Upstream: Upstream{URL: "example.com"}}} {
		if (&Scenario{Name: "x", Upstream: &up}).compile() == nil {
			t.Errorf("%+v is taken", up)
		}
	}
}
