package calls_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

func TestSpecAndTestsNameTheSameRules(t *testing.T) {
	find := func(pattern string, files ...string) map[string]bool {
		found := map[string]bool{}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
				found[m[1]] = true
			}
		}
		return found
	}
	tests, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	rules := find(`(?m)^\| (L\d+) \| `, "SPEC.md")
	tested := find(`(?:func Test|["(])(L\d+)[A-Z ]`, tests...)
	ofThePage := map[string]bool{"L28": true} // frontend/src/features/calls/recording.test.ts
	for id := range rules {
		if !tested[id] && !ofThePage[id] {
			t.Errorf("%s: no test names this rule", id)
		}
	}
	for id := range tested {
		if !rules[id] {
			t.Errorf("%s: a test names it, but there is no such rule", id)
		}
	}
	if len(rules) < 45 {
		t.Errorf("only %d rules found", len(rules))
	}
}
