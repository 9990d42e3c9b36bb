package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOverlayOfThePage builds the overlay that docs/kubernetes.md shows, beside
// a copy of the folder.
func TestOverlayOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, overlay, found := strings.Cut(string(page), "```yaml\n# mine/kustomization.yaml")
	overlay, _, ends := strings.Cut(overlay, "\n```")
	if !found || !ends {
		t.Fatal("the page shows no overlay")
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "mockllm", "deploy"), os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"kustomization.yaml": "#" + overlay, "scenario.toml": "name = \"mine\"\n"} {
		file := filepath.Join(dir, "mine", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := build(t, filepath.Join(dir, "mine"))
	d := c.deployments["mockllm"]
	container := d.Spec.Template.Spec.Containers[0]
	if container.Image != "registry.example/mockllm:v0.1.0" || d.Namespace != "mocks" {
		t.Errorf("image %s in %s", container.Image, d.Namespace)
	}
	data := c.maps[d.Spec.Template.Spec.Volumes[0].ConfigMap.Name].Data
	if got := variable(d, "MOCKLLM_SCENARIO").Value; got != "/scenarios/scenario.toml" || data["scenario.toml"] == "" || data["weather.toml"] == "" || len(container.Env) < 4 {
		t.Errorf("it follows %s of %v", got, data)
	}
}
