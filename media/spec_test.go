package media

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

func TestSpecAndTestsNameTheSameRules(t *testing.T) {
	find := func(pattern string, files ...string) map[string]string {
		found := map[string]string{}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
				found[m[1]] = file
			}
		}
		return found
	}
	tests, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	rules := find(`(?m)^- \*\*(C\d+)\*\* `, "SPEC.md")
	tested := find(`(?m)^func Test(C\d+)[A-Z]`, tests...)
	for id := range rules {
		if tested[id] == "" {
			t.Errorf("%s: no test has this id", id)
		}
	}
	for id, file := range tested {
		if rules[id] == "" {
			t.Errorf("%s: tested in %s, but no rule has this id", id, file)
		}
	}
	if len(rules) < 25 {
		t.Errorf("only %d rules found", len(rules))
	}
}
