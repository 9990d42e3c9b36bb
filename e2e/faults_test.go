package e2e

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3/option"
)

// TestFaultsThroughOpenAI holds what OpenAI's Go SDK makes of a broken stream.
// The last column is what an application sees of it: that early-end is a silent
// success is the finding that this project exists for.
func TestFaultsThroughOpenAI(t *testing.T) {
	var cases []testCase
	for _, f := range []struct{ fault, text, surfaces string }{
		{`fault = { kind = "early-end", after_frames = 3 }`, "onetwo", "nothing"},
		{`fault = "early-end"`, "onetwothree", "nothing"},
		{`fault = "drop-done"`, "onetwothree", "nothing"},
		{`fault = { kind = "cut", after_frames = 3 }`, "onetwo", "unexpected EOF"},
		{`fault = { kind = "reset", after_frames = 3 }`, "onetwo", "connection reset"},
		{`fault = { kind = "stall", after_frames = 3, for = "50ms" }`, "onetwo", "unexpected EOF"},
		{`fault = { kind = "bad-chunk", after_frames = 3 }`, "onetwo", "invalid byte in chunk length"},
		{`fault = { kind = "bad-json", after_frames = 3 }`, "onetwo", "invalid character"},
		{`fault = { kind = "split" }`, "onetwothree", "nothing"},
		{`fault = { kind = "duplicate", after_frames = 1 }`, "oneonetwothree", "nothing"},
		{`fault = { kind = "reorder", after_frames = 1 }`, "twoonethree", "nothing"},
		{`fault = "empty"`, "", "EOF"},
		{`fault = "empty-body"`, "", "nothing"},
		{"error = \"data_inspection_failed\"\ndelivery = { mode = \"mid-stream\", after_frames = 3 }", "onetwo", "received error while streaming"},
		{"error = \"data_inspection_failed\"\ndelivery = \"event\"", "", "received error while streaming"},
		{"error = \"data_inspection_failed\"\ndelivery = \"framed\"", "", "400 Bad Request"},
		{"error = \"data_inspection_failed\"\ndelivery = \"body\"", "", "nothing"},
	} {
		scenario := "[[rule]]\nname = \"said\"\nwhen = { calls = \"1..\" }\n" + f.fault
		if strings.HasPrefix(f.fault, "fault") {
			scenario += "\n[[rule]]\nname = \"text\"\nreply = { frames = [\"one\", \"two\", \"three\"] }"
		} else {
			scenario = "[[rule]]\nname = \"said\"\n" + f.fault
		}
		cases = append(cases, testCase{strings.ReplaceAll(f.fault, "\n", ", "), scenario, func(t *testing.T, s server) {
			stream := s.openai(option.WithMaxRetries(0)).NewStreaming(t.Context(), chat())
			var text strings.Builder
			for stream.Next() {
				for _, c := range stream.Current().Choices {
					text.WriteString(c.Delta.Content)
				}
			}
			surfaced := fmt.Sprint(stream.Err())
			if stream.Err() == nil {
				surfaced = "nothing"
			}
			if !strings.Contains(surfaced, f.surfaces) || !strings.HasPrefix(f.fault, "error") && text.String() != f.text {
				t.Errorf("text %q and %s, want %q and %s", text.String(), surfaced, f.text, f.surfaces)
			}
		}})
	}
	runCases(t, cases)
}

// TestFaultsThroughQianfan does the same with the official Qianfan Go SDK.
func TestFaultsThroughQianfan(t *testing.T) {
	var cases []testCase
	for _, f := range []struct{ fault, text, surfaces string }{
		{`fault = { kind = "early-end", after_frames = 2 }`, "onetwo", "nothing"},
		{`fault = { kind = "cut", after_frames = 2 }`, "onetwo", "unexpected EOF"},
		{`fault = { kind = "reset", after_frames = 2 }`, "onetwo", "connection reset"},
		{`fault = { kind = "stall", after_frames = 2, for = "50ms" }`, "onetwo", "unexpected EOF"},
		{"error = \"336100\"\ndelivery = { mode = \"mid-stream\", after_frames = 2 }", "", "336100"},
		{"error = \"336100\"\ndelivery = { mode = \"mid-stream\", after_frames = 2, shape = \"bare\" }", "", "invalid character"}, // It takes the line for one with "data: ".
		{"error = \"336100\"\ndelivery = \"event\"", "", "336100"},
	} {
		scenario := "[[rule]]\nname = \"said\"\nmatch = { dialect = \"qianfan-v1\" }\n" + f.fault
		if strings.HasPrefix(f.fault, "fault") {
			scenario += "\n[[rule]]\nname = \"text\"\nmatch = { dialect = \"qianfan-v1\" }\nreply = { frames = [\"one\", \"two\", \"three\"] }"
		}
		cases = append(cases, testCase{strings.ReplaceAll(f.fault, "\n", ", "), scenario, func(t *testing.T, s server) {
			configure(t, s)
			answer := must(stream())(t)
			var text strings.Builder
			surfaced := "nothing"
			for range 100 {
				r, err := answer.Recv()
				if err != nil && !errors.Is(err, io.EOF) {
					surfaced = err.Error()
				}
				if err != nil {
					break
				}
				text.WriteString(r.Result)
				if answer.IsEnd {
					break
				}
			}
			if !strings.Contains(surfaced, f.surfaces) || f.text != "" && text.String() != f.text {
				t.Errorf("text %q and %s, want %q and %s", text.String(), surfaced, f.text, f.surfaces)
			}
		}})
	}
	runCases(t, cases)
}
