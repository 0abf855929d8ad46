package main

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// columns of the table of bad input, and the structures that have no cell there.
var badInput = map[string]string{ // by structure: the columns without a cell
	"Link": "missing signature duplicate", "JoinRequest": "", "SAS messages": "missing signature", "Log entry": "", "Wraps": "",
	"KeyRequest and KeyGrant": "", "Envelope header": "", "Envelope body": "signature duplicate", "Automerge change": "signature",
	"File block and index": "signature", "CallSignal": "missing", "RelayACL": "missing", "Sync Hello": "missing signature duplicate",
	"Device link": "missing signature duplicate", "DeviceRequest and DeviceBox": "", "Paper key": "newer missing signature duplicate",
	"Return link": "missing signature duplicate", "ReturnRequest and what it hands in": "", "Verify messages": "missing signature duplicate",
	"Knock and door": "duplicate", "What a guest asks for and writes": "malformed newer missing signature duplicate", "Bundle file": "",
	"Backup file": "newer missing signature duplicate", "Audit file": "",
}

var (
	badInputHead = regexp.MustCompile(`(?m)^## (.+)$`)
	badInputRow  = regexp.MustCompile(`(?m)^\| (malformed|newer|missing|signature|not allowed|duplicate) \| ([^|]+) \| ([^|]+) \|$`)
	namedTest    = regexp.MustCompile("`(\\S+) (Test[A-Za-z0-9]+)(?:/([^`]+))?`")
)

// Every cell of the table has an outcome and names tests that exist.
func TestEveryCellOfBadInputHasATest(t *testing.T) {
	page, err := os.ReadFile("crdt/BAD-INPUT.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, texts := writtenTests(t)
	parts := badInputHead.FindAllStringSubmatchIndex(string(page), -1)
	found := map[string]bool{}
	for i, part := range parts {
		end := len(page)
		if i+1 < len(parts) {
			end = parts[i+1][0]
		}
		structure := string(page[part[2]:part[3]])
		found[structure] = true
		cells := map[string]bool{}
		for _, row := range badInputRow.FindAllStringSubmatch(string(page[part[1]:end]), -1) {
			cells[row[1]] = true
			named := namedTest.FindAllStringSubmatch(row[3], -1)
			if len(named) == 0 {
				t.Errorf("%s, %s: no test", structure, row[1])
			}
			for _, n := range named {
				switch {
				case !tests[n[1]+" "+n[2]]:
					t.Errorf("%s, %s: there is no %s in %s", structure, row[1], n[2], n[1])
				case n[3] != "" && !texts[n[1]+" "+n[3]]:
					t.Errorf("%s, %s: no subtest %q in %s", structure, row[1], n[3], n[1])
				}
			}
		}
		for _, column := range []string{"malformed", "newer", "missing", "signature", "not allowed", "duplicate"} {
			if without := strings.Contains(badInput[structure], column); cells[column] == without {
				t.Errorf("%s, %s: a cell is %t", structure, column, cells[column])
			}
		}
	}
	for structure := range badInput {
		if !found[structure] {
			t.Errorf("%s is not on the page", structure)
		}
	}
}

// writtenTests are the test functions, and the texts in test files, behind their folder.
func writtenTests(t *testing.T) (functions, texts map[string]bool) {
	functions, texts = map[string]bool{}, map[string]bool{}
	for _, f := range projectFiles(t) {
		if !strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		ast.Inspect(f.syntax, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.FuncDecl:
				functions[f.folder+" "+n.Name.Name] = true
			case *ast.BasicLit:
				if n.Kind == token.STRING {
					if text, err := strconv.Unquote(n.Value); err == nil {
						texts[f.folder+" "+text] = true
					}
				}
			}
			return true
		})
	}
	return functions, texts
}
