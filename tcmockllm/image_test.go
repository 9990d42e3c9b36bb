package tcmockllm_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// biggest is what the image may weigh: it is pulled on every run of a CI.
const biggest = 18_000_000

// What the image is, for those who never look inside.
func TestImage(t *testing.T) {
	var found []struct {
		Size   int
		Config struct {
			User        string
			Env         []string
			Entrypoint  []string
			Cmd         []string
			Labels      map[string]string
			Exposed     map[string]any `json:"ExposedPorts"`
			Healthcheck struct{ Test []string }
		}
	}
	if err := json.Unmarshal([]byte(docker(t, "image", "inspect", needImage(t))), &found); err != nil || len(found) != 1 {
		t.Fatalf("%d images, %v", len(found), err)
	}
	image, config := found[0], found[0].Config
	if image.Size > biggest {
		t.Errorf("the image has %d bytes, more than %d", image.Size, biggest)
	}
	// Kubernetes can tell a number from root, not a name.
	if !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(config.User) {
		t.Errorf("user %q; it must be a number and not root", config.User)
	}
	if want := []string{"CMD", "/mockllm", "health"}; !slices.Equal(config.Healthcheck.Test, want) {
		t.Errorf("health check %q", config.Healthcheck.Test)
	}
	for _, port := range []string{"8080/tcp", "8081/tcp"} {
		if _, ok := config.Exposed[port]; !ok {
			t.Errorf("port %s is not exposed: %v", port, config.Exposed)
		}
	}
	for label, want := range map[string]string{
		"title": `^mockllm$`, "description": `.`, "licenses": `^Apache-2.0$`, "source": `^https://`,
		"version": `^v\d`, "revision": `^[0-9a-f]{40}$`, "created": `^\d{4}-\d\d-\d\dT`,
	} {
		if got := config.Labels["org.opencontainers.image."+label]; !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("label %s is %q, want %s", label, got, want)
		}
	}
	if version := config.Labels["org.opencontainers.image.version"]; !strings.Contains(docker(t, "run", "--rm", imageTag(), "version"), " "+version+" ") {
		t.Errorf("the command does not say version %s", version)
	}
}

// started runs a container for the length of a test and returns its name.
func started(t *testing.T, args ...string) string {
	t.Helper()
	needImage(t)
	id := docker(t, append([]string{"run", "-d"}, args...)...)
	t.Cleanup(func() {
		if _, err := command(context.Background(), "docker", "rm", "-f", id); err != nil {
			t.Error(err)
		}
	})
	return id
}

// eventually waits until something is so, at most half a minute.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func isHealthy(t *testing.T, id string) func() bool {
	return func() bool { return docker(t, "inspect", "-f", "{{.State.Health.Status}}", id) == "healthy" }
}

// published returns the address of a published port, on loopback.
func published(t *testing.T, id, port string) string {
	t.Helper()
	return "http://" + strings.Fields(docker(t, "port", id, port))[0]
}

const chat = `{"model": "qwen-plus", "messages": [{"role": "user", "content": "Hello!"}], "stream": true}`

// call sends a chat; the caller closes the answer's body.
func call(t *testing.T, base string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", base+"/compatible-mode/v1/chat/completions", strings.NewReader(chat))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer any")
	return http.DefaultClient.Do(req)
}

// status sends a chat and returns the status of the answer.
func status(t *testing.T, base string) int {
	t.Helper()
	answer, err := call(t, base)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// folder makes a folder with scenarios that the image's user can read.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mockllm-scenarios-") // Not t.TempDir, which others may not enter.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const throttled = `
[[rule]]
name  = "throttled"
error = "Throttling.RateQuota"
`

// A container without a mount answers anything well; it needs no right to
// write, no capability, and says that it is well.
func TestWithoutAMount(t *testing.T) {
	id := started(t, "--read-only", "--cap-drop", "ALL", "-p", "127.0.0.1::8080", needImage(t))
	eventually(t, "healthy", isHealthy(t, id))
	if got := status(t, published(t, id, "8080")); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	if log := docker(t, "logs", id); !strings.Contains(log, "no .toml file in /scenarios") {
		t.Errorf("the log does not say that nothing is mounted:\n%s", log)
	}
}

func TestMounts(t *testing.T) {
	needImage(t)
	dir := folder(t, map[string]string{"throttled.toml": throttled, "readme.md": "not a scenario"})
	for name, mount := range map[string]string{
		"a folder": dir + ":/scenarios:ro",
		"a file":   dir + "/throttled.toml:/scenarios/throttled.toml:ro",
	} {
		t.Run(name, func(t *testing.T) {
			id := started(t, "-v", mount, "-p", "127.0.0.1::8080", imageTag())
			eventually(t, "healthy", isHealthy(t, id))
			if got := status(t, published(t, id, "8080")); got != http.StatusTooManyRequests {
				t.Errorf("status %d", got)
			}
		})
	}
}

// Which of two scenarios is meant is not for the server to choose.
func TestFolderWithTwoScenarios(t *testing.T) {
	dir := folder(t, map[string]string{"a.toml": throttled, "b.toml": throttled})
	id := started(t, "-v", dir+":/scenarios:ro", needImage(t))
	if code := docker(t, "wait", id); code != "2" {
		t.Errorf("exit code %s, want 2", code)
	}
	_, err := command(t.Context(), "docker", "run", "--rm", "-v", dir+":/scenarios:ro", imageTag())
	if err == nil || !strings.Contains(err.Error(), "folder /scenarios holds 2 .toml files; name one of them: a.toml, b.toml") {
		t.Errorf("it says: %v", err)
	}
}

// A signal lets what is under way end well, for a while.
func TestSignal(t *testing.T) {
	for _, c := range []struct {
		name, scenario string
		whole          bool // Whether the answer still arrives whole.
	}{
		{"slow answers end", "[[rule]]\nname = \"slow\"\nlatency = { frame = \"50ms\" }\n", true},
		{"what never ends is cut", "[[rule]]\nname = \"dead\"\nfault = { kind = \"stall\", after_frames = 1, for = \"1h\" }\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			needImage(t)
			dir := folder(t, map[string]string{"s.toml": c.scenario})
			id := started(t, "-v", dir+":/scenarios:ro", "-p", "127.0.0.1::8080", imageTag())
			eventually(t, "healthy", isHealthy(t, id))
			answer, err := call(t, published(t, id, "8080"))
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			begin := time.Now()
			docker(t, "kill", "--signal", "TERM", id)
			text, err := io.ReadAll(answer.Body)
			if whole := err == nil && strings.Contains(string(text), "[DONE]"); whole != c.whole {
				t.Errorf("whole: %v, error %v, after %s", whole, err, text)
			}
			if code := docker(t, "wait", id); code != "0" {
				t.Errorf("exit code %s", code)
			}
			if took := time.Since(begin); took > 9*time.Second {
				t.Errorf("it took %s; docker stop kills after 10 s", took)
			}
		})
	}
}
