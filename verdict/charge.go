package verdict

import (
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// A charge is what a client may be found to do wrong.
type charge struct {
	kind     scenarios.FindingKind
	severity Severity
	text     sentences.Sentence
	instead  sentences.Sentence
	find     func(*inquest) []Evidence
}

// charges lists every kind of finding, in the order of
// [scenarios.FindingKinds]. What may be as well a matter of taste, or of when
// the journal was read, is a warning.
func charges() []charge {
	return []charge{
		{scenarios.HopelessRetry, Failing, sentences.Plain("The client sent again, unchanged, what cannot succeed unchanged."),
			sentences.Plain("It reads the error's code, changes the request or the account, or reports the error."), hopelessRetries},
		{scenarios.GaveUp, Failing, sentences.Plain("The client gave up at once on what passes by itself."),
			sentences.Plain("It tries again after a pause, or with a new token."), gaveUps},
		{scenarios.TooEarly, Failing, sentences.Plain("The client came back before it could succeed."),
			sentences.Plain("It waits as long as Retry-After says or until the window is over, and reports the error of one that lasts a day."), earlyReturns},
		{scenarios.NoBackoff, Failing, sentences.Plain("The client tried again and again with pauses that do not grow."),
			sentences.Plain("It makes each pause longer than the one before, up to a bound."), flatPauses},
		{scenarios.NoJitter, Warning, sentences.Plain("Many clients came back at the same time."),
			sentences.Plain("It adds chance to every pause."), herds},
		{scenarios.RetryStorm, Failing, sentences.Plain("The client made too many attempts."),
			sentences.Plain("It bounds the attempts of a call, and the share of retries in all calls."), storms},
		{scenarios.TokenNotRenewed, Failing, sentences.Plain("The client went on with an access token that had been refused."),
			sentences.Plain("It drops the token as soon as it is refused, fetches a new one and sends the call once more."), staleTokens},
		{scenarios.TokenStampede, Failing, sentences.Plain("Many workers fetched an access token at once."),
			sentences.Plain("One worker fetches the token, the others wait for it."), stampedes},
		{scenarios.PaidTwice, Failing, sentences.Plain("The client created again what the vendor had accepted, and pays twice."),
			sentences.Plain("It looks for what it created before it creates it again."), paidTwice},
		{scenarios.PoisonResent, Failing, sentences.Plain("The client kept in the conversation what had been refused."),
			sentences.Plain("It takes the refused turn out of the conversation, or starts a new one."), poisons},
		{scenarios.ErrorAsSuccess, Failing, sentences.Plain("The client took an error at HTTP 200 for the answer."),
			sentences.Plain("It looks for an error in every body and every event before it uses them."), errorsAsSuccess},
		{scenarios.EarlyEndAsAnswer, Failing, sentences.Plain("The client took half an answer for all of it."),
			sentences.Plain("It takes an answer for whole only with its finish reason or end mark."), earlyEnds},
		{scenarios.NoReadTimeout, Failing, sentences.Plain("The client waited on a silent connection until somebody else ended it."),
			sentences.Plain("It leaves when nothing has come for some seconds."), endlessWaits},
		{scenarios.LeftOpen, Warning, sentences.Plain("Answers were still under way at the end."),
			sentences.Plain("It reads every answer to its end, or closes the connection."), leftOpen},
	}
}
