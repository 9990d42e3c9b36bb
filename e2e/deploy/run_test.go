package deploy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mockllm/mockllm/redisstate/redistest"
)

// binary builds the command.
func binary(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mockllm")
	cmd := exec.Command("go", "build", "-o", file, "./cmd/mockllm")
	cmd.Dir = "../.." // The command belongs to the module above.
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return file
}

// TestRun runs the built binary with the variables and files of the pod, and
// asks what Kubernetes and Prometheus ask.
func TestRun(t *testing.T) {
	command := binary(t)
	t.Run("state", func(t *testing.T) { wantState(t, command) })
	c := build(t, "base")
	d, dir := c.deployments["mockllm"], t.TempDir()
	container := d.Spec.Template.Spec.Containers[0]
	for _, m := range c.maps {
		for name, text := range m.Data {
			file := filepath.Join(dir, name)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(command, "validate", file).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		}
	}
	if len(container.Command)+len(container.Args) > 0 {
		t.Fatal("the image says what to run")
	}
	environ := []string{"MOCKLLM_LISTEN=127.0.0.1:0", "MOCKLLM_ADMIN=127.0.0.1:0"}
	mount := container.VolumeMounts[0].MountPath
	for _, v := range container.Env {
		value := strings.Replace(v.Value, mount, dir, 1)
		if v.ValueFrom != nil {
			value = "a secret of " + v.ValueFrom.SecretKeyRef.Name
		}
		environ = append(environ, v.Name+"="+value)
	}
	vendors, admin := start(t, command, environ)
	wantStatus(t, admin+container.ReadinessProbe.HTTPGet.Path, "", http.StatusOK)
	wantStatus(t, admin+"/metrics", "", http.StatusUnauthorized)
	metrics := wantStatus(t, admin+"/metrics", "a secret of mockllm-admin", http.StatusOK)
	if !strings.Contains(metrics, "mockllm_build_info") {
		t.Errorf("metrics %s", metrics)
	}
	if version := wantStatus(t, admin+"/version", "a secret of mockllm-admin", http.StatusOK); !strings.Contains(version, `"scenario":"weather"`) {
		t.Errorf("it follows %s", version)
	}
	wantStatus(t, vendors+"/v2/models", "any", http.StatusOK)
}

// wantState runs two replicas with the variable that they share their state by,
// and a Redis that is started as in its pod, which only stands elsewhere.
func wantState(t *testing.T, command string) {
	t.Helper()
	c := build(t, "replicated")
	pod := c.deployments["mockllm-redis"].Spec.Template.Spec.Containers[0]
	redis := redistest.Run(t, pod.Args[1:]...)
	value := strings.Replace(variable(c.deployments["mockllm"], "MOCKLLM_STATE").Value, "mockllm-redis:6379", redis.Addr(), 1)
	scenario := filepath.Join(t.TempDir(), "once.toml")
	if err := os.WriteFile(scenario, []byte("[[rule]]\nname = \"once\"\nwhen = { calls = 1 }\nerror = \"rpm_rate_limit_exceeded\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{http.StatusTooManyRequests, http.StatusOK} {
		vendors, admin := start(t, command, []string{
			"MOCKLLM_LISTEN=127.0.0.1:0", "MOCKLLM_ADMIN=127.0.0.1:0", "MOCKLLM_QUIET=true", "MOCKLLM_SCENARIO=" + scenario, "MOCKLLM_STATE=" + value,
		})
		wantStatus(t, vendors+"/v2/models", "any", want)
		if metrics := wantStatus(t, admin+"/metrics", "", http.StatusOK); !strings.Contains(metrics, "\nmockllm_state_up 1\n") {
			t.Errorf("replica %d does not tell of its state", i+1)
		}
	}
}

// start runs mockllm serve for the length of the test and returns where it
// listens.
func start(t *testing.T, command string, environ []string) (vendors, admin string) {
	t.Helper()
	cmd := exec.Command(command, "serve")
	cmd.Env, cmd.Stderr = environ, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cmd.Process.Signal(syscall.SIGTERM)
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("mockllm serve: %v", err)
		}
	})
	for lines := bufio.NewScanner(out); vendors == "" || admin == ""; {
		if !lines.Scan() {
			t.Fatal("mockllm serve ended before it listened")
		}
		fmt.Sscanf(lines.Text(), "vendors %s", &vendors)
		fmt.Sscanf(lines.Text(), "admin %s", &admin)
	}
	return vendors, admin
}

func wantStatus(t *testing.T, url, token string, want int) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		t.Errorf("%s: %s, %v, want %d", url, answer.Status, err, want)
	}
	return string(body)
}

// TestGrace: what is under way may end before Kubernetes kills the pod, and
// nobody is sent there any more when it begins to.
func TestGrace(t *testing.T) {
	pod := build(t, "base").deployments["mockllm"].Spec.Template.Spec
	const drain = 5 * time.Second // As docs/container.md says of SIGTERM.
	hook := pod.Containers[0].Lifecycle
	if hook == nil || hook.PreStop == nil || hook.PreStop.Sleep == nil {
		t.Fatal("the pod goes before anybody knows")
	}
	needs := time.Duration(hook.PreStop.Sleep.Seconds)*time.Second + drain
	if has := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second; has <= needs {
		t.Errorf("it has %s and needs %s", has, needs)
	}
}
