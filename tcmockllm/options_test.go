package tcmockllm

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/testcontainers/testcontainers-go"
)

// customized returns the request that the options make.
func customized(t *testing.T, opts ...testcontainers.ContainerCustomizer) testcontainers.GenericContainerRequest {
	t.Helper()
	var req testcontainers.GenericContainerRequest
	for _, opt := range opts {
		if err := opt.Customize(&req); err != nil {
			t.Fatal(err)
		}
	}
	return req
}

func TestOptions(t *testing.T) {
	req := customized(t, WithSeed(18446744073709551615), WithSpeed(0.001), WithTLS(),
		WithScenario("testdata/throttled.toml"), WithScenarioReader(strings.NewReader("name = \"a\"")))
	for name, want := range map[string]string{
		"MOCKLLM_SEED": "18446744073709551615", "MOCKLLM_SPEED": "0.001",
		"MOCKLLM_TLS_LISTEN": "0.0.0.0:8443", "MOCKLLM_TLS_CA_OUT": "/tls/ca.pem",
	} {
		if req.Env[name] != want {
			t.Errorf("%s is %q, want %q", name, req.Env[name], want)
		}
	}
	if !slices.Contains(req.ExposedPorts, "8443/tcp") {
		t.Errorf("exposed: %q", req.ExposedPorts)
	}
	if len(req.Files) != 2 || req.Files[0].HostFilePath != "testdata/throttled.toml" {
		t.Fatalf("files: %+v", req.Files)
	}
	for _, f := range req.Files {
		// The server is not root: it must be able to read what others wrote. And
		// both in one place, so that the last one counts.
		if f.FileMode != 0o644 || f.ContainerFilePath != "/scenarios/scenario.toml" {
			t.Errorf("file %+v", f)
		}
	}
	if text, err := io.ReadAll(req.Files[1].Reader); err != nil || string(text) != "name = \"a\"" {
		t.Errorf("reader holds %q, %v", text, err)
	}
}

func TestUnknownDialect(t *testing.T) {
	_, err := basePath("dashscope")
	if err == nil || !strings.Contains(err.Error(), `unknown dialect "dashscope"`) || !strings.Contains(err.Error(), "dashscope-native") {
		t.Errorf("%v", err)
	}
}

// Of a log, an error shows the lines that say what is wrong and no others.
func TestComplaint(t *testing.T) {
	for log, want := range map[string]string{
		"":                          "",
		"mockllm v1.0.0\nvendors x": "",
		"some\nmockllm: /scenarios/scenario.toml:3: bad\nmockllm: and worse\n": "/scenarios/scenario.toml:3: bad\nand worse",
	} {
		got := ""
		if err := complaintIn(strings.NewReader(log)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("of %q: %q, want %q", log, got, want)
		}
	}
}
