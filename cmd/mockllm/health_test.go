package main

import "testing"

// In a container serve and health read the same variable, and what one listens
// on is not always what the other can dial.
func TestDialled(t *testing.T) {
	for listens, want := range map[string]string{
		"0.0.0.0:8081":   "localhost:8081",
		"[::]:8081":      "localhost:8081",
		":8081":          "localhost:8081",
		"127.0.0.1:8081": "127.0.0.1:8081",
		"10.0.0.7:8081":  "10.0.0.7:8081",
		"mockllm:8081":   "mockllm:8081",
		"[::1]:8081":     "[::1]:8081",
		"nonsense":       "nonsense",
	} {
		if got := dialled(listens); got != want {
			t.Errorf("dialled(%q) = %q, want %q", listens, got, want)
		}
	}
}
