module github.com/mockllm/mockllm/e2e

go 1.26.0

require (
	github.com/baidubce/bce-qianfan-sdk/go/qianfan v0.0.15
	github.com/devinyf/dashscopego v0.1.1
	github.com/openai/openai-go/v3 v3.96.0
	github.com/rogpeppe/go-internal v1.16.0
	github.com/mockllm/mockllm v0.0.0-00010101000000-000000000000
)

replace github.com/mockllm/mockllm => ../
