package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// catalogFilter is which entries a list shows.
type catalogFilter struct {
	provider, family, retry, search string
	status                          int
	format                          string
}

func catalogCommand(variables *problems) *cobra.Command {
	var f catalogFilter
	c := &cobra.Command{
		Use:   "catalog",
		Short: "The documented errors",
		Args:  onlyCommands,
		RunE:  variables.unless(func(c *cobra.Command, _ []string) error { return f.list(c.OutOrStdout()) }),
	}
	list := &cobra.Command{
		Use:   "list",
		Short: "List the documented errors",
		Example: `  mockllm catalog list --provider dashscope --status 429
  mockllm catalog list --search 配额 --format json`,
		Args: exactly(0, "no arguments"),
		RunE: c.RunE,
	}
	for _, flags := range []*cobra.Command{c, list} {
		flags.Flags().StringVar(&f.provider, "provider", "", "qianfan or dashscope")
		flags.Flags().StringVar(&f.family, "family", "", "a family, such as capability")
		flags.Flags().StringVar(&f.retry, "retry", "", "no, after-fix, backoff, after-window or refresh-token")
		flags.Flags().StringVar(&f.search, "search", "", "words in code, message or meaning, in either language")
		flags.Flags().IntVar(&f.status, "status", 0, "HTTP status in any edition")
		flags.Flags().StringVar(&f.format, "format", "table", "table, json or markdown")
	}
	c.AddCommand(list, catalogShowCommand(variables))
	return c
}

func (f *catalogFilter) list(w io.Writer) error {
	if problems := f.check(); len(problems) > 0 {
		return &usageError{problems}
	}
	entries := []*catalog.Entry{}
	for _, e := range catalog.All() {
		if f.shows(e) {
			entries = append(entries, e)
		}
	}
	switch f.format {
	case "json":
		return listJSON(w, entries)
	case "markdown":
		return listMarkdown(w, entries)
	default:
		return listTable(w, entries)
	}
}

func (f *catalogFilter) check() []string {
	var families []string
	for _, family := range catalog.Families() {
		families = append(families, family.Name)
	}
	slices.Sort(families)
	families = slices.Compact(families)
	var problems []string
	for _, flag := range []struct {
		name, value string
		allowed     []string
	}{
		{"provider", f.provider, []string{catalog.DashScope, catalog.Qianfan}},
		{"family", f.family, families},
		{"retry", f.retry, []string{"no", "after-fix", "backoff", "after-window", "refresh-token"}},
		{"format", f.format, []string{"table", "json", "markdown"}},
	} {
		if flag.value != "" && !slices.Contains(flag.allowed, flag.value) {
			problems = append(problems, fmt.Sprintf("flag --%s: unknown value %q; it is one of %s", flag.name, flag.value, strings.Join(flag.allowed, ", ")))
		}
	}
	if f.status != 0 && (f.status < 100 || f.status > 599) {
		problems = append(problems, fmt.Sprintf("flag --status: %d is no HTTP status", f.status))
	}
	return problems
}

func (f *catalogFilter) shows(e *catalog.Entry) bool {
	if f.provider != "" && e.Provider != f.provider || f.family != "" && e.Family != f.family {
		return false
	}
	if f.retry != "" && !slices.ContainsFunc(e.Variants, func(v catalog.Variant) bool { return string(v.Retry) == f.retry }) {
		return false
	}
	if f.status != 0 && !slices.Contains(statuses(e), f.status) {
		return false
	}
	return f.search == "" || e.Mentions(f.search)
}

// statuses returns every status that the entry can have, sorted.
func statuses(e *catalog.Entry) []int {
	var all []int
	for _, name := range e.Dialects {
		d, known := catalog.DialectNamed(name)
		if !known {
			continue
		}
		for i := range e.Variants {
			for _, edition := range catalog.Editions() {
				if s := e.Variants[i].StatusOn(d, edition); s != 0 && e.Variants[i].CarriedBy(name) {
					all = append(all, s)
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func statusText(e *catalog.Entry) string {
	if e.ClientSide != "" {
		return "-"
	}
	var texts []string
	for _, s := range statuses(e) {
		texts = append(texts, strconv.Itoa(s))
	}
	return strings.Join(texts, " ")
}

func listTable(w io.Writer, entries []*catalog.Entry) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tSTATUS\tRETRY\tMESSAGE")
	for _, e := range entries {
		v := e.Variants[0]
		more := ""
		if n := len(e.Variants) - 1; n > 0 {
			more = fmt.Sprintf(" (+%d)", n)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s%s\n", e.ID(), statusText(e), v.Retry, shorten(v.Message, 70), more)
	}
	return t.Flush()
}

func shorten(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

func listMarkdown(w io.Writer, entries []*catalog.Entry) error {
	family := ""
	for _, e := range entries {
		if name := e.Provider + "/" + e.Family; name != family {
			family = name
			fmt.Fprintf(w, "\n## %s\n\n| code | status | retry | messages | meaning | 含义 |\n|---|---|---|---|---|---|\n", family)
		}
		var messages, retries []string
		for _, v := range e.Variants {
			messages = append(messages, markdownCell(v.Message))
			retries = append(retries, string(v.Retry))
		}
		slices.Sort(retries)
		code := markdownCell(e.Code)
		if e.CompatibleCode != "" {
			code += "<br>" + markdownCell(e.CompatibleCode)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", code, statusText(e),
			strings.Join(slices.Compact(retries), ", "), strings.Join(messages, "<br>"), markdownCell(e.Meaning), markdownCell(e.MeaningZH))
	}
	return nil
}

// markdownCell keeps text from being read as table or markup.
func markdownCell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`, "[", `\[`, "`", "\\`", "\n", " ").Replace(text)
}

func listJSON(w io.Writer, entries []*catalog.Entry) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(catalog.Listing(entries))
}

func catalogShowCommand(variables *problems) *cobra.Command {
	var variant int
	var edition string
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show one error, and the very bytes that each dialect sends",
		Example: `  mockllm catalog show Throttling.RateQuota
  mockllm catalog show qianfan/capability/336003 --variant 3`,
		Args: exactly(1, "one id or code"),
		RunE: variables.unless(func(c *cobra.Command, args []string) error {
			return showEntry(c.OutOrStdout(), args[0], variant, catalog.Edition(edition))
		}),
	}
	c.Flags().IntVar(&variant, "variant", 0, "the `number` of the message whose bytes are shown, from 1")
	c.Flags().StringVar(&edition, "edition", string(catalog.EditionSeed), "whose statuses are shown: seed, 2026-05 or 2026-late")
	return c
}

func showEntry(w io.Writer, name string, variant int, edition catalog.Edition) error {
	e, err := catalog.Resolve(name, catalog.Scope{})
	if err != nil {
		return &usageError{[]string{err.Error()}}
	}
	if variant < 0 || variant > len(e.Variants) {
		return &usageError{[]string{fmt.Sprintf("flag --variant: %s has messages 1 to %d", e.ID(), len(e.Variants))}}
	}
	if !slices.Contains(catalog.Editions(), edition) {
		return &usageError{[]string{fmt.Sprintf("flag --edition: unknown edition %q; it is one of %s", edition, catalog.List(catalog.Editions()))}}
	}
	fmt.Fprintf(w, "%s\n%s\n%s\nsource: %s\n", e.ID(), e.Meaning, e.MeaningZH, e.Source)
	if e.CompatibleCode != "" {
		fmt.Fprintf(w, "compatible code: %s\n", e.CompatibleCode)
	}
	for i, v := range e.Variants {
		fmt.Fprintf(w, "\n%d  %s\n   retry %s, origin %s, %s%s\n", i+1, v.Message, v.Retry, v.Origin, v.Confidence, realistic(v))
	}
	if e.ClientSide != "" {
		fmt.Fprintf(w, "\nnever on the wire: %s\n", e.ClientSide)
		return nil
	}
	if !showBytes(w, e, variant, edition) {
		fmt.Fprintf(w, "\nnothing here can be asked for it yet: it arrives on %s\n", strings.Join(e.Dialects, ", "))
	}
	return nil
}

func realistic(v catalog.Variant) string {
	if v.Realistic {
		return ", our wording"
	}
	return ""
}

// showBytes shows the variant asked for, or for each dialect its first, and
// reports whether there was anything to show.
func showBytes(w io.Writer, e *catalog.Entry, variant int, edition catalog.Edition) bool {
	shown := map[string]bool{}
	for i := range e.Variants {
		if variant != 0 && i != variant-1 {
			continue
		}
		for _, s := range responders.Samples(e, &e.Variants[i], edition) {
			key := fmt.Sprint(s.Dialect, s.Path, s.Stream)
			if shown[key] {
				continue
			}
			shown[key] = true
			call, script := sampled(s)
			fmt.Fprintf(w, "\n--- %s, %s, message %d\n%s\n", s.Dialect, call, i+1, strings.TrimRight(strings.ReplaceAll(string(script.Transcript()), "\r\n", "\n"), "\n"))
		}
	}
	return len(shown) > 0
}

// sampled says which call a sample is of, and what would be sent.
func sampled(s responders.Sample) (call string, script play.Script) {
	d, _ := catalog.DialectNamed(s.Dialect)
	switch {
	case s.Socket != nil:
		call = "a call on the WebSocket"
		script, _ = play.PlanSocket(scenarios.Decision{}, nil).Plan(*s.Socket)
	case d.Sockets:
		call = "the handshake"
	case s.Stream:
		call = "a streaming call"
	default:
		call = "a plain call"
	}
	if s.Socket == nil {
		script = play.Plan(s.Message, scenarios.Decision{}, nil)
	}
	if s.Path != "" {
		call += " of " + s.Path
	}
	return call, script
}
