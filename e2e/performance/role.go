package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"time"
)

// A role is a server that this program plays when it is started as one: what
// the product is compared with.
type role struct {
	Bare   *answer  `json:",omitempty"` // The same bytes by the shortest way that net/http has.
	ByHand *answer  `json:",omitempty"` // The same scenario as people write it for a test.
	Stream *cadence `json:",omitempty"` // The same stream likewise.
}

// An answer is what a server sends.
type answer struct {
	Status int
	Header http.Header // As spelt on the wire.
	Body   []byte
}

// A cadence is a stream of equal frames.
type cadence struct {
	answer
	Frames [][]byte
	Every  time.Duration
}

const (
	roleVariable = "MOCKLLM_PERFORMANCE_ROLE"
	addressMark  = "address "
)

// play serves the role that is given until it is killed. It reports whether
// there is one.
func play() bool {
	text, given := os.LookupEnv(roleVariable)
	if !given {
		return false
	}
	var r role
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		panic(err)
	}
	descriptors()
	switch {
	case r.ByHand != nil:
		s := httptest.NewServer(byHand(r.ByHand))
		fmt.Println(addressMark + s.Listener.Addr().String())
		select {}
	case r.Stream != nil:
		serve(r.Stream)
	default:
		serve(r.Bare)
	}
	return true
}

func serve(h http.Handler) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(addressMark + l.Addr().String())
	panic(http.Serve(l, h))
}

// ServeHTTP reads the body and writes the answer, and nothing else.
func (a *answer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.ReadAll(r.Body)
	a.head(w)
	w.Write(a.Body)
}

func (a *answer) head(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range a.Header {
		h[name] = values
	}
	w.WriteHeader(a.Status)
}

// ServeHTTP sleeps, writes and flushes.
func (c *cadence) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.ReadAll(r.Body)
	c.head(w)
	flusher := w.(http.Flusher)
	flusher.Flush()
	for i, frame := range c.Frames {
		if i > 0 {
			time.Sleep(c.Every)
		}
		if _, err := w.Write(frame); err != nil {
			return
		}
		flusher.Flush()
	}
}

// byHand is the scenario as somebody writes it in a test: it looks at the key,
// reads the body, makes the answer, and keeps the call to look at it later.
func byHand(a *answer) http.HandlerFunc {
	type call struct {
		header http.Header
		body   []byte
	}
	const kept = 10_000
	var mu sync.Mutex
	var calls []call
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var asked struct {
			Model    string
			Messages []struct{ Role, Content string }
		}
		if err == nil {
			err = json.Unmarshal(body, &asked)
		}
		if err != nil || r.Header.Get("Authorization") == "" || asked.Model == "" {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		mu.Lock()
		if calls = append(calls, call{r.Header, body}); len(calls) > kept {
			calls = calls[1:]
		}
		mu.Unlock()
		var answered any
		json.Unmarshal(a.Body, &answered)
		a.head(w)
		json.NewEncoder(w).Encode(answered)
	}
}
