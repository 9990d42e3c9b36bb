//go:build !race

package scenarios

// raced says whether the race detector runs.
const raced = false
