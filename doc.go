// Package mockllm is a double of Baidu Qianfan (千帆) and Alibaba DashScope
// (百炼) that misbehaves on purpose, exactly as the vendors document it.
//
// In a Go test, point the client under test at it:
//
//	func TestRetriesThrottling(t *testing.T) {
//		srv := mockllm.RunT(t)
//		srv.Fail("Throttling.RateQuota", 2)
//
//		client := NewClient(srv.BaseURL("dashscope-compatible"), "any key")
//		if _, err := client.Chat(t.Context(), "Hello!"); err != nil {
//			t.Error(err)
//		}
//		srv.WantCalls(t, 3)
//		srv.WantError(t, "Throttling.RateQuota", 2)
//	}
//
// Every call succeeds but for what is asked for here, and for what the vendor
// would refuse. Errors have the vendor's own names; the command's "catalog list"
// and docs/errors.md list them, and a misspelt one fails the test.
//
// # Dialects
//
// A dialect is one of the vendors' APIs. [Server.BaseURL] takes its name and
// returns what clients of it take for their base URL:
//
//	dashscope-compatible  as OpenAI's chat completions: their SDKs
//	dashscope-responses   as OpenAI's responses
//	dashscope-anthropic   as Anthropic's messages: their SDKs
//	dashscope-native      DashScope's own: its SDKs
//	dashscope-ws          WebSockets: speech, realtime
//	qianfan-v2            as OpenAI's chat completions: their SDKs
//	qianfan-responses     as OpenAI's responses
//	qianfan-anthropic     as Anthropic's messages: their SDKs
//	qianfan-v1            Qianfan's first: its SDKs
//	qianfan-oauth         access tokens for it
//	qianfan-iam           bearer tokens
//	qianfan-console       management, such as fine-tuning
//
// There is an example for each below.
//
// # Scenarios
//
// A scenario says what goes wrong, and when: on the n-th call, for one model or
// prompt, with a probability, at first or in the middle of a stream; as a
// documented error, or as a connection that is reset, cut or silent. It comes
// from a file ([ScenarioFile]), stands in the test ([ScenarioText]), or is built in
// Go ([WithScenario]); docs/scenarios.md is about its language.
//
//	srv := mockllm.RunT(t, mockllm.ScenarioText(`
//		[[rule]]
//		name     = "moderated in the middle of the second answer"
//		when     = { calls = 2 }
//		error    = "data_inspection_failed"
//		delivery = { mode = "mid-stream", after_frames = 3 }
//	`))
//
// [FailUnmatched] fails a test for every call that no rule of its scenario
// matches. Tests that share a server take a [Namespace] each.
//
// # Time
//
// [Server.Advance] moves the vendor's time: limits, tokens, tasks. With [InMemory]
// there are no sockets, so that a test can run in a bubble of package
// testing/synctest, in which an hour of streaming passes in no time:
//
//	synctest.Test(t, func(t *testing.T) {
//		srv := mockllm.RunT(t, mockllm.InMemory(), mockllm.ScenarioText(`
//			[[rule]]
//			name  = "goes dead"
//			fault = { kind = "stall", after_frames = 2, for = "1h" }
//		`))
//		client := NewClient(srv.BaseURL("qianfan-v2"), "any key")
//		client.HTTPClient = srv.Client() // The only way there.
//		// …
//	})
//
// # What became of it
//
// [Server.Journal] tells of every exchange: what was asked, what was answered and
// why, and whether the client stayed to the end. [Server.Verdict] says how the
// client behaved: whether it retried what cannot succeed, came back too early, or
// took half an answer for all of it.
//
// The command mockllm serves the same on a local URL for programs in any language;
// a [Server] gives its two handlers as [Server.Handler], the vendors' paths, and
// [Server.AdminHandler], its own management.
package mockllm
