// Package recordings keeps what a real server answered: as a scenario that
// replays it, without any secret, and to compare it with what the mock would
// have sent.
package recordings
