package verdict

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// WriteGitHub writes the verdict as workflow annotations of GitHub: errors for
// what fails, warnings for the rest. There is none for what is well.
func WriteGitHub(w io.Writer, v *Verdict) error {
	var b bytes.Buffer
	for _, e := range v.Expectations {
		if e.Status != Pass {
			annotate(&b, level(e.Status == Fail), v.File, e.Line, "mockllm: expectation", lines(e.summary(), e.Evidence))
		}
	}
	for _, f := range v.Findings {
		if f.Severity != Allowed {
			text := lines(f.summary(), f.Evidence) + "\nA resilient client: " + f.Instead
			annotate(&b, level(f.Severity == Failing), v.File, 0, "mockllm: "+string(f.Kind), text)
		}
	}
	if v.Status == Inconclusive {
		for _, reason := range v.Reasons {
			annotate(&b, "error", v.File, 0, "mockllm: not conclusive", reason)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func level(fails bool) string {
	if fails {
		return "error"
	}
	return "warning"
}

func annotate(b *bytes.Buffer, level, file string, line int, title, text string) {
	var properties []string
	if file != "" {
		properties = append(properties, "file="+escapedProperty(file))
		if line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d", line))
		}
	}
	properties = append(properties, "title="+escapedProperty(title))
	fmt.Fprintf(b, "::%s %s::%s\n", level, strings.Join(properties, ","), escaped(text))
}

// escaped escapes a command's text, as the runner reads it.
func escaped(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

// escapedProperty escapes a command's property.
func escapedProperty(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(text)
}

// lines puts what was seen below the first line.
func lines(first string, all []Evidence) string {
	texts := []string{first}
	for _, e := range all {
		texts = append(texts, e.String())
	}
	return strings.Join(texts, "\n")
}
