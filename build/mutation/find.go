package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// check is one condition whose truth makes a validator fail.
type check struct {
	file     string
	line     int
	function string
	text     string // the condition
	nth      int    // of the same text in the function, from 1
}

// key names a check for equivalent.txt; it does not change when lines move.
func (c check) key() string {
	key := fmt.Sprintf("%s %s: %s", c.file, c.function, c.text)
	if c.nth > 1 {
		key += fmt.Sprintf(" #%d", c.nth)
	}
	return key
}

// instrument puts a switch before every check of a package. Check i is off when the
// switch says i+1.
func instrument(t target) (files map[string][]byte, checks []check, err error) {
	files = map[string][]byte{}
	packageName := ""
	for _, pattern := range t.files {
		paths, err := filepath.Glob(filepath.Join(filepath.FromSlash(t.folder), pattern))
		if err != nil {
			return nil, nil, err
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return nil, nil, err
			}
			f := &file{path: filepath.ToSlash(path), source: source, set: token.NewFileSet(), first: len(checks)}
			if f.syntax, err = parser.ParseFile(f.set, path, source, parser.SkipObjectResolution); err != nil {
				return nil, nil, err
			}
			packageName = f.syntax.Name.Name
			f.find()
			checks = append(checks, f.checks...)
			files[path] = f.rewrite()
		}
	}
	if packageName == "" {
		return nil, nil, fmt.Errorf("%s has no files", t.folder)
	}
	files[filepath.Join(filepath.FromSlash(t.folder), "mutation_switch.go")] = fmt.Appendf(nil, `package %s

import (
	"os"
	"strconv"
)

var mutationSwitch, _ = strconv.Atoi(os.Getenv(%q))
`, packageName, switchVariable)
	return files, checks, nil
}

// file is one source file with its checks.
type file struct {
	path   string
	source []byte
	set    *token.FileSet
	syntax *ast.File
	first  int // checks before this file
	checks []check
	conds  []ast.Expr // of the checks
}

// find collects the checks of all functions.
func (f *file) find() {
	for _, declaration := range f.syntax.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Body == nil {
			continue
		}
		seen := map[string]int{}
		f.inside(called(function), function.Type, function.Body, seen)
	}
}

// called is the name of a function, that of a method behind its type.
func called(function *ast.FuncDecl) string {
	if function.Recv == nil {
		return function.Name.Name
	}
	receiver := function.Recv.List[0].Type
	for {
		switch r := receiver.(type) {
		case *ast.StarExpr:
			receiver = r.X
		case *ast.IndexExpr:
			receiver = r.X
		case *ast.Ident:
			return r.Name + "." + function.Name.Name
		default:
			return function.Name.Name
		}
	}
}

// inside looks through a function; functions in it have their own results.
func (f *file) inside(name string, of *ast.FuncType, body *ast.BlockStmt, seen map[string]int) {
	before := map[ast.Stmt]ast.Stmt{}
	ast.Inspect(body, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.FuncLit:
			f.inside(name, n.Type, n.Body, seen)
			return false
		case *ast.BlockStmt:
			for i := 1; i < len(n.List); i++ {
				before[n.List[i]] = n.List[i-1]
			}
		case *ast.IfStmt:
			if fails(of, n.Body.List) && !encodes(n.Init) && !encodes(before[n]) {
				f.add(name, n.Cond, seen)
			}
		case *ast.SwitchStmt:
			if n.Tag == nil {
				f.cases(name, of, n, seen)
			}
		}
		return true
	})
}

func (f *file) cases(name string, of *ast.FuncType, n *ast.SwitchStmt, seen map[string]int) {
	for _, statement := range n.Body.List {
		clause := statement.(*ast.CaseClause)
		if !fails(of, clause.Body) {
			continue
		}
		for _, condition := range clause.List {
			f.add(name, condition, seen)
		}
	}
}

func (f *file) add(name string, condition ast.Expr, seen map[string]int) {
	from, to := f.offset(condition.Pos()), f.offset(condition.End())
	text := strings.Join(strings.Fields(string(f.source[from:to])), " ")
	seen[text]++
	f.checks = append(f.checks, check{file: f.path, line: f.set.Position(condition.Pos()).Line, function: name, text: text, nth: seen[text]})
	f.conds = append(f.conds, condition)
}

func (f *file) offset(at token.Pos) int { return f.set.Position(at).Offset }

// encodes reports whether a statement writes a structure, and the check behind it asks
// whether that failed: it cannot, with the plain fields of ours, and validates nothing.
func encodes(s ast.Stmt) bool {
	assign, ok := s.(*ast.AssignStmt)
	if !ok || len(assign.Rhs) != 1 {
		return false
	}
	call, ok := assign.Rhs[0].(*ast.CallExpr)
	if !ok {
		return false
	}
	of := call.Fun
	if generic, is := of.(*ast.IndexExpr); is {
		of = generic.X
	}
	selector, ok := of.(*ast.SelectorExpr)
	return ok && (selector.Sel.Name == "Encode" || selector.Sel.Name == "proven")
}

// fails reports whether statements end the function with an error, or with false.
func fails(of *ast.FuncType, body []ast.Stmt) bool {
	if len(body) == 0 || of.Results == nil || len(of.Results.List) == 0 {
		return false
	}
	end, ok := body[len(body)-1].(*ast.ReturnStmt)
	if !ok || len(end.Results) == 0 {
		return false
	}
	kind, ok := of.Results.List[len(of.Results.List)-1].Type.(*ast.Ident)
	if !ok {
		return false
	}
	last, isName := end.Results[len(end.Results)-1].(*ast.Ident)
	switch kind.Name {
	case "error":
		return !isName || last.Name != "nil"
	case "bool":
		return isName && last.Name == "false"
	}
	return false
}

// rewrite is the source with the switches.
func (f *file) rewrite() []byte {
	type insertion struct {
		at   int
		text string
	}
	var all []insertion
	for i, condition := range f.conds {
		all = append(all,
			insertion{f.offset(condition.Pos()), fmt.Sprintf("mutationSwitch != %d && (", f.first+i+1)},
			insertion{f.offset(condition.End()), ")"})
	}
	slices.SortStableFunc(all, func(a, b insertion) int { return a.at - b.at })
	var out bytes.Buffer
	done := 0
	for _, next := range all {
		out.Write(f.source[done:next.at])
		out.WriteString(next.text)
		done = next.at
	}
	out.Write(f.source[done:])
	return out.Bytes()
}

// writeOverlay writes files and the list that go build reads them by.
func writeOverlay(folder string, files map[string][]byte) (string, error) {
	replace := map[string]string{}
	for path, source := range files {
		whole, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		written := filepath.Join(folder, strings.ReplaceAll(filepath.ToSlash(path), "/", "-"))
		if err := os.WriteFile(written, source, 0o600); err != nil {
			return "", err
		}
		replace[whole] = written
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	return path, os.WriteFile(path, list, 0o600)
}

// readEquivalents reads which checks change nothing, each with its reason.
func readEquivalents(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	reasons := map[string]string{}
	for number, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, reason, ok := strings.Cut(line, " // ")
		if !ok || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s:%d has no reason", path, number+1)
		}
		reasons[strings.TrimSpace(key)] = strings.TrimSpace(reason)
	}
	return reasons, nil
}
