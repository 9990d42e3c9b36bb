package play

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestTakenOverWhileSending ends the reading of a body when its connection is
// taken over: net/http has no pity with who goes on.
func TestTakenOverWhileSending(t *testing.T) {
	ended := make(chan error, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		rest := NewRemainder(req.Body)
		reading := make(chan struct{})
		go func() {
			n, err := io.ReadFull(rest, make([]byte, 1))
			close(reading)
			for ; n > 0 || err == nil; n, err = rest.Read(make([]byte, 1000)) {
			}
			ended <- err
		}()
		<-reading
		conn, _, err := http.NewResponseController(WithRemainder(w, rest)).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	}))
	defer srv.Close()
	req, err := http.NewRequest(http.MethodPost, srv.URL, endless{})
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := http.DefaultClient.Do(req); err == nil {
		answer.Body.Close()
		t.Error("it is answered")
	}
	if err := <-ended; err == nil || err == io.EOF {
		t.Errorf("the body ends with %v", err)
	}
}
