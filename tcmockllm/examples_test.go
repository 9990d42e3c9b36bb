package tcmockllm_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"

	"github.com/testcontainers/testcontainers-go"

	"github.com/mockllm/mockllm/tcmockllm"
)

// TestExamples runs the examples and holds what they print: they need an
// engine, so that go test must not run them by itself.

func ExampleRun() {
	ctx := context.Background()
	mock, err := tcmockllm.Run(ctx, "mockllm:latest",
		tcmockllm.WithScenario("testdata/throttled.toml"),
		tcmockllm.WithSeed(42),
	)
	defer func() {
		if err := testcontainers.TerminateContainer(mock); err != nil {
			log.Print(err)
		}
	}()
	if err != nil {
		log.Print(err)
		return
	}

	url, err := mock.BaseURL(ctx, "dashscope-compatible")
	if err != nil {
		log.Print(err)
		return
	}
	for range 3 {
		req, err := http.NewRequestWithContext(ctx, "POST", url+"/chat/completions",
			strings.NewReader(`{"model": "qwen-plus", "messages": [{"role": "user", "content": "Hello!"}]}`))
		if err != nil {
			log.Print(err)
			return
		}
		req.Header.Set("Authorization", "Bearer any")
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			log.Print(err)
			return
		}
		answer.Body.Close()
		fmt.Println(answer.Status)
	}
	// Prints:
	// 429 Too Many Requests
	// 429 Too Many Requests
	// 200 OK
}

func ExampleAdmin() {
	ctx := context.Background()
	mock, err := tcmockllm.Run(ctx, "mockllm:latest")
	defer func() {
		if err := testcontainers.TerminateContainer(mock); err != nil {
			log.Print(err)
		}
	}()
	if err != nil {
		log.Print(err)
		return
	}

	admin, err := mock.Admin(ctx)
	if err != nil {
		log.Print(err)
		return
	}
	// The next call fails, whatever it is; one of another namespace does not.
	if _, err := admin.Throw(ctx, tcmockllm.Fault{"error": "data_inspection_failed"}); err != nil {
		log.Print(err)
		return
	}
	url, err := mock.BaseURL(ctx, "dashscope-compatible")
	if err != nil {
		log.Print(err)
		return
	}
	req, err := http.NewRequestWithContext(ctx, "GET", url+"/models", nil)
	if err != nil {
		log.Print(err)
		return
	}
	req.Header.Set("Authorization", "Bearer any")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Print(err)
		return
	}
	answer.Body.Close()

	exchanges, err := admin.Journal(ctx)
	if err != nil {
		log.Print(err)
		return
	}
	for _, e := range exchanges {
		fmt.Println(e.Operation, e.Cause, e.Status, e.Error)
	}
	// Prints:
	// models one-shot 400 dashscope/model/DataInspectionFailed
}
