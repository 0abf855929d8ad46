package crdt_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	ruleLine  = regexp.MustCompile(`(?m)^\s*- \*\*([A-Z]\d+)\*\*`)
	ruleQuote = regexp.MustCompile(`^((?:[SECMFVR]\d+ )+)\S`)
	label     = regexp.MustCompile(`^"parvis1/[a-z0-9/-]+"$`)
	labelRow  = regexp.MustCompile("(?m)^\\| `parvis1/[^|]+")
	labelText = regexp.MustCompile("`parvis1/[a-z0-9/-]+`")
)

// pages are the rule pages under this folder.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(entry.Name(), "SPEC") && strings.HasSuffix(path, ".md") {
			var text []byte
			text, err = os.ReadFile(path)
			found[path] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// literals calls visit with every string literal of the Go files under this folder.
func literals(t *testing.T, visit func(path string, literal *ast.BasicLit)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				visit(path, literal)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryRuleIsTestedAndEveryTestedRuleStandsInThePages(t *testing.T) {
	rules := map[string]string{}
	for path, text := range pages(t) {
		for _, match := range ruleLine.FindAllStringSubmatch(text, -1) {
			if other, twice := rules[match[1]]; twice {
				t.Errorf("%s stands in %s and in %s", match[1], other, path)
			}
			rules[match[1]] = path
		}
	}
	tested := map[string]string{}
	literals(t, func(path string, literal *ast.BasicLit) {
		text, err := strconv.Unquote(literal.Value)
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return
		}
		if match := ruleQuote.FindStringSubmatch(text); match != nil {
			for _, id := range strings.Fields(match[1]) {
				tested[id] = path
			}
		}
	})
	if len(rules) < 30 {
		t.Fatalf("only %d rules found", len(rules))
	}
	for id, path := range rules {
		if tested[id] == "" {
			t.Errorf("%s of %s is quoted by no test", id, path)
		}
	}
	for id, path := range tested {
		if rules[id] == "" {
			t.Errorf("%s is quoted in %s but stands on no page", id, path)
		}
	}
}

func TestLabels(t *testing.T) {
	t.Run("S15 every label stands in the pages once", func(t *testing.T) {
		listed := map[string]int{}
		for _, row := range labelRow.FindAllString(pages(t)["SPEC.md"], -1) {
			for _, quoted := range labelText.FindAllString(row, -1) {
				listed[strings.Trim(quoted, "`")]++
			}
		}
		written := map[string]bool{}
		literals(t, func(path string, literal *ast.BasicLit) {
			if strings.HasSuffix(path, "_test.go") || !label.MatchString(literal.Value) {
				return
			}
			text := strings.Trim(literal.Value, `"`)
			written[text] = true
			if listed[text] == 0 {
				t.Errorf("label %s of %s is not listed", text, path)
			}
		})
		for text, times := range listed {
			if times > 1 {
				t.Errorf("label %s is listed %d times", text, times)
			}
			if !written[text] {
				t.Errorf("label %s is listed but not used", text)
			}
		}
	})
}
