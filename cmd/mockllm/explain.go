package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/scenarios"
)

func explainCommand(variables *problems) *cobra.Command {
	var f settings
	var request string
	var call uint
	c := &cobra.Command{
		Use:   "explain SCENARIO",
		Short: "Tell which rule would fire for a request, why the others not, and what would be sent",
		Example: `  mockllm explain throttle.toml --request request.http
  mockllm explain throttle.toml --request - --call 3 < request.http`,
		Args: exactly(1, "one scenario"),
		RunE: func(c *cobra.Command, args []string) error {
			f.scenario, f.named = args[0], "scenario"
			f.problems = append(f.problems, *variables...)
			return f.explain(c, request, call)
		},
	}
	f.addOverrides(c)
	c.Flags().StringVar(&request, "request", "-", "`file` with the request as raw HTTP/1.1; - is standard input")
	c.Flags().UintVar(&call, "call", 1, "explain the n-th time that this request comes")
	return c
}

func (f *settings) explain(c *cobra.Command, request string, call uint) error {
	options, _ := f.options()
	if call < 1 || call > 1_000_000 {
		f.problems.add("%s: calls are numbered from 1 to 1000000, not %d", spoken(f.flags, "call"), call)
	}
	raw, err := readRequest(request, c.InOrStdin())
	if err != nil {
		f.problems.add("%s: %v", spoken(f.flags, "request"), err)
	}
	if err := f.problems.err(); err != nil {
		return err
	}
	server, err := mockllm.New(options...)
	if err != nil {
		return err
	}
	var x mockllm.Explanation
	for range call {
		req, err := parseRequest(raw)
		if err != nil {
			return &usageError{[]string{"flag --request: " + err.Error()}}
		}
		if x, err = server.Explain(c.Context(), req); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	printExplanation(&text, x, server.Admin().Info().Seed)
	_, err = text.WriteTo(c.OutOrStdout())
	return err
}

// maxRequest bounds the request file.
const maxRequest = 16 << 20

func readRequest(name string, in io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(in, maxRequest))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxRequest))
}

// parseRequest reads raw HTTP/1.1. Line ends may be LF, and without a length
// the body is all that follows the header.
func parseRequest(raw []byte) (*http.Request, error) {
	head, body := splitRequest(raw)
	req, err := http.ReadRequest(bufio.NewReader(io.MultiReader(head, body)))
	if err != nil {
		return nil, fmt.Errorf("no HTTP/1.1 request: %s", clip(err.Error(), longestText)) // It quotes the first line, which may be all.
	}
	if req.Header.Get("Content-Length") == "" && req.TransferEncoding == nil {
		_, rest := splitRequest(raw)
		req.Body = io.NopCloser(rest)
	}
	return req, nil
}

func printExplanation(w io.Writer, x mockllm.Explanation, seed uint64) {
	r, d := x.Request, x.Decision
	fmt.Fprintf(w, "request   %s %s\n", r.Method, r.Path)
	if r.Dialect != "" {
		fmt.Fprintf(w, "read as   %s %s, model %q, stream %t\n", r.Dialect, r.Operation, r.Model, r.Stream)
	}
	for _, rule := range x.Rules {
		if rule.Why.Form != "" {
			fmt.Fprintf(w, "rule      %q does not fire: %s\n", rule.Rule, rule.Why)
		}
	}
	for _, f := range d.Fired {
		fmt.Fprintf(w, "rule      %q fires: call %d%s\n", f.Rule, f.N, detailOf(f, seed))
	}
	fmt.Fprintf(w, "answer    by %s%s\n", d.Cause, answerOf(x))
	if x.Upstream != "" {
		fmt.Fprintf(w, "upstream  %s, which is not asked%s\n", x.Upstream, damageOf(d))
	}
	for _, step := range x.Script {
		fmt.Fprintf(w, "  %s\n", step)
	}
}

// detailOf says what there is to say of a firing: the step, the roll, a hold.
func detailOf(f scenarios.Firing, seed uint64) string {
	var detail string
	if f.Step > 0 {
		detail += fmt.Sprintf(", step %d", f.Step)
	}
	if f.Roll > 0 {
		detail += fmt.Sprintf(", roll %.6f, seed %d", f.Roll, seed)
	}
	if f.Held {
		detail += ", held since it fired"
	}
	return detail
}

func answerOf(x mockllm.Explanation) string {
	switch d := x.Decision; {
	case d.Limit != "":
		return fmt.Sprintf(" %q: %s", d.Limit, d.Failure.Entry.ID())
	case d.Failure != nil:
		return ": " + d.Failure.Entry.ID()
	case d.Problem != nil:
		return ": " + d.Problem.Said().String()
	default:
		return ""
	}
}

// damageOf says what is done to an answer from upstream, which the script of
// one that is not streamed cannot show.
func damageOf(d scenarios.Decision) string {
	if d.Fault == nil {
		return ""
	}
	return fmt.Sprintf("; its answer gets the fault %s", d.Fault.Kind)
}
