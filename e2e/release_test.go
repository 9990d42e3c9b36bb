package e2e

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const releaseVersion = "v0.0.0-test"

// platforms are what a release is built for.
var platforms = []string{"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64"}

// TestRelease builds a release and looks at every archive as who downloads it
// would, then has the action download it. Two platforms are enough to see that
// it works; MOCKLLM_E2E_REQUIRE=release builds all, which takes minutes.
func TestRelease(t *testing.T) {
	for _, tool := range []string{"tar", "zip", "sha256sum", "bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, "release", err.Error())
		}
	}
	built := []string{"linux/amd64", "windows/amd64"}
	if isRequired("release") {
		built = platforms
	}
	dist := filepath.Join(t.TempDir(), releaseVersion)
	cmd := exec.CommandContext(t.Context(), "../scripts/release", releaseVersion, dist)
	cmd.Env = append(os.Environ(), "TARGETS="+strings.Join(built, " "))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("release: %v\n%s", err, out)
	}

	sums := string(must(os.ReadFile(filepath.Join(dist, "checksums.txt")))(t))
	want := []string{"checksums.txt"}
	for _, platform := range built {
		name := fmt.Sprintf("mockllm_%s_%s", releaseVersion, strings.ReplaceAll(platform, "/", "_"))
		archive, program, read := name+".tar.gz", "mockllm", inTar
		if strings.HasPrefix(platform, "windows/") {
			archive, program, read = name+".zip", "mockllm.exe", inZip
		}
		want = append(want, archive)
		text := must(os.ReadFile(filepath.Join(dist, archive)))(t)
		if line := fmt.Sprintf("%x  %s\n", sha256.Sum256(text), archive); !strings.Contains(sums, line) {
			t.Errorf("checksums.txt has no line %s", line)
		}
		files := read(t, text)
		for _, file := range []string{program, "LICENSE", "README.md"} {
			if len(files[name+"/"+file]) == 0 {
				t.Errorf("%s holds no %s", archive, file)
			}
		}
		if platform == runtime.GOOS+"/"+runtime.GOARCH {
			wantVersion(t, files[name+"/"+program])
		}
	}
	var got []string
	for _, entry := range must(os.ReadDir(dist))(t) {
		got = append(got, entry.Name())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the folder holds\n%q, want\n%q", got, want)
	}
	if slices.Contains(built, runtime.GOOS+"/"+runtime.GOARCH) {
		downloadByAction(t, filepath.Dir(dist))
	}
}

// wantVersion runs a program, which must say the release's version.
func wantVersion(t *testing.T, program []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mockllm")
	if err := os.WriteFile(file, program, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(file, "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "mockllm "+releaseVersion+" ") {
		t.Errorf("it says version %s, %v", out, err)
	}
}

func inTar(t *testing.T, text []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for archive := tar.NewReader(must(gzip.NewReader(bytes.NewReader(text)))(t)); ; {
		head, err := archive.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		files[head.Name] = must(io.ReadAll(archive))(t)
		if strings.HasSuffix(head.Name, "/mockllm") && head.Mode&0o111 == 0 {
			t.Errorf("%s cannot be run", head.Name)
		}
	}
}

func inZip(t *testing.T, text []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, f := range must(zip.NewReader(bytes.NewReader(text), int64(len(text))))(t).File {
		opened := must(f.Open())(t)
		files[f.Name] = must(io.ReadAll(opened))(t)
		opened.Close()
	}
	return files
}

// actionSteps returns the scripts of action.yml, by the names of their steps.
func actionSteps(t *testing.T) map[string]string {
	t.Helper()
	var action struct {
		Runs struct{ Steps []struct{ Name, Run string } }
	}
	if err := yaml.Unmarshal(must(os.ReadFile("../action.yml"))(t), &action); err != nil {
		t.Fatal(err)
	}
	steps := map[string]string{}
	for _, step := range action.Runs.Steps {
		steps[step.Name] = step.Run
	}
	return steps
}

// step runs a script of the action with these variables.
func step(t *testing.T, name string, environ ...string) (string, error) {
	t.Helper()
	script := actionSteps(t)[name]
	if script == "" {
		t.Fatalf("action.yml has no step %q", name)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Env = append(os.Environ(), environ...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// downloadByAction has the action's first step download the release from a
// server of ours, and refuse one whose checksum is wrong.
func downloadByAction(t *testing.T, releases string) {
	t.Helper()
	server := httptest.NewServer(http.FileServer(http.Dir(releases)))
	defer server.Close()
	get := func() (string, string, error) {
		temp := t.TempDir()
		out, err := step(t, "Get mockllm", "VERSION="+releaseVersion, "OS=Linux", "ARCH=X64", "RUNNER_TEMP="+temp,
			"GITHUB_PATH="+filepath.Join(temp, "path"), "MOCKLLM_E2E_RELEASES="+server.URL)
		return filepath.Join(temp, "mockllm-bin", "mockllm"), out, err
	}
	program, out, err := get()
	if err != nil {
		t.Fatalf("the action: %v\n%s", err, out)
	}
	wantVersion(t, must(os.ReadFile(program))(t))

	archive := filepath.Join(releases, releaseVersion, "mockllm_"+releaseVersion+"_linux_amd64.tar.gz")
	if err := os.WriteFile(archive, []byte("something else"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, out, err := get(); err == nil || !strings.Contains(out, "FAILED") {
		t.Errorf("the action takes an archive with a wrong checksum: %v\n%s", err, out)
	}
}

// The action hands on what is given and nothing else, however it is spelt.
func TestActionRun(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mockllm"), []byte("#!/bin/sh\nprintf '%s\\n' \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := step(t, "Run the command beside mockllm", "PATH="+dir+":"+os.Getenv("PATH"), "REPORT=r.xml",
		"COMMAND=go test ./... && echo \"it's done\"", "SCENARIO=a b.toml", "SEED=", "SPEED=60", "TIMEOUT=", "OPENAI=qianfan")
	want := "run\n--junit\nr.xml\n--scenario\na b.toml\n--speed\n60\n--openai\nqianfan\n--\nbash\n-c\ngo test ./... && echo \"it's done\"\n"
	if err != nil || out != want {
		t.Errorf("%v, %s\nwant %s", err, out, want)
	}
}
