package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
)

// again returns the one command that repeats a trial: the same scenario, and
// the same chance.
func (f *trialFlags) again(scenario string, seed uint64, args []string) string {
	words := []string{"mockllm", "run", "--scenario", scenario, "--seed", fmt.Sprint(seed)}
	for _, flag := range []struct{ name, value string }{
		{"--speed", f.speed}, {"--edition", f.edition}, {"--timeout", f.timeout},
	} {
		if flag.value != "" {
			words = append(words, flag.name, flag.value)
		}
	}
	if f.openai != catalog.DashScope {
		words = append(words, "--openai", f.openai)
	}
	words = append(append(words, "--"), args...)
	for i, word := range words {
		words[i] = quoted(word)
	}
	return strings.Join(words, " ")
}

// quoted returns a word as a shell reads it.
func quoted(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// writeAgain writes the command in Markdown, behind a fence that is longer than
// any in it.
func writeAgain(w io.Writer, command string) error {
	fence := "```"
	for strings.Contains(command, fence) {
		fence += "`"
	}
	_, err := fmt.Fprintf(w, "\nTo repeat it:\n\n%ssh\n%s\n%s\n", fence, command, fence)
	return err
}

// short leaves out of a duration what nobody reads.
func short(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
