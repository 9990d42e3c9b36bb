package verdict

import (
	"cmp"
	"slices"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
)

// An arrival says how much of an answer reached the client, as far as that can
// be known.
type arrival int

const (
	pending arrival = iota // It is still under way.
	whole                  // All of it, so that the client knows it.
	unclear                // A client may take it either way.
	broken                 // Not all of it, so that the client can see it.
)

// arrived says how much of the answer arrived, be it a success or an error.
func arrived(e *journal.Exchange) arrival {
	switch {
	case !e.Done:
		return pending
	case e.ClientLeft || e.Failed != "" || e.Status == 0:
		return broken
	}
	switch scenarios.FaultKind(e.Fault) {
	case "", scenarios.FaultDrip, scenarios.FaultSplit, scenarios.FaultDuplicate, scenarios.FaultReorder, scenarios.FaultIdleClose:
		return whole
	case scenarios.FaultWrongLength, scenarios.FaultWrongType:
		return unclear
	case scenarios.FaultDropDone:
		if lastFrameEnds(e.Dialect) {
			return broken
		}
		return unclear // The finish reason was there.
	default:
		return broken
	}
}

// lastFrameEnds reports whether the dialect's last frame says that the answer
// ends: there is no end mark behind it.
func lastFrameEnds(dialect string) bool {
	return dialect == catalog.DashScopeNative || dialect == catalog.QianfanV1
}

// accepted reports whether the vendor did what it was asked for, whether or not
// the answer arrived.
func accepted(e *journal.Exchange) bool {
	return e.Error == "" && e.Problem == "" && (e.Status < 400 || e.Fault == string(scenarios.FaultGatewayHTML))
}

// succeeded reports whether the client has what it asked for. Where that is
// unclear, it has.
func succeeded(e *journal.Exchange) bool {
	a := arrived(e)
	return accepted(e) && (a == whole || a == unclear)
}

// told reports whether the client was told the documented error.
func told(e *journal.Exchange) bool {
	a := arrived(e)
	return e.Error != "" && (a == whole || a == unclear)
}

// passes reports whether the client was told an error that passes by itself.
func passes(e *journal.Exchange) bool {
	return told(e) && (e.Retry == string(catalog.RetryBackoff) || e.Retry == string(catalog.RetryAfterWindow))
}

// caller names who called, as far as the journal tells callers apart.
func caller(e *journal.Exchange) string { return cmp.Or(e.KeyHash, e.Key) }

// ended returns when the answer was over.
func ended(e *journal.Exchange) time.Time { return e.Time.Add(e.Took) }

// gap returns how long the client paused between two attempts. What is not
// above 0 says nothing: a clock that is advanced by hand stood still.
func gap(before, after *journal.Exchange) time.Duration {
	return max(after.Time.Sub(ended(before)), 0)
}

func isToken(e *journal.Exchange) bool { return e.Operation == catalog.OpToken }

// partial reports whether the fault leaves the beginning of an answer, which a
// careless client takes for all of it.
func partial(e *journal.Exchange) bool {
	return slices.Contains([]scenarios.FaultKind{
		scenarios.FaultCut, scenarios.FaultEarlyEnd, scenarios.FaultDropDone, scenarios.FaultTruncate, scenarios.FaultGzipCut,
		scenarios.FaultBadChunk, scenarios.FaultBadJSON, scenarios.FaultBadSSE,
	}, scenarios.FaultKind(e.Fault))
}

// silent reports whether the fault keeps the connection open and sends nothing.
func silent(e *journal.Exchange) bool {
	kind := scenarios.FaultKind(e.Fault)
	return kind == scenarios.FaultHang || kind == scenarios.FaultStall
}
