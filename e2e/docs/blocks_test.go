package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// root is the folder of the project.
const root = "../.."

// A block is a piece of code on a page.
type block struct {
	page string
	line int // Where it begins on the page.
	text string
}

// blocks returns the blocks of one language on all pages; there must be some.
func blocks(t *testing.T, language string) []block {
	t.Helper()
	pages := match(t, "README*.md", "CONTRIBUTING.md", "docs/*.md", "docs/*/*.md")
	var all []block
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var open *block
		for i, line := range strings.Split(string(text), "\n") {
			switch fence, fenced := strings.CutPrefix(strings.TrimSpace(line), "```"); {
			case fenced && open == nil:
				open = &block{page: filepath.Base(page), line: i + 2}
				if fence != language {
					open.page = "" // Of no interest.
				}
			case fenced:
				if open.page != "" {
					all = append(all, *open)
				}
				open = nil
			case open != nil:
				open.text += line + "\n"
			}
		}
		if open != nil {
			t.Errorf("%s: the block at line %d does not end", page, open.line)
		}
	}
	if len(all) == 0 {
		t.Fatalf("no block of %s on any page: the test looks at nothing", language)
	}
	return all
}

// match returns the files of the project that fit one of the globs.
func match(t *testing.T, globs ...string) []string {
	t.Helper()
	var all []string
	for _, glob := range globs {
		files, err := filepath.Glob(filepath.Join(root, glob))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, files...)
	}
	return all
}
