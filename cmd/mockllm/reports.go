package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm/verdict"
)

// reportFiles is where reports go besides standard error.
type reportFiles struct {
	json, junit, summary, github string // As the flags say.

	annotate bool   // Whether GitHub reads along.
	job      string // The summary of GitHub's job, to which ours is added; "" without.
}

// reportForms writes a report in each form.
type reportForms struct{ json, junit, markdown, annotations func(io.Writer) error }

// A reportFile is one that a flag asks for.
type reportFile struct{ flag, path string }

// files lists those that are asked for.
func (r *reportFiles) files() []reportFile {
	all := []reportFile{{"json", r.json}, {"junit", r.junit}, {"summary", r.summary}}
	return slices.DeleteFunc(all, func(f reportFile) bool { return f.path == "" })
}

func (r *reportFiles) add(c *cobra.Command) {
	c.Flags().StringVar(&r.json, "json", "", "write a report as JSON to this `file`")
	c.Flags().StringVar(&r.junit, "junit", "", "write a report as JUnit XML to this `file`")
	c.Flags().StringVar(&r.summary, "summary", "", "write a report as Markdown to this `file`")
	c.Flags().StringVar(&r.github, "github", "auto", "annotations and a job's summary for GitHub: on, off, or auto, which is on in its workflows")
}

// check finds out what the flags mean.
func (r *reportFiles) check(s *settings, environ []string) {
	s.oneOf("github", r.github, "auto", "on", "off")
	named := map[string]string{}
	for _, f := range r.files() {
		path := filepath.Clean(f.path)
		if other := named[path]; other != "" {
			s.problems.add("%s and %s name the same file", spoken(s.flags, other), spoken(s.flags, f.flag))
		}
		named[path] = f.flag
	}
	r.annotate = r.github == "on" || r.github == "auto" && lookUp(environ, "GITHUB_ACTIONS") == "true"
	if r.github != "off" {
		r.job = lookUp(environ, "GITHUB_STEP_SUMMARY")
	}
}

// open finds out whether the files can be written, before CMD takes its time.
// They are empty then, so that no report of an earlier run is taken for this
// one's. The job's summary is not ours: without it, the rest goes on.
func (r *reportFiles) open(s *settings, errs io.Writer) error {
	var failed []error
	for _, f := range r.files() {
		if err := writeFile(f.path, nil); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", spoken(s.flags, f.flag), err))
		}
	}
	if r.job != "" {
		if err := appendFile(r.job, nil); err != nil {
			fmt.Fprintf(errs, "mockllm: variable GITHUB_STEP_SUMMARY: %v; going on without\n", err)
			r.job = ""
		}
	}
	return errors.Join(failed...)
}

// write writes all reports that were asked for.
func (r *reportFiles) write(errs io.Writer, forms reportForms) error {
	var failed []error
	put := func(to func(path string, text []byte) error, path string, form func(io.Writer) error) {
		var text bytes.Buffer
		err := form(&text)
		if err == nil {
			err = to(path, text.Bytes())
		}
		failed = append(failed, err)
	}
	if r.annotate {
		failed = append(failed, forms.annotations(errs))
	}
	for _, f := range r.files() {
		put(writeFile, f.path, map[string]func(io.Writer) error{"json": forms.json, "junit": forms.junit, "summary": forms.markdown}[f.flag])
	}
	if r.job != "" {
		put(appendFile, r.job, forms.markdown)
	}
	return errors.Join(failed...)
}

// writeFile writes a file, in a folder that is made if need be.
func writeFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o666)
}

func appendFile(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// annotated returns the verdict with its file as GitHub finds it, whatever the
// folder that we run in.
func annotated(v *verdict.Verdict) *verdict.Verdict {
	own := *v
	if path, err := filepath.Abs(v.File); err == nil && v.File != "" {
		own.File = path
	}
	return &own
}
