// Package verdict says how a client behaved: from a scenario and the journal
// of what happened, and from nothing else. It sees no server and reads no
// clock, so the same journal always gets the same verdict.
package verdict
