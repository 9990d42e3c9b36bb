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
// and afterwards, what became of it:
//
//	srv.WantCalls(t, 3)
//	srv.WantError(t, "Throttling.RateQuota", 2)
//
// A scenario comes from a file ([ScenarioFile]), stands in the test
// ([ScenarioText]), or is built in Go ([WithScenario]). Without any, every call
// succeeds, [Server.Fail] throws single errors, and what the vendor would refuse
// is refused. There is an example for every dialect below.
//
// [RunT] serves on a free loopback port. [InMemory] does without: in a bubble of
// package testing/synctest, an hour of streaming passes in no time. The test
// gives its client the transport of [Server.Client], and calls RunT in the
// bubble. [Server.Advance] moves the vendor's time without a bubble.
//
// Tests that share a server take a [Namespace] each. [FailUnmatched] fails a
// test for every call that no rule of its scenario matches.
//
// The command mockllm serves the same on a local URL for programs in any
// language.
//
// A [Server] has two handlers: the vendors' paths ([Server.Handler]) and the
// management of the server itself ([Server.AdminHandler]).
package mockllm
