package verdict

import (
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// An Input is everything that a verdict is made of.
type Input struct {
	Scenario  *scenarios.Scenario
	File      string                    // Where the scenario was read from, for annotations; "" if from no file.
	Exchanges []journal.Exchange        // Of one namespace, oldest first.
	Evicted   uint64                    // How many exchanges made room in the journal.
	Unread    error                     // Why those of other servers of a deployment could not be read; nil if they could.
	Missed    map[string]journal.Missed // Why rules never fired, as far as that is known.
	Seed      uint64                    // The seed of all chance, for the report.
	Speed     float64                   // How many times faster vendor time went; 0 is what the scenario says.
}

// A Status is what a verdict comes to.
type Status string

// The values of [Status].
const (
	Pass         Status = "PASS"
	Fail         Status = "FAIL"         // The client did something wrong, and the evidence is there.
	Inconclusive Status = "INCONCLUSIVE" // Nothing wrong was seen, but too little happened, or was kept, to say that all is well.
)

// A Verdict says how a client behaved.
type Verdict struct {
	Status   Status `json:"status"`
	Scenario string `json:"scenario"`
	File     string `json:"file,omitempty"`
	Seed     uint64 `json:"seed"`

	Exchanges int    `json:"exchanges"` // What the journal holds.
	Calls     int    `json:"calls"`     // Logical calls: attempts of the same call count once.
	Evicted   uint64 `json:"evicted,omitempty"`

	Reasons      []string             `json:"reasons,omitempty"`      // Why it is not conclusive,
	ReasonsSaid  []sentences.Sentence `json:"reasons_said,omitempty"` // and the same for other languages.
	Expectations []Expectation        `json:"expectations"`           // In file order.
	Findings     []Finding            `json:"findings"`               // In the order of [scenarios.FindingKinds].
	Seen         []string             `json:"seen,omitempty"`         // The exchanges on which what is wrong rests, oldest first, each in a line.
}

// A Severity says what a finding does to the verdict.
type Severity string

// The values of [Severity].
const (
	Failing Severity = "failure" // It fails the verdict.
	Warning Severity = "warning" // It does not, unless the scenario says never.
	Allowed Severity = "allowed" // The scenario allows it.
)

// A Finding is one thing that the client does wrong, with all places where it
// was seen to. Nothing fills its texts: they are their own forms.
type Finding struct {
	Kind     scenarios.FindingKind `json:"kind"`
	Severity Severity              `json:"severity"`
	Text     string                `json:"text"`    // What the client did.
	Instead  string                `json:"instead"` // What a resilient client does.
	Count    int                   `json:"count"`   // How often it was seen.
	Evidence []Evidence            `json:"evidence"`
}

// Evidence is one place in the journal where something was seen.
type Evidence struct {
	Exchanges []uint64           `json:"exchanges"` // Their ids, oldest first.
	Text      string             `json:"text"`
	Said      sentences.Sentence `json:"said"` // The same for other languages.
}

// An Expectation is one key of an [[expect]], held against the journal.
type Expectation struct {
	Number    int                `json:"number"`         // Which [[expect]], from 1.
	Line      int                `json:"line,omitempty"` // Where it stands in the file.
	About     string             `json:"about"`          // Which calls it is about,
	AboutSaid sentences.Sentence `json:"about_said"`     // and the same for other languages.
	Key       string             `json:"key"`            // Such as "max_attempts".
	Want      string             `json:"want"`           // What the scenario says.
	Status    Status             `json:"status"`
	Text      string             `json:"text"` // What was found,
	Said      sentences.Sentence `json:"said"` // and the same for other languages.
	Evidence  []Evidence         `json:"evidence,omitempty"`
}

const (
	maxEvidence = 10 // Bounds the places that a report shows of one finding,
	maxSeen     = 20 // and the exchanges that it tells of.
)
