package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestWire looks at the bytes, where SDKs hide them.
func TestWire(t *testing.T) { runCases(t, wireCases()) }

// said is what is answered in the cases of a native stream; its pieces are odd
// on purpose.
const said = "One, two, 三。Line\nbreak and \"quote\"."

const saidRule = `
	[[rule]]
	name  = "said"
	reply = { text = "One, two, 三。Line\nbreak and \"quote\".", frames = 6 }`

func wireCases() []testCase {
	cases := []testCase{
		{"Qianfan's model service gives an id, its gateway none", "", func(t *testing.T, s server) {
			for endpoint, want := range map[string]string{
				"mockllm-error-336003": `^\{"error_code":336003,"error_msg":"[^"]+","id":"as-[a-z0-9]{10}"\}$`,
				"mockllm-error-18":     `^\{"error_code":18,"error_msg":"Open api qps request limit reached"\}$`,
			} {
				path := "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/" + endpoint + "?access_token=24.any"
				answer, body := s.post(t, path, `{"messages":[{"role":"user","content":"hi"}]}`)
				if !regexp.MustCompile(want).MatchString(body) || answer.StatusCode != 200 {
					t.Errorf("%s: %s %s", endpoint, answer.Status, body)
				}
			}
		}},
		{"an answer names the rule that made it", saidRule, func(t *testing.T, s server) {
			answer, _ := s.post(t, nativePath, nativeBody("message", false))
			if got := answer.Header.Get("X-Mockllm-Rule"); !strings.HasPrefix(got, "said") {
				t.Errorf("X-Mockllm-Rule %q", got)
			}
		}},
		{"no path of any vendor", "", func(t *testing.T, s server) {
			answer, body := s.post(t, "/v1/chat/completions", "{}")
			if answer.StatusCode != 404 || !strings.HasPrefix(body, `{"mockllm":`) ||
				!strings.Contains(body, "did you mean /compatible-mode/v1/chat/completions?") {
				t.Errorf("%s %s", answer.Status, body)
			}
		}},
	}
	for _, format := range []string{"message", "text"} {
		cases = append(cases,
			testCase{"native, " + format, saidRule, func(t *testing.T, s server) {
				_, body := s.post(t, nativePath, nativeBody(format, false))
				wantSaid(t, parseAnswer(t, format, body))
			}},
			testCase{"native stream of pieces, " + format, saidRule, func(t *testing.T, s server) {
				wantSaid(t, join(s.nativeEvents(t, format, true)))
			}},
			testCase{"native stream of all so far, " + format, saidRule, func(t *testing.T, s server) {
				events := s.nativeEvents(t, format, false)
				for i, e := range events[1:] {
					if !strings.HasPrefix(e.text, events[i].text) {
						t.Errorf("event %d has %q after %q", i+2, e.text, events[i].text)
					}
				}
				wantSaid(t, events[len(events)-1])
			}},
		)
	}
	return cases
}

const nativePath = "/api/v1/services/aigc/text-generation/generation"

func nativeBody(format string, incremental bool) string {
	return fmt.Sprintf(`{"model":"qwen-plus","input":{"prompt":"hi"},"parameters":{"result_format":%q,"incremental_output":%t}}`, format, incremental)
}

// post sends a JSON body as DashScope's clients do. Headers come in pairs.
func (s server) post(t *testing.T, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	request := must(http.NewRequestWithContext(t.Context(), http.MethodPost, s.vendors+path, strings.NewReader(body)))(t)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer sk-any")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer := must(http.DefaultClient.Do(request))(t)
	defer answer.Body.Close()
	return answer, string(must(io.ReadAll(answer.Body))(t))
}

// spoken is what an answer, or an event of a stream, says.
type spoken struct{ text, finish string }

func join(events []spoken) (all spoken) {
	for _, e := range events {
		all.text += e.text
		all.finish = e.finish
	}
	return all
}

func wantSaid(t *testing.T, got spoken) {
	t.Helper()
	if want := (spoken{said, "stop"}); got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

// parseAnswer reads either format, and refuses an answer in the other one.
func parseAnswer(t *testing.T, format, data string) spoken {
	t.Helper()
	var answer struct {
		Output struct {
			Text    *string
			Finish  string `json:"finish_reason"`
			Choices []struct {
				Message struct{ Role, Content string }
				Finish  string `json:"finish_reason"`
			}
		}
	}
	if err := json.Unmarshal([]byte(data), &answer); err != nil {
		t.Fatalf("%v in %q", err, data)
	}
	out := answer.Output
	switch {
	case format == "text" && out.Text != nil && out.Choices == nil:
		return spoken{*out.Text, out.Finish}
	case format == "message" && out.Text == nil && len(out.Choices) == 1 && out.Choices[0].Message.Role == "assistant":
		return spoken{out.Choices[0].Message.Content, out.Choices[0].Finish}
	}
	t.Fatalf("format is not %s: %s", format, data)
	return spoken{}
}

// nativeEvents asks for a stream and reads its events; all but the last say
// that it goes on.
func (s server) nativeEvents(t *testing.T, format string, incremental bool) []spoken {
	t.Helper()
	answer, body := s.post(t, nativePath, nativeBody(format, incremental), "X-DashScope-SSE", "enable")
	if got := answer.Header.Get("Content-Type"); got != "text/event-stream;charset=UTF-8" {
		t.Fatalf("content type %q: %s", got, body)
	}
	var events []spoken
	for i, event := range strings.Split(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		data, found := strings.CutPrefix(event, fmt.Sprintf("id:%d\nevent:result\n:HTTP_STATUS/200\ndata:", i+1))
		if !found {
			t.Fatalf("event %d is %q", i+1, event)
		}
		events = append(events, parseAnswer(t, format, data))
		if more := events[i].finish == "null"; more != (i < 6) {
			t.Errorf("event %d ends with %q", i+1, events[i].finish)
		}
	}
	return events
}
