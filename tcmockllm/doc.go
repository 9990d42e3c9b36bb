// Package tcmockllm runs mockllm, a double of Baidu Qianfan and Alibaba
// DashScope that fails on purpose, in a container for the length of a test:
//
//	mock, err := tcmockllm.Run(ctx, "mockllm:latest", tcmockllm.WithScenario("throttled.toml"))
//	defer testcontainers.TerminateContainer(mock)
//	if err != nil {
//		t.Fatal(err)
//	}
//	url, err := mock.BaseURL(ctx, "dashscope-compatible")
//
// It is a module of its own and knows mockllm by its image only. A test in Go
// that needs no container imports github.com/mockllm/mockllm instead, whose RunT
// starts in microseconds.
package tcmockllm
