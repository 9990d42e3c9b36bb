package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/mockllm/mockllm/verdict"
)

// write writes the scorecard.
func (s *scorecard) write(w io.Writer, format string) error {
	switch format {
	case "json":
		return s.writeJSON(w)
	case "markdown":
		return s.writeMarkdown(w)
	default:
		return s.writeText(w)
	}
}

func (s *scorecard) writeJSON(w io.Writer) error {
	return writeJSON(w, struct {
		Totals    string `json:"totals"`
		NotRun    int    `json:"not_run,omitempty"`
		Scenarios []row  `json:"scenarios"`
	}{s.totals(), s.left, s.rows})
}

func writeJSON(w io.Writer, value any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(value)
}

// writeText writes a line for each scenario, and below it how to repeat it if
// it did not pass.
func (s *scorecard) writeText(w io.Writer) error {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "STATUS\tSCENARIO\tTIME\tFINDINGS")
	for _, r := range s.rows {
		fmt.Fprintf(t, "%s\t%s\t%.1fs\t%s\n", r.Status, r.Scenario, r.Seconds, strings.Join(slices.Concat(r.Findings, r.Notes), "; "))
	}
	t.Flush()
	fmt.Fprintf(&b, "\n%s\n", s.totals())
	for _, r := range s.rows {
		if r.Status != verdict.Pass {
			fmt.Fprintf(&b, "to repeat: %s\n", r.Again)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (s *scorecard) writeMarkdown(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# mockllm: %s\n\n| | scenario | time | findings |\n|---|---|---|---|\n", s.totals())
	cell := strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ")
	for _, r := range s.rows {
		found := cell.Replace(strings.Join(slices.Concat(r.Findings, r.Notes), "; "))
		fmt.Fprintf(&b, "| %s | %s | %.1fs | %s |\n", r.Status, cell.Replace(r.Scenario), r.Seconds, found)
	}
	for _, r := range s.rows {
		if r.Status == verdict.Pass {
			continue
		}
		b.WriteString("\n")
		if err := verdict.WriteMarkdown(&b, r.Verdict); err != nil {
			return err
		}
		if err := writeAgain(&b, r.Again); err != nil {
			return err
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeJUnit puts the test suites of all scenarios into one file.
func (s *scorecard) writeJUnit(w io.Writer) error {
	var all struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []byte   `xml:",innerxml"`
	}
	for _, r := range s.rows {
		var one struct {
			Suites []byte `xml:",innerxml"`
		}
		var text bytes.Buffer
		if err := verdict.WriteJUnit(&text, r.Verdict); err != nil {
			return err
		}
		if err := xml.Unmarshal(text.Bytes(), &one); err != nil {
			return err
		}
		all.Suites = append(all.Suites, bytes.TrimRight(one.Suites, "\n")...)
	}
	all.Suites = append(all.Suites, '\n')
	text, err := xml.Marshal(all)
	if err != nil {
		return err
	}
	_, err = w.Write(append([]byte(xml.Header), append(text, '\n')...))
	return err
}

func (s *scorecard) annotate(w io.Writer) error {
	for _, r := range s.rows {
		if err := verdict.WriteGitHub(w, annotated(r.Verdict)); err != nil {
			return err
		}
	}
	return nil
}
