package e2e

import (
	"bytes"
	"errors"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/devinyf/dashscopego"
	"github.com/devinyf/dashscopego/httpclient"
	"github.com/devinyf/dashscopego/wanx"
)

// TestDashScopeGoTasks asks for pictures through a community SDK, which makes a
// task, polls it and downloads what came out.
func TestDashScopeGoTasks(t *testing.T) { runCases(t, taskCases) }

// atOnce lets tasks end at the first poll, for which the SDK waits anyway.
const atOnce = `
	tasks = { pending = "0s", running = "0s" }
`

var taskCases = []testCase{
	{"pictures", atOnce, func(t *testing.T, s server) {
		pictures := must(s.pictures(t, 2))(t)
		if len(pictures) != 2 {
			t.Fatalf("%d pictures", len(pictures))
		}
		for _, p := range pictures {
			if _, err := png.Decode(bytes.NewReader(p.Data)); err != nil {
				t.Errorf("%s: %v", p.ImgURL, err)
			}
		}
	}},
	// The SDK tells that a task failed, and not why: code, message and request
	// id are lost.
	{"a task that fails", atOnce + `
		[[rule]]
		name  = "no face"
		error = "InvalidFile.FaceNotMatch"`, func(t *testing.T, s server) {
		if _, err := s.pictures(t, 1); !errors.Is(err, wanx.ErrTaskUnsuccess) || err.Error() != wanx.ErrTaskUnsuccess.Error() {
			t.Errorf("error %v", err)
		}
	}},
	// A task that the vendor does not know looks like one without results.
	{"a task that is lost", atOnce + `
		[[rule]]
		name  = "lost"
		reply = { task = { outcome = "unknown" } }`, func(t *testing.T, s server) {
		if _, err := s.pictures(t, 1); !errors.Is(err, wanx.ErrEmptyResponse) {
			t.Errorf("error %v", err)
		}
	}},
	// One failed poll ends it, although the task goes on.
	{"a poll that is throttled", atOnce + `
		[[rule]]
		name  = "busy"
		match = { operation = "task" }
		error = "Throttling.RateQuota"`, func(t *testing.T, s server) {
		_, err := s.pictures(t, 1)
		if e := wantError[*httpclient.HTTPRequestError](t, err); e.Code != 429 {
			t.Errorf("error %v", err)
		}
	}},
}

// pictures asks for so many. The SDK knows only the vendor's own address; the
// pictures stand there too, as the requests name it as their host.
func (s server) pictures(t *testing.T, n int) ([]*wanx.ImgBlob, error) {
	before := http.DefaultTransport
	http.DefaultTransport = detour{to: must(url.Parse(s.vendors))(t), by: before}
	defer func() { http.DefaultTransport = before }()
	return dashscopego.NewTongyiClient(wanx.WanxV1, "sk-any").CreateImageGeneration(t.Context(), &wanx.ImageSynthesisRequest{
		Model: wanx.WanxV1, Input: wanx.ImageSynthesisInput{Prompt: "A cat."}, Params: wanx.ImageSynthesisParams{N: n}, Download: true,
	})
}

// TestPublicURL: addresses of files begin as the variable says.
func TestPublicURL(t *testing.T) {
	p, err := serve([]string{"MOCKLLM_PUBLIC_URL=https://mock.example/x"}, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--quiet")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	_, body := server{p.vendors, p.admin}.post(t, "/v2/images/generations", `{"model":"irag-1.0","prompt":"A cat."}`)
	if !strings.Contains(body, `"url":"https://mock.example/x/mockllm-files/image/`) {
		t.Errorf("answer %s", body)
	}
	http.DefaultClient.CloseIdleConnections() // One that was never used would hold up the end.
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}
