package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm"
)

// TestStoppedTwice: a second signal ends answers that the first one waits for.
func TestStoppedTwice(t *testing.T) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt) // Else one that is early ends the test.
	defer signal.Stop(signals)
	server, err := mockllm.Run(mockllm.ScenarioText("[[rule]]\nname = \"silent\"\nfault = \"hang\""))
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, server.BaseURL("dashscope-compatible")+"/chat/completions",
		strings.NewReader(`{"model": "qwen-plus", "messages": [{"role": "user", "content": "Hello!"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer any")
	asked := make(chan error, 1)
	go func() {
		_, err := http.DefaultClient.Do(req)
		asked <- err
	}()
	for len(server.Journal()) == 0 {
		runtime.Gosched()
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	ended, began := make(chan error, 1), time.Now()
	go func() { ended <- untilStopped(stopped, server, nil) }()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case err := <-ended:
			if took := time.Since(began); err != nil || took >= drainTime {
				t.Errorf("it ended after %v: %v", took, err)
			}
			if err := <-asked; err == nil {
				t.Error("a call without an answer was answered")
			}
			return
		default:
			if err := self.Signal(os.Interrupt); errors.Is(err, errors.ErrUnsupported) {
				t.Skip("no process can be interrupted here")
			}
			runtime.Gosched()
		}
	}
}
