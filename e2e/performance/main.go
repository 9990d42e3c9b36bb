package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A plan is how much is measured, and of what.
type plan struct {
	folder, binary string
	given          map[string]string // Paths of peers' programs, by name; leftOut for none.
	files          uint64            // How many may be open.

	turns       int           // Of each contestant,
	slice       time.Duration // and how long each is.
	paced       int           // Streams at 20 frames a second,
	frames      int           // and the frames of each;
	rounds      int           // how often they are compared.
	idleStreams int
	idleEvery   time.Duration
	starts      int
	settle      time.Duration // Before what a process takes at rest is read.
}

// full is what `make performance` measures.
func full() plan {
	return plan{
		turns: 15, slice: 400 * time.Millisecond,
		paced: 2000, frames: 100, rounds: 3,
		idleStreams: 10_000, idleEvery: 10 * time.Second,
		starts: 21, settle: 300 * time.Millisecond,
	}
}

func main() {
	if play() {
		return
	}
	p := full()
	root := flag.String("root", ".", "the `folder` of the repository")
	only := flag.String("only", "", "measure these `figures` only, separated by commas")
	update := flag.Bool("update", false, "rewrite the results in docs/performance.md")
	flag.IntVar(&p.turns, "turns", p.turns, "turns of each contestant")
	flag.IntVar(&p.rounds, "rounds", p.rounds, "how often streams are compared")
	flag.DurationVar(&p.slice, "slice", p.slice, "how long a turn is")
	flag.StringVar(&p.binary, "binary", "", "measure this `program` instead of building a release")
	for _, one := range programs() {
		flag.Func(one.name, "compare with this `program` instead of building "+one.String()+"; - leaves it out", func(path string) error { return p.give(one, path) })
	}
	flag.Parse()
	missed, err := run(p, *root, *only, *update)
	if err != nil {
		fmt.Fprintln(os.Stderr, "performance:", err)
		os.Exit(2)
	}
	if missed {
		os.Exit(1)
	}
}

// run measures, prints and, if asked to, writes the results into the page. It
// reports whether a figure is missed.
func run(p plan, root, only string, update bool) (missed bool, err error) {
	wanted, err := chosen(only)
	if err != nil {
		return false, err
	}
	if update && only != "" {
		return false, fmt.Errorf("the page is written as a whole: leave out -only")
	}
	p.files = descriptors()
	if p.folder, err = os.MkdirTemp("", "mockllm-performance-"); err != nil {
		return false, err
	}
	defer os.RemoveAll(p.folder)
	if p.binary == "" {
		if p.binary, err = build(root, p.folder); err != nil {
			return false, err
		}
	}
	where := machine()
	var rows []row
	for _, f := range wanted {
		fmt.Fprintf(os.Stderr, "measuring %s\n", f.name)
		found, err := f.measure(p)
		if err != nil {
			return false, fmt.Errorf("%s: %w", f.name, err)
		}
		rows = append(rows, found...)
	}
	text := where + "\n" + markdown(rows)
	fmt.Print(text)
	if update {
		if err := rewrite(filepath.Join(root, "docs", "performance.md"), text); err != nil {
			return false, err
		}
	}
	return slices.ContainsFunc(rows, func(r row) bool { return r.missed }), nil
}

// chosen returns the figures of those names; all without any.
func chosen(names string) ([]figure, error) {
	if names == "" {
		return figures(), nil
	}
	var found []figure
	for _, name := range strings.Split(names, ",") {
		i := slices.IndexFunc(figures(), func(f figure) bool { return f.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no figure %q", name)
		}
		found = append(found, figures()[i])
	}
	return found, nil
}

// machine says where it is measured, and how much else goes on there.
func machine() string {
	model, busy := "", ""
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		busy = fmt.Sprintf(" %s processes wanted to run in the minute before.", strings.Fields(string(load))[0])
	}
	text, _ := os.ReadFile("/proc/cpuinfo")
	if _, rest, found := strings.Cut(string(text), "model name"); found {
		model, _, _ = strings.Cut(strings.TrimLeft(rest, "\t: "), "\n")
		model = ", " + model
	}
	return fmt.Sprintf("%s, %s/%s, %d cores%s.%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), model, busy)
}

// The results stand between these lines of the page.
const (
	resultsBegin = "<!-- results: written by make performance UPDATE=1 -->\n"
	resultsEnd   = "<!-- end of results -->\n"
)

// rewrite puts the results into the page.
func rewrite(path, results string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, begins := bytes.Cut(page, []byte(resultsBegin))
	_, after, ends := bytes.Cut(rest, []byte(resultsEnd))
	if !begins || !ends {
		return fmt.Errorf("%s has no place for results", path)
	}
	return os.WriteFile(path, slices.Concat(before, []byte(resultsBegin+"\n"+results+"\n"+resultsEnd), after), 0o644)
}
