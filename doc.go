// Package mockllm is a double of Baidu Qianfan (千帆) and Alibaba DashScope
// (百炼) that misbehaves on purpose, exactly as the vendors document it.
//
// In a Go test:
//
//	srv := mockllm.RunT(t, mockllm.ScenarioText(`
//	    [[rule]]
//	    name  = "throttled twice"
//	    when  = { calls = "1..2" }
//	    error = "Throttling.RateQuota"
//	`))
//	client := NewClient(srv.BaseURL("dashscope-compatible"))
//
// The command mockllm serves the same on a local URL for programs in any
// language.
//
// A [Server] has two handlers: the vendors' paths ([Server.Handler]) and the
// management of the server itself ([Server.AdminHandler]).
package mockllm
