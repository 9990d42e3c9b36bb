package verdict

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteJUnit writes the verdict as JUnit XML: one test case for whether
// anything can be said at all, one for each expectation, and one for each kind
// of finding.
func WriteJUnit(w io.Writer, v *Verdict) error {
	s := &suite{Name: "mockllm: " + v.Scenario, Properties: []property{
		{"status", string(v.Status)}, {"seed", fmt.Sprint(v.Seed)}, {"exchanges", fmt.Sprint(v.Exchanges)}, {"calls", fmt.Sprint(v.Calls)},
	}}
	s.add("journal", "conclusive", func(c *testCase) {
		if v.Status == Inconclusive && len(v.Reasons) > 0 {
			c.Error = &outcome{v.Reasons[0], "inconclusive", strings.Join(v.Reasons, "\n")}
		}
	})
	for _, e := range v.Expectations {
		s.add("expect", fmt.Sprintf("#%d, %s: %s = %s", e.Number, e.About, e.Key, e.Want), func(c *testCase) { c.expectation(&e) })
	}
	for _, charge := range charges() {
		s.add("finding", string(charge.kind), func(c *testCase) {
			at := slices.IndexFunc(v.Findings, func(f Finding) bool { return f.Kind == charge.kind })
			if at >= 0 {
				c.finding(&v.Findings[at])
			}
		})
	}
	s.Out = strings.Join(v.Seen, "\n")
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	out := xml.NewEncoder(w)
	out.Indent("", "  ")
	if err := out.Encode(suites{Suites: []*suite{s}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Suites  []*suite `xml:"testsuite"`
}

type suite struct {
	Name       string      `xml:"name,attr"`
	Tests      int         `xml:"tests,attr"`
	Failures   int         `xml:"failures,attr"`
	Errors     int         `xml:"errors,attr"`
	Properties []property  `xml:"properties>property"`
	Cases      []*testCase `xml:"testcase"`
	Out        string      `xml:"system-out,omitempty"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testCase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Time    string   `xml:"time,attr"`
	Failure *outcome `xml:"failure"`
	Error   *outcome `xml:"error"`
	Out     string   `xml:"system-out,omitempty"`
}

type outcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// add makes a test case and counts what became of it.
func (s *suite) add(class, name string, fill func(*testCase)) {
	c := &testCase{Class: "mockllm." + class, Name: name, Time: "0"}
	fill(c)
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
}

func (c *testCase) expectation(e *Expectation) {
	switch e.Status {
	case Fail:
		c.Failure = &outcome{e.Text, e.Key, lines(e.summary(), e.Evidence)}
	case Inconclusive:
		c.Error = &outcome{e.Text, "inconclusive", e.summary()}
	default:
		c.Out = e.Text
	}
}

// finding fails the case of a finding that fails the verdict, and only notes
// the others.
func (c *testCase) finding(f *Finding) {
	text := lines(f.summary(), f.Evidence) + "\nA resilient client: " + f.Instead
	if f.Severity == Failing {
		c.Failure = &outcome{f.Text, string(f.Kind), text}
		return
	}
	c.Out = string(f.Severity) + ": " + text
}
