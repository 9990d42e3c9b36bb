package scenarios

// Unmatched reports whether no rule is about a request on which was decided. A
// request for which rules were not asked is none that they miss, nor is the
// handshake of a WebSocket, whose calls come later.
func (e *Engine) Unmatched(r *Request, d Decision) bool {
	switch d.Cause {
	case ByUnmatched, ByLimit, ByBody, BySuccess:
		op := (route{r.Dialect, r.Operation}).operationOf()
		return !op.Opens && len(e.matching(r, nil)) == 0
	default:
		return false
	}
}
