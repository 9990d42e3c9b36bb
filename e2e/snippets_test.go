package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The snippets of docs/ci.md are run as they stand there. Where the framework
// comes from a registry, a few lines stand in for it, so that what is tested
// needs no more than the language.
func TestSnippets(t *testing.T) {
	for _, c := range []struct {
		language, needs string
		stand           map[string]string // What stands in for a framework.
		run             [][]string
	}{
		{"python", "python3", nil, [][]string{{pythonWithPytest(), "-m", "pytest", "-q", "-p", "no:cacheprovider"}}},
		{"java", "java", junit, [][]string{
			{"javac", "-d", "out", "org/junit/jupiter/api/Test.java", "org/junit/jupiter/api/BeforeAll.java", "org/junit/jupiter/api/AfterAll.java",
				"org/junit/jupiter/api/Assertions.java", "Mockllm.java", "RetriesTest.java", "Runner.java"},
			{"java", "-cp", "out", "Runner"},
		}},
		{"js", "node", vitest, [][]string{{"node", "--test", "retries.test.js"}}},
	} {
		t.Run(c.language, func(t *testing.T) {
			for _, command := range c.run {
				if _, err := exec.LookPath(command[0]); err != nil {
					missing(t, c.needs, err.Error())
				}
			}
			dir := t.TempDir()
			files := snippets(t, c.language)
			for name, text := range c.stand {
				files[name] = text
			}
			for name, text := range files {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, command := range c.run {
				cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
				}
			}
		})
	}
}

// pythonWithPytest finds an interpreter that has pytest: the distribution's
// package is only seen by the distribution's own.
func pythonWithPytest() string {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-m", "pytest", "--version").Run() == nil {
			return python
		}
	}
	return "python3 with pytest"
}

// snippets returns the blocks of docs/ci.md in a language, by the name of the
// file that their first line is about.
func snippets(t *testing.T, language string) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, block := range regexp.MustCompile("(?s)```"+language+"\n(?:#|//) (\\S+)\n(.*?)```").FindAllSubmatch(page, -1) {
		files[string(block[1])] = string(block[2])
	}
	if len(files) < 2 {
		t.Fatalf("%d snippets in %s", len(files), language)
	}
	return files
}

var vitest = map[string]string{
	"package.json":                     `{"type": "module"}`,
	"node_modules/vitest/package.json": `{"name": "vitest", "type": "module", "main": "index.js"}`,
	"node_modules/vitest/index.js": `
export { before as beforeAll, after as afterAll, test } from 'node:test'
import assert from 'node:assert'
export const expect = got => ({
  toBe: want => assert.strictEqual(got, want),
  toEqual: want => assert.deepStrictEqual(got, want),
  not: { toBe: want => assert.notStrictEqual(got, want) },
})
`,
}

var junit = map[string]string{
	"org/junit/jupiter/api/Test.java":      annotation("Test"),
	"org/junit/jupiter/api/BeforeAll.java": annotation("BeforeAll"),
	"org/junit/jupiter/api/AfterAll.java":  annotation("AfterAll"),
	"org/junit/jupiter/api/Assertions.java": `package org.junit.jupiter.api;
public class Assertions {
    public static void assertEquals(Object want, Object got) {
        if (!want.equals(got)) throw new AssertionError(got + ", want " + want);
    }
    public static void assertTrue(boolean so) {
        if (!so) throw new AssertionError();
    }
}
`,
	"Runner.java": `import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import org.junit.jupiter.api.*;
public class Runner {
    static int call(Class<? extends Annotation> kind, Object on) throws Exception {
        int called = 0;
        for (Method m : RetriesTest.class.getDeclaredMethods()) {
            if (m.isAnnotationPresent(kind)) {
                m.setAccessible(true);
                m.invoke(on);
                called++;
            }
        }
        return called;
    }
    public static void main(String[] args) throws Exception {
        call(BeforeAll.class, null);
        try {
            if (call(Test.class, new RetriesTest()) == 0) throw new AssertionError("no test");
        } finally {
            call(AfterAll.class, null);
        }
    }
}
`,
}

func annotation(name string) string {
	return "package org.junit.jupiter.api;\nimport java.lang.annotation.*;\n@Retention(RetentionPolicy.RUNTIME) public @interface " + name + " {}\n"
}
