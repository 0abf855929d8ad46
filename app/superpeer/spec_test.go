package superpeer

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
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	rules, tested := find(`(?m)^\| (Q\d+) \| `, "SPEC.md"), find(`(?m)^func Test(Q\d+)[A-Z]`, files...)
	for id := range rules {
		if !tested[id] {
			t.Errorf("%s: no test names this rule", id)
		}
	}
	for id := range tested {
		if !rules[id] {
			t.Errorf("%s: a test names it, but there is no such rule", id)
		}
	}
	if len(rules) != 8 {
		t.Errorf("%d rules found", len(rules))
	}
}
