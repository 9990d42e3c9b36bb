package scenarios

// A FindingKind names something that a client does wrong. What each means, and
// how it is recognised, is the verdict's business; see docs/verdict.md.
type FindingKind string

// The values of [FindingKind].
const (
	HopelessRetry    FindingKind = "hopeless-retry"              // Sent again unchanged what cannot succeed unchanged.
	GaveUp           FindingKind = "gave-up"                     // Never came back although it would have passed.
	TooEarly         FindingKind = "too-early"                   // Came back before it could pass.
	NoBackoff        FindingKind = "no-backoff"                  // Pauses that do not grow.
	NoJitter         FindingKind = "no-jitter"                   // Many clients came back at the same instant.
	RetryStorm       FindingKind = "retry-storm"                 // Too many attempts.
	TokenNotRenewed  FindingKind = "token-not-refreshed"         // Went on with a token that was refused.
	TokenStampede    FindingKind = "token-stampede"              // Every worker fetched a token of its own.
	PaidTwice        FindingKind = "paid-twice"                  // Created again what had been accepted.
	PoisonResent     FindingKind = "poison-resent"               // Kept in the conversation what had been refused.
	ErrorAsSuccess   FindingKind = "error-taken-for-success"     // Went on behind an error at HTTP 200.
	EarlyEndAsAnswer FindingKind = "early-end-taken-for-success" // Went on behind half an answer.
	NoReadTimeout    FindingKind = "no-read-timeout"             // Waited on silence without end.
	LeftOpen         FindingKind = "left-open"                   // Never finished reading an answer.
)

// FindingKinds returns every kind, in the order of reports.
func FindingKinds() []FindingKind {
	return []FindingKind{
		HopelessRetry, GaveUp, TooEarly, NoBackoff, NoJitter, RetryStorm, TokenNotRenewed, TokenStampede, PaidTwice,
		PoisonResent, ErrorAsSuccess, EarlyEndAsAnswer, NoReadTimeout, LeftOpen,
	}
}

// UnmarshalTOML reads a kind.
func (k *FindingKind) UnmarshalTOML(in any) error {
	var words []string
	for _, known := range FindingKinds() {
		words = append(words, string(known))
	}
	text, err := oneOf(in, words...)
	*k = FindingKind(text)
	return err
}
