package mockllm_test

import (
	"fmt"
	"time"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/scenarios"
)

// A scenario in a file, which the command takes too. Mistakes in it are told with
// file and line.
func ExampleScenarioFile() {
	srv := serve(mockllm.ScenarioFile("examples/throttled.toml"))
	defer srv.Close()

	fmt.Println(ask(srv.BaseURL("dashscope-compatible")))
	// Output: 429 Too Many Requests
}

// A scenario in the test itself.
func ExampleScenarioText() {
	srv := serve(mockllm.ScenarioText(`
		[[rule]]
		name   = "scripted"
		match  = { model = "qwen-*" }
		step   = [ { error = "Throttling.RateQuota", times = 2 }, { error = "Arrearage" } ]
		then   = "pass"`))
	defer srv.Close()

	for range 4 {
		fmt.Println(ask(srv.BaseURL("dashscope-compatible")))
	}
	// Output:
	// 429 Too Many Requests
	// 429 Too Many Requests
	// 400 Bad Request
	// 200 OK
}

// A scenario that is built in Go, for tests that vary it. What a file could not
// hold is refused in the same words. A key that may be left out is a pointer:
// new(…) makes one of any value.
func ExampleWithScenario() {
	for _, code := range []string{"Throttling.RateQuota", "Throttling.BurstRate"} {
		srv := serve(mockllm.WithScenario(&scenarios.Scenario{Rules: []scenarios.Rule{
			{
				Name:    "throttled, then slow",
				Match:   scenarios.Match{Dialect: "dashscope-compatible", Model: "qwen-*"},
				When:    scenarios.When{Calls: &scenarios.Calls{From: 1, To: 1}},
				Outcome: scenarios.Outcome{Error: code, RetryAfter: new(scenarios.Duration(time.Second))},
			},
			{
				Name:    "scripted",
				When:    scenarios.When{Calls: scenarios.CallsFrom(2), Probability: new(scenarios.Probability(1))},
				Outcome: scenarios.Outcome{Reply: &scenarios.Reply{Text: new("Fine.")}, Latency: &scenarios.Latency{FirstByte: scenarios.Fixed(time.Millisecond)}},
			},
		}}))
		fmt.Println(ask(srv.BaseURL("dashscope-compatible")), ask(srv.BaseURL("dashscope-compatible")))
		srv.Close()
	}
	// Output:
	// 429 Too Many Requests 200 OK
	// 429 Too Many Requests 200 OK
}

// An error that is thrown once, without any scenario.
func ExampleServer_Fail() {
	srv := serve()
	defer srv.Close()

	srv.Fail("rpm_rate_limit_exceeded", 1)
	for range 2 {
		fmt.Println(ask(srv.BaseURL("qianfan-v2")))
	}
	// Output:
	// 429 Too Many Requests
	// 200 OK
}

// A limit of calls per minute, whose next minute comes at once.
func ExampleServer_Advance() {
	srv := serve(mockllm.ScenarioText(`
		[[limit]]
		rpm = 1`))
	defer srv.Close()

	for range 2 {
		fmt.Println(ask(srv.BaseURL("qianfan-v2")))
	}
	srv.Advance(time.Minute)
	fmt.Println(ask(srv.BaseURL("qianfan-v2")))
	// Output:
	// 200 OK
	// 429 Too Many Requests
	// 200 OK
}

// What the client did wrong, with the exchanges that show it: here it repeats what
// cannot succeed before somebody has paid.
func ExampleServer_Verdict() {
	srv := serve()
	defer srv.Close()

	srv.Fail("Arrearage", 2)
	for range 2 {
		ask(srv.BaseURL("dashscope-compatible"))
	}
	v := srv.Verdict()
	fmt.Println(v.Status)
	for _, f := range v.Findings {
		fmt.Println(f.Kind, f.Evidence[0].Exchanges)
	}
	// Output:
	// FAIL
	// hopeless-retry [1 2]
}

// Tests that run at the same time share a server, and take a namespace each.
func ExampleServer_Namespace() {
	srv := serve()
	defer srv.Close()

	a, b := srv.Namespace("a"), srv.Namespace("b")
	a.Fail("Throttling.RateQuota", 1)
	fmt.Println(ask(a.BaseURL("dashscope-compatible")))
	fmt.Println(ask(b.BaseURL("dashscope-compatible")))
	fmt.Println(len(a.Journal()), len(b.Journal()), len(srv.Journal()))
	// Output:
	// 429 Too Many Requests
	// 200 OK
	// 1 1 0
}
