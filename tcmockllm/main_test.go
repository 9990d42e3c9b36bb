package tcmockllm_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The tests of the image stand here, beside those of the module that runs it:
// all that needs an engine is in one place. The image is built once, from the
// real Dockerfile by make image, and removed with all that was made for it.
// MOCKLLM_E2E_IMAGE names one that was built before, to save the minute.
//
// Without an engine these tests are skipped, loudly; see require_test.go.

// testRegistry stands before the name of the image, as a mirror of the registry
// would, so that examples can call it mockllm:latest and touch nobody's.
var testRegistry = fmt.Sprintf("mockllm-test-%d", os.Getpid())

const (
	img         = "mockllm:latest"
	testVersion = "v0.0.0-test"
)

func imageTag() string { return testRegistry + "/" + img }

func TestMain(m *testing.M) {
	if _, err := required(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// The reaper is an image of its own, from a registry. Each test cleans up.
	os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
	os.Setenv("TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX", testRegistry)
	// The engine is this machine's own, also where the machine itself looks like a
	// container and the library would look for the engine at its gateway.
	if os.Getenv("TESTCONTAINERS_HOST_OVERRIDE") == "" {
		os.Setenv("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")
	}
	before := images()
	code := m.Run()
	removeImages(before)
	os.Exit(code)
}

// needImage returns the image's full name, built if it is not yet.
func needImage(t *testing.T) string {
	t.Helper()
	if err := engine(); err != nil {
		missing(t, "docker", err.Error())
	}
	if err := buildImage(); err != nil {
		t.Fatal(err)
	}
	return imageTag()
}

var engine = sync.OnceValue(func() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, err := command(ctx, "docker", "version", "--format", "{{.Server.Version}}")
	return err
})

var buildImage = sync.OnceValue(func() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if given := os.Getenv("MOCKLLM_E2E_IMAGE"); given != "" {
		_, err := command(ctx, "docker", "tag", given, imageTag())
		return err
	}
	arguments, err := goImage()
	if err != nil {
		return err
	}
	_, err = command(ctx, "make", append([]string{"-C", "..", "image", "IMAGE=" + imageTag(), "VERSION=" + testVersion}, arguments...)...)
	return err
})

// goImage returns make's arguments that say what to build with.
var goImage = sync.OnceValues(func() ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	arguments, err := command(ctx, "../scripts/go-image")
	return strings.Fields(arguments), err
})

// images lists the images that are ours to make: those tagged for tests, and
// the first stages of builds, which have no tag but a label.
func images() []string {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tagged, _ := command(ctx, "docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference=mockllm-test-*")
	ours, _ := command(ctx, "docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference="+testRegistry+"/*")
	stages, _ := command(ctx, "docker", "images", "-q", "--filter", "dangling=true", "--filter", "label=org.mockllm.stage")
	return strings.Fields(tagged + " " + ours + " " + stages)
}

// removeImages removes the images that were not there before.
func removeImages(before []string) {
	for _, image := range images() {
		if !slices.Contains(before, image) {
			command(context.Background(), "docker", "rmi", image)
		}
	}
}

// command runs a program and returns what it prints, or all it says with the
// error.
func command(ctx context.Context, name string, args ...string) (string, error) {
	return commandWith(ctx, nil, name, args...)
}

func commandWith(ctx context.Context, environ []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), environ...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, strings.TrimSpace(out.String()+errs.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

// docker runs a command of docker that must succeed.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := command(t.Context(), "docker", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
