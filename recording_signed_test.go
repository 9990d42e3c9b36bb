package mockllm

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestNoSecretInText plants secrets where no name of a field or a header gives
// them away: in signed addresses, in user and password of one, and in what is
// quoted of a header.
func TestNoSecretInText(t *testing.T) {
	const (
		signature = "q0Zx%2Bsignature%2F77%3D"
		access    = "LTAI5tPlantedAccess"
		session   = "CAISplantedsession00"
		signer    = "plantedsigner0123456"
		password  = "plantedpassword"
		bearer    = "planted.bearer-token_99"
		basic     = "cGxhbnRlZDpiYXNpYzEyMw=="
	)
	signed := "https://results.example/a/b.png?Expires=1700&OSSAccessKeyId=" + access + "&Signature=" + signature + "&x-oss-process=image"
	session1 := "http://files.example/v1/a?authorization=bce-auth-v1%2F" + signer + "%2F2026&x-bce-security-token=" + session
	signer1 := "bce-auth-v1/" + signer + "/2026-05-28T08:00:00Z/1800/host/00"
	texts := []string{
		signed, session1, strings.ReplaceAll(signed, "&", `\u0026`), strings.ReplaceAll(signed, "&", "&amp;"), "http://bob:" + password + "@files.example/a",
		"curl -H 'Authorization: Bearer " + bearer + "'", "authorization: basic " + basic, url.QueryEscape(signed), url.QueryEscape(session1), signer1, url.QueryEscape(signer1),
	}
	secrets := []string{signature, "signature%2F77", "signature%252F77", access, session, signer, password, bearer, basic}
	for i, text := range texts {
		upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-See", text)
			if strings.Contains(r.URL.Path, "files") {
				w.Header().Set("Content-Type", "text/event-stream")
				fmt.Fprintf(w, "data: {\"delta\":\"%s\"}\n\n", text)
				return
			}
			fmt.Fprintf(w, `{"output":{"results":[{"url":"%s"}]},"text":"see <%s>, or (%s)"}`, text, text, text)
		}))
		r := recorded(t, upstream.URL, func(front *Server) {
			for _, path := range []string{chatPath, "/v2/files"} {
				req, _ := http.NewRequest(http.MethodPost, front.URL()+path, strings.NewReader(`{"model":"m","messages":[{"role":"user","content":"look at `+text+` please"}]}`))
				req.Header.Set("Referer", text)
				answer, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		})
		upstream.Close()
		for _, secret := range secrets {
			if at := strings.Index(string(r.Text), secret); at >= 0 {
				t.Errorf("text %d: %q is saved: …%s…", i, secret, r.Text[max(at-80, 0):at+len(secret)])
			}
		}
		if i == 0 && !strings.Contains(string(r.Text), "https://results.example/a/b.png?Expires=1700&OSSAccessKeyId=") {
			t.Errorf("more than the secret is hidden:\n%s", r.Text)
		}
	}
}
