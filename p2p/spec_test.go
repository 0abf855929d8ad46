package p2p_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// readAll returns the contents of the files under p2p whose path matches.
func readAll(t *testing.T, match func(path string) bool) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !match(path) {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// ids collects what the first group of the expressions finds.
func ids(files map[string]string, patterns ...string) map[string]string {
	found := make(map[string]string)
	for path, text := range files {
		for _, p := range patterns {
			for _, m := range regexp.MustCompile(p).FindAllStringSubmatch(text, -1) {
				found[m[1]] = path
			}
		}
	}
	return found
}

// TestSpecAndTestsNameTheSameRules compares the rule ids of the specification
// with those at the start of test names.
func TestSpecAndTestsNameTheSameRules(t *testing.T) {
	spec := readAll(t, func(p string) bool { return strings.HasSuffix(p, ".md") })
	tests := readAll(t, func(p string) bool {
		return strings.HasSuffix(p, "_test.go") || strings.HasSuffix(filepath.Dir(p), "test")
	})
	rules := ids(spec, `(?m)^- \*\*([WYGBX]\d+)\*\* `)
	tested := ids(tests, `(?m)^func Test([WYGBX]\d+)[A-Z]`, `"([WYGBX]\d+) [^"]`)
	for id, path := range rules {
		if tested[id] == "" {
			t.Errorf("%s of %s: no test has this id", id, path)
		}
	}
	for id, path := range tested {
		if rules[id] == "" {
			t.Errorf("%s: tested in %s, but no rule has this id", id, path)
		}
	}
	if len(rules) < 30 {
		t.Errorf("only %d rules found", len(rules))
	}
}

// TestSpecQuotesEveryGoldenFile keeps the examples of the specification true.
func TestSpecQuotesEveryGoldenFile(t *testing.T) {
	var spec strings.Builder
	for _, text := range readAll(t, func(p string) bool { return strings.HasSuffix(p, ".md") }) {
		spec.WriteString(text)
	}
	golden := readAll(t, func(p string) bool { return filepath.Dir(p) == filepath.Join("wire", "testdata") })
	for path, text := range golden {
		if hex := strings.TrimSpace(text); !strings.Contains(spec.String(), hex) {
			t.Errorf("%s is not quoted: %s", path, hex)
		}
	}
	if len(golden) < 10 {
		t.Errorf("only %d golden files", len(golden))
	}
}
