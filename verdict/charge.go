package verdict

import "github.com/mockllm/mockllm/scenarios"

// A charge is what a client may be found to do wrong.
type charge struct {
	kind     scenarios.FindingKind
	severity Severity
	text     string
	instead  string
	find     func(*inquest) []Evidence
}

// charges lists every kind of finding, in the order of
// [scenarios.FindingKinds]. What may be as well a matter of taste, or of when
// the journal was read, is a warning.
func charges() []charge {
	return []charge{
		{scenarios.HopelessRetry, Failing, "The client sent again, unchanged, what cannot succeed unchanged.",
			"It reads the error's code, changes the request or the account, or reports the error.", hopelessRetries},
		{scenarios.GaveUp, Failing, "The client gave up at once on an error that passes by itself.",
			"It tries again after a pause, or with a new token.", gaveUps},
		{scenarios.TooEarly, Failing, "The client came back before it could succeed.",
			"It waits as long as Retry-After says, and spreads its attempts over the whole window.", earlyReturns},
		{scenarios.NoBackoff, Failing, "The client tried again and again with pauses that do not grow.",
			"It makes each pause longer than the one before, up to a bound.", flatPauses},
		{scenarios.NoJitter, Warning, "Many clients came back at the same time.",
			"It adds chance to every pause.", herds},
		{scenarios.RetryStorm, Failing, "The client made too many attempts.",
			"It bounds the attempts of a call, and the share of retries in all calls.", storms},
		{scenarios.TokenNotRenewed, Failing, "The client went on with an access token that had been refused.",
			"It drops the token as soon as it is refused, fetches a new one and sends the call once more.", staleTokens},
		{scenarios.TokenStampede, Failing, "Many workers fetched an access token at once.",
			"One worker fetches the token, the others wait for it.", stampedes},
		{scenarios.PaidTwice, Failing, "The client created again what the vendor had accepted, and pays twice.",
			"It looks for what it created before it creates it again.", paidTwice},
		{scenarios.PoisonResent, Failing, "The client kept in the conversation what had been refused.",
			"It takes the refused turn out of the conversation, or starts a new one.", poisons},
		{scenarios.ErrorAsSuccess, Failing, "The client took an error at HTTP 200 for the answer.",
			"It looks for an error in every body and every event before it uses them.", errorsAsSuccess},
		{scenarios.EarlyEndAsAnswer, Failing, "The client took half an answer for all of it.",
			"It takes an answer for whole only with its finish reason or end mark.", earlyEnds},
		{scenarios.NoReadTimeout, Failing, "The client waited on a silent connection until somebody else ended it.",
			"It leaves when nothing has come for some seconds.", endlessWaits},
		{scenarios.LeftOpen, Warning, "Answers were still under way at the end.",
			"It reads every answer to its end, or closes the connection.", leftOpen},
	}
}
