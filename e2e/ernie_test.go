package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"

	vectors "github.com/tmc/langchaingo/embeddings"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/ernie"
)

// TestErnie drives V1 through langchaingo's own client, which has the vendor's
// host built in.
func TestErnie(t *testing.T) { runCases(t, ernieCases) }

// warm is a temperature that the vendor takes: left to itself, the client sends
// 0, which is refused.
var warm = llms.WithTemperature(0.5)

var ernieCases = []testCase{
	{"a chat", "", func(t *testing.T, s server) {
		if text := must(llms.GenerateFromSinglePrompt(t.Context(), newErnie(t, s), "你好", warm))(t); text == "" {
			t.Error("no text")
		}
		s.wantJournal(t, "chat")
	}},
	{"a chat as cold as the client is by itself", "", func(t *testing.T, s server) {
		_, err := llms.GenerateFromSinglePrompt(t.Context(), newErnie(t, s), "你好")
		if err == nil || !strings.Contains(err.Error(), "temperature range is (0, 1.0]") {
			t.Errorf("error %v", err)
		}
	}},
	{"a token for the keys", "", func(t *testing.T, s server) {
		client := ernie.WithHTTPClient(&http.Client{Transport: redirect(s.vendors)})
		llm := must(ernie.New(client, ernie.WithAKSK("ak", "sk")))(t)
		must(llms.GenerateFromSinglePrompt(t.Context(), llm, "你好", warm))(t)
		if first := s.exchanges(t, "")[0]; first.Operation != "token" || first.Status != 200 {
			t.Errorf("first exchange %+v", first)
		}
	}},
	{"a stream", `
		[[rule]]
		name  = "said"
		reply = { text = "One, two, 三。", frames = 4 }`, func(t *testing.T, s server) {
		var pieces []string
		text := must(llms.GenerateFromSinglePrompt(t.Context(), newErnie(t, s), "你好",
			llms.WithStreamingFunc(func(_ context.Context, chunk []byte) error {
				pieces = append(pieces, string(chunk))
				return nil
			})))(t)
		if text != "One, two, 三。" || len(pieces) != 4 || strings.Join(pieces, "") != text {
			t.Errorf("text %q, pieces %q", text, pieces)
		}
	}},
	{"a refusal", `
		[[rule]]
		name  = "long"
		error = "336103"`, func(t *testing.T, s server) {
		_, err := llms.GenerateFromSinglePrompt(t.Context(), newErnie(t, s), "你好")
		if err == nil || !strings.Contains(err.Error(), "error_code:336103, erro_msg:Prompt tokens too long, id:as-") {
			t.Errorf("error %v", err)
		}
	}},
	{"embeddings find what shares words", "", func(t *testing.T, s server) {
		embedder := must(vectors.NewEmbedder(newErnie(t, s)))(t)
		documents := must(embedder.EmbedDocuments(t.Context(), []string{"洋葱汤的做法", "今天北京天气晴"}))(t)
		query := must(embedder.EmbedQuery(t.Context(), "北京天气"))(t)
		if near, far := dot(query, documents[1]), dot(query, documents[0]); near <= far {
			t.Errorf("%v to what is asked for, %v to something else", near, far)
		}
	}},
}

func newErnie(t *testing.T, s server) *ernie.LLM {
	t.Helper()
	return must(ernie.New(
		ernie.WithHTTPClient(&http.Client{Transport: redirect(s.vendors)}),
		ernie.WithAccessToken("24.any"), ernie.WithModelName(ernie.ModelNameERNIEBot),
	))(t)
}

func dot(a, b []float32) (sum float32) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// redirect sends every request to another server, whatever host it names.
type redirect string

func (r redirect) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := req.Clone(req.Context())
	sent.URL.Scheme, sent.URL.Host = "http", strings.TrimPrefix(string(r), "http://")
	return http.DefaultTransport.RoundTrip(sent)
}
