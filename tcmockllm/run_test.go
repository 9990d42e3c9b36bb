package tcmockllm_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"

	"github.com/mockllm/mockllm/tcmockllm"
)

// run starts a container for the length of a test.
func run(t *testing.T, opts ...testcontainers.ContainerCustomizer) *tcmockllm.Container {
	t.Helper()
	needImage(t)
	mock, err := tcmockllm.Run(t.Context(), img, opts...)
	testcontainers.CleanupContainer(t, mock)
	if err != nil {
		t.Fatal(err)
	}
	return mock
}

// must stops the test at an error that no case expects.
func must[V any](v V, err error) func(t *testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestRun(t *testing.T) {
	ctx := t.Context()
	mock := run(t, tcmockllm.WithScenarioReader(strings.NewReader(throttled)), tcmockllm.WithSeed(77), tcmockllm.WithSpeed(60),
		testcontainers.WithEnv(map[string]string{"MOCKLLM_ADMIN_TOKEN": "secret"}))

	// The seed and the scenario have arrived.
	var version struct {
		Seed  uint64
		Rules int
	}
	req := must(http.NewRequestWithContext(ctx, "GET", must(mock.AdminURL(ctx))(t)+"/version", nil))(t)
	req.Header.Set("Authorization", "Bearer secret")
	answer := must(http.DefaultClient.Do(req))(t)
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&version); err != nil || version.Seed != 77 || version.Rules != 1 {
		t.Errorf("version %+v, %v", version, err)
	}

	// The speed too: a window of vendor time passes. And the client says its token.
	admin := must(mock.Admin(ctx))(t)
	if err := admin.Advance(ctx, time.Hour); err != nil {
		t.Error(err)
	}
	host := strings.TrimSuffix(must(mock.BaseURL(ctx, "dashscope-compatible"))(t), "/compatible-mode/v1")
	if got := status(t, host); got != http.StatusTooManyRequests {
		t.Errorf("status %d", got)
	}
	found := must(admin.Journal(ctx))(t)
	if len(found) != 1 || found[0].Cause != "rule" || len(found[0].Rules) != 1 || found[0].Rules[0].Rule != "throttled" || !found[0].Done {
		t.Errorf("journal %+v", found)
	}
	if other := must(admin.In("other").Journal(ctx))(t); len(other) != 0 {
		t.Errorf("journal of another namespace %+v", other)
	}

	// A one-shot that is taken back is not thrown.
	id := must(admin.Throw(ctx, tcmockllm.Fault{"error": "data_inspection_failed"}))(t)
	if err := admin.TakeBack(ctx, id); err != nil {
		t.Error(err)
	}
	must(admin.Throw(ctx, tcmockllm.Fault{"error": "data_inspection_failed"}))(t)
	if err := admin.TakeAllBack(ctx); err != nil {
		t.Error(err)
	}
	if _, err := admin.Throw(ctx, tcmockllm.Fault{"eror": "18"}); err == nil || !strings.Contains(err.Error(), "/eror") {
		t.Errorf("a bad fault: %v", err)
	}
	if got := status(t, host); got != http.StatusTooManyRequests {
		t.Errorf("status %d", got)
	}
	if err := admin.Reset(ctx); err != nil {
		t.Error(err)
	}
	if found := must(admin.Journal(ctx))(t); len(found) != 0 {
		t.Errorf("journal after a reset %+v", found)
	}
	if _, err := mock.CACert(ctx); err == nil || !strings.Contains(err.Error(), "WithTLS") {
		t.Errorf("a certificate without TLS: %v", err)
	}
}

// A client that trusts the authority, and nobody else, is served.
func TestRunWithTLS(t *testing.T) {
	ctx := t.Context()
	mock := run(t, tcmockllm.WithTLS())
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(must(mock.CACert(ctx))(t)) {
		t.Fatal("the certificate is none")
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	base := must(mock.BaseURL(ctx, "dashscope-compatible"))(t)
	if !strings.HasPrefix(base, "https://") {
		t.Errorf("base URL %s", base)
	}
	req := must(http.NewRequestWithContext(ctx, "GET", base+"/models", nil))(t)
	req.Header.Set("Authorization", "Bearer any")
	answer := must(client.Do(req))(t)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("status %s", answer.Status)
	}
}

// A bad scenario is said at once, in the loader's own words, and the container
// is there to be removed.
func TestRunWithBadScenario(t *testing.T) {
	needImage(t)
	begin := time.Now()
	mock, err := tcmockllm.Run(t.Context(), img, tcmockllm.WithScenarioReader(strings.NewReader("\n\n[[rule]]\nname = \"r\"\neror = \"18\"\n")))
	testcontainers.CleanupContainer(t, mock)
	if mock == nil || err == nil {
		t.Fatalf("container %v, error %v", mock, err)
	}
	if want := `scenario.toml:5: rule "r": eror: `; !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `did you mean "error"?`) {
		t.Errorf("error %v\nwant %s in it", err, want)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestRunWithoutImage(t *testing.T) {
	needImage(t)
	mock, err := tcmockllm.Run(t.Context(), "127.0.0.1:1/nobody/has:this")
	testcontainers.CleanupContainer(t, mock)
	if err == nil || !strings.HasPrefix(err.Error(), "run mockllm: ") {
		t.Errorf("%v", err)
	}
}

// One mock is another's neighbour: its alias is a name in their network.
func TestRunInNetwork(t *testing.T) {
	needImage(t)
	net := must(network.New(t.Context()))(t)
	testcontainers.CleanupNetwork(t, net)
	run(t, network.WithNetwork([]string{"vendor"}, net))
	other := run(t, network.WithNetwork([]string{"other"}, net))
	code, out, err := other.Exec(t.Context(), []string{"/mockllm", "health", "--admin", "vendor:8081"})
	if err != nil || code != 0 {
		said, _ := io.ReadAll(out)
		t.Errorf("exit code %d, %v, %s", code, err, said)
	}
}

// TestExamples holds that the examples print what they say.
func TestExamples(t *testing.T) {
	needImage(t)
	for name, example := range map[string]struct {
		run  func()
		want string
	}{
		"Run":   {ExampleRun, "429 Too Many Requests\n429 Too Many Requests\n200 OK\n"},
		"Admin": {ExampleAdmin, "models one-shot 400 dashscope/model/DataInspectionFailed\n"},
	} {
		if got := printed(t, example.run); got != example.want {
			t.Errorf("%s prints %q, want %q", name, got, example.want)
		}
	}
}

// printed returns what a function writes to standard output.
func printed(t *testing.T, f func()) string {
	t.Helper()
	file := must(os.CreateTemp(t.TempDir(), "out"))(t)
	out := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = out }()
	f()
	text := must(os.ReadFile(file.Name()))(t)
	return string(text)
}
