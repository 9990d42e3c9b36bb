package verdict

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown writes the verdict as a page in Markdown, such as a job's
// summary.
func WriteMarkdown(w io.Writer, v *Verdict) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## mockllm: %s\n\n%s\n", v.Status, cell(v.summary()))
	if len(v.Reasons) > 0 {
		b.WriteString("\nNot conclusive, because:\n\n")
		for _, reason := range v.Reasons {
			fmt.Fprintf(&b, "- %s\n", cell(reason))
		}
	}
	if len(v.Expectations) > 0 {
		b.WriteString("\n| expected | of | | found |\n|---|---|---|---|\n")
		for _, e := range v.Expectations {
			fmt.Fprintf(&b, "| `%s` = %s | %s | %s | %s |\n", e.Key, cell(e.Want), cell(e.About), e.Status, cells(e.Text, v.shown(e)))
		}
	}
	if len(v.Findings) == 0 {
		b.WriteString("\nNothing else was found.\n")
	} else {
		b.WriteString("\n| finding | | times | seen | a resilient client |\n|---|---|---|---|---|\n")
		for _, f := range v.Findings {
			fmt.Fprintf(&b, "| `%s` | %s | %d | %s | %s |\n", f.Kind, f.Severity, f.Count, cells(f.Text, f.Evidence), cell(f.Instead))
		}
	}
	if len(v.Seen) > 0 {
		b.WriteString("\nThese exchanges, with the time since the first call:\n\n")
	}
	for _, line := range v.Seen {
		fmt.Fprintf(&b, "    %s\n", printable(line)) // As it stands: indented so far, it is code.
	}
	_, err := w.Write(b.Bytes())
	return err
}

func cells(first string, all []Evidence) string {
	texts := []string{cell(first)}
	for _, e := range all {
		texts = append(texts, cell(e.String()))
	}
	return strings.Join(texts, "<br>")
}

// cell escapes what would be markup, or end a cell of a table.
func cell(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", `\|`, `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "#", "&#35;").Replace(printable(text))
}
