package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mockllm/mockllm/scenarios"
)

// openScenario reads the scenario that a word means: one of the library, or
// one in a file, whose path is then returned too.
func openScenario(word string) (s *scenarios.Scenario, file string, err error) {
	if !isPath(word) {
		if s, err = scenarios.FromLibrary(word); errors.As(err, new(*scenarios.InvalidError)) || err == nil {
			return s, "", err
		}
		return nil, "", fmt.Errorf("%w (the name of a file holds a / or ends in .toml)", err)
	}
	if file, err = scenarioFile(word); err != nil {
		return nil, "", err
	}
	s, err = scenarios.LoadFile(file)
	return s, file, err
}

// isPath reports whether a word means a file or a folder. Other words are
// names of the library, even if there is a file of that name.
func isPath(word string) bool {
	return strings.ContainsRune(word, filepath.Separator) || strings.ContainsRune(word, '/') || filepath.Ext(word) == ".toml"
}

// scenarioFile finds the file that a path means: the file, or the one .toml
// file of a folder.
func scenarioFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return path, err
	}
	files, err := os.ReadDir(path)
	if err != nil {
		return "", err
	}
	var found []string
	for _, f := range files {
		if !f.IsDir() && filepath.Ext(f.Name()) == ".toml" {
			found = append(found, f.Name())
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("folder %s: %w", path, errEmptyFolder)
	case 1:
		return filepath.Join(path, found[0]), nil
	default:
		return "", fmt.Errorf("folder %s holds %d .toml files; name one of them: %s", path, len(found), strings.Join(found, ", "))
	}
}

// errEmptyFolder says that a folder holds no scenario.
var errEmptyFolder = errors.New("there is no .toml file in it")
