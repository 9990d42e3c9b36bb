package tcmockllm_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// composeCommand finds the plugin, or the program of older engines.
func composeCommand(t *testing.T) []string {
	t.Helper()
	if exec.Command("docker", "compose", "version").Run() == nil {
		return []string{"docker", "compose"}
	}
	if path, err := exec.LookPath("docker-compose"); err == nil {
		return []string{path}
	}
	missing(t, "docker", "neither docker compose nor docker-compose")
	return nil
}

// An application that has the vendors' hosts written into it meets the mock.
func TestCompose(t *testing.T) {
	needImage(t)
	arguments := must(goImage())(t)
	compose := append(composeCommand(t), "-f", "../compose.yaml", "-p", testRegistry)
	environ := append([]string{"IMAGE=" + imageTag()}, arguments...)
	t.Cleanup(func() {
		down := append(compose[1:], "down", "-v", "--rmi", "local")
		if _, err := commandWith(context.Background(), environ, compose[0], down...); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	up := append(compose[1:], "up", "--exit-code-from", "app")
	out, err := commandWith(ctx, environ, compose[0], up...)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions: 429 ",
		"https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions: 200 ",
		"http://qianfan.baidubce.com/v2/chat/completions: 200 ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
