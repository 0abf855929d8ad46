package main

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// The budgets of design: what is longer is two things.
const (
	maxFileLines     = 400
	maxFunctionLines = 60
	maxStructFields  = 15
	maxMethods       = 5
)

func TestBudgets(t *testing.T) {
	for _, f := range projectFiles(t) {
		if f.test {
			continue
		}
		if f.lines > maxFileLines {
			t.Errorf("%s has %d lines, more than %d", f.path, f.lines, maxFileLines)
		}
		dto := f.folder == "app/api" // the shape of the wire: one field per fact
		ast.Inspect(f.syntax, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.FuncDecl:
				if lines := f.line(n.End()) - f.line(n.Pos()) + 1; lines > maxFunctionLines {
					t.Errorf("%s:%d: %s has %d lines, more than %d", f.path, f.line(n.Pos()), n.Name.Name, lines, maxFunctionLines)
				}
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s:%d: no init: who needs it calls it", f.path, f.line(n.Pos()))
				}
			case *ast.StructType:
				if count := n.Fields.NumFields(); count > maxStructFields && !dto {
					t.Errorf("%s:%d: a struct has %d fields, more than %d", f.path, f.line(n.Pos()), count, maxStructFields)
				}
			case *ast.InterfaceType:
				if count := methods(n); count > maxMethods {
					t.Errorf("%s:%d: an interface has %d methods, more than %d", f.path, f.line(n.Pos()), count, maxMethods)
				}
			}
			return true
		})
	}
}

// TestTheCoreIsStepFunctions: nothing below crdt/ starts a goroutine or holds a
// channel, so the race detector has nothing to find there (build/test.sh).
func TestTheCoreIsStepFunctions(t *testing.T) {
	for _, f := range projectFiles(t) {
		if f.test || !strings.HasPrefix(f.folder, "crdt") {
			continue
		}
		ast.Inspect(f.syntax, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.GoStmt, *ast.SelectStmt, *ast.SendStmt:
				t.Errorf("%s:%d: concurrency in the core", f.path, f.line(n.Pos()))
			}
			return true
		})
	}
}

func (f goFile) line(at token.Pos) int { return f.set.Position(at).Line }

func methods(n *ast.InterfaceType) int {
	count := 0
	for _, field := range n.Methods.List {
		count += len(field.Names)
	}
	return count
}

// TestNoMutablePackageVariables: what has no name for "constant" in Go, such as an
// error or a table, may be a variable when it is given its value where it is
// declared and nothing assigns to it or to a part of it.
func TestNoMutablePackageVariables(t *testing.T) {
	type variable struct {
		file goFile
		at   token.Pos
	}
	variables := map[string]variable{} // by folder and name
	files := projectFiles(t)
	for _, f := range files {
		for _, declaration := range f.syntax.Decls {
			group, ok := declaration.(*ast.GenDecl)
			if !ok || group.Tok != token.VAR || f.test || embeds(group) {
				continue
			}
			for _, spec := range group.Specs {
				value := spec.(*ast.ValueSpec)
				for _, name := range value.Names {
					if name.Name == "_" {
						continue
					}
					variables[f.folder+" "+name.Name] = variable{f, name.Pos()}
					if len(value.Values) == 0 {
						t.Errorf("%s:%d: package variable %s has no value", f.path, f.line(name.Pos()), name.Name)
					}
				}
			}
		}
	}
	for _, f := range files {
		ast.Inspect(f.syntax, func(node ast.Node) bool {
			for _, target := range assigned(node) {
				if v, ok := variables[f.folder+" "+target]; ok && !f.test {
					t.Errorf("%s:%d: package variable %s is assigned to in %s:%d", v.file.path, v.file.line(v.at), target, f.path, f.line(node.Pos()))
				}
			}
			return true
		})
	}
}

// assigned lists the variables that a statement changes, or lets others change.
func assigned(node ast.Node) []string {
	var targets []ast.Expr
	switch n := node.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			targets = n.Lhs
		}
	case *ast.IncDecStmt:
		targets = []ast.Expr{n.X}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			targets = []ast.Expr{n.X}
		}
	}
	var roots []string
	for _, target := range targets {
		if root := root(target); root != "" {
			roots = append(roots, root)
		}
	}
	return roots
}

// root is the variable at the beginning of a.b[c].
func root(target ast.Expr) string {
	for {
		switch e := target.(type) {
		case *ast.Ident:
			return e.Name
		case *ast.SelectorExpr:
			target = e.X
		case *ast.IndexExpr:
			target = e.X
		case *ast.StarExpr:
			target = e.X
		default:
			return ""
		}
	}
}

// embeds tells whether the linker fills the variables.
func embeds(group *ast.GenDecl) bool {
	return group.Doc != nil && slices.ContainsFunc(group.Doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed") })
}

func TestEverythingExportedIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range projectFiles(t) {
		if f.test {
			continue
		}
		documented[f.folder] = documented[f.folder] || f.syntax.Doc.Text() != ""
		for _, declaration := range f.syntax.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				promised := d.Recv != nil && (d.Name.Name == "Error" || d.Name.Name == "String") // by Go itself
				if d.Name.IsExported() && exportedReceiver(d) && d.Doc.Text() == "" && !promised {
					t.Errorf("%s:%d: %s has no comment", f.path, f.line(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				f.checkDocumented(t, d)
			}
		}
	}
	for folder, has := range documented {
		if !has {
			t.Errorf("%s: the package has no comment", folder)
		}
	}
}

// checkDocumented wants a comment on the declaration or on its group.
func (f goFile) checkDocumented(t *testing.T, group *ast.GenDecl) {
	for _, spec := range group.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && group.Doc.Text() == "" && s.Doc.Text() == "" {
				t.Errorf("%s:%d: %s has no comment", f.path, f.line(s.Pos()), s.Name.Name)
			}
		case *ast.ValueSpec:
			if s.Names[0].IsExported() && group.Doc.Text() == "" && s.Doc.Text() == "" && s.Comment.Text() == "" {
				t.Errorf("%s:%d: %s has no comment", f.path, f.line(s.Pos()), s.Names[0].Name)
			}
		}
	}
}

// exportedReceiver: methods of unexported types are documented by their interface.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	receiver := d.Recv.List[0].Type
	for {
		switch r := receiver.(type) {
		case *ast.StarExpr:
			receiver = r.X
		case *ast.IndexExpr:
			receiver = r.X
		case *ast.IndexListExpr:
			receiver = r.X
		case *ast.Ident:
			return r.IsExported()
		default:
			return true
		}
	}
}
