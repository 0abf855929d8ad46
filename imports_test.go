package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is who may import whom inside the project. The longest matching
// folder on the left decides; an entry on the right allows that folder and what
// lies below it, a trailing "!" only the folder itself. A package may always
// import what lies below its own folder.
var mayImport = map[string][]string{
	".":               {"app!", "app/cli", "app/desktop", "app/web", "frontend"},
	"app":             {"app", "crdt", "p2p", "media"},
	"app/apptest":     {"app", "crdt", "p2p", "media", "frontend"},
	"app/cli":         {"app!", "app/api", "app/audit!", "app/web", "app/superpeer", "frontend"},
	"app/cli/clitest": {"crdt/doc/doctest!"},
	"app/web":         {"app/api"},
	"app/desktop":     {"app/api", "app/web!"},
	"app/api":         {"app/audit!", "app/calls", "app/chat", "app/docs", "app/people", "app/workspace", "app/event", "app/name", "crdt/seal!", "crdt/call!", "crdt/doc!", "crdt/doc/format!"},
	"app/calls":       {"app/workspace", "app/event", "app/name", "crdt", "media"},
	"app/chat":        {"app/workspace", "app/event", "app/name", "crdt"},
	"app/docs":        {"app/workspace", "app/event", "app/name", "crdt"},
	"app/block":       {"app/workspace", "app/event", "crdt"},
	"app/people":      {"app/workspace", "app/event", "app/name", "crdt"},
	"app/self":        {"app/workspace", "app/event", "crdt"},
	"app/audit":       {"crdt/member!", "crdt/seal!"},
	"app/bundle":      {"crdt/seal!"},
	"app/backup":      {"app/bundle", "crdt/seal!"},
	"app/recovery":    {"app/workspace", "crdt"},
	"app/workspace":   {"app/bundle", "app/event", "crdt", "p2p"},
	"app/superpeer":   {"app/store!", "crdt/seal!", "p2p", "media"},
	"app/store":       {"app/workspace", "app/calls", "app/chat", "app/docs", "app/block", "app/people", "app/self", "crdt"},
	"app/doctor":      {"p2p!"},
	"app/event":       {},
	"app/name":        {},
	"crdt":            {"crdt"},
	"p2p":             {"p2p"},
	"media":           {"media", "crdt/call!", "crdt/seal!"}, // the keys of frames that others carry
	"media/generate":  {"crdt/seal!"},                        // the hash of the audio codec
	"frontend":        {},
	"build":           {"app/cli/clitest", "app/web", "app/api", "media/generate"},
}

// owners is which folder owns a library: nobody else imports it.
var owners = map[string][]string{
	"github.com/wailsapp/":       {"app/desktop"},
	"github.com/spf13/":          {"app/cli"},
	"github.com/coder/websocket": {"app/web", "app/superpeer"},
	"database/sql":               {"app/store"},
	"modernc.org/":               {"app/store"},
	"github.com/zalando/":        {"app/store"},
	"github.com/libp2p/":         {"p2p"},
	"github.com/multiformats/":   {"p2p"},
	"github.com/ipfs/":           {"p2p"},
	"github.com/automerge/":      {"crdt/doc"},
	"github.com/tetratelabs/":    {"crdt/doc", "media/generate"},
	"golang.org/x/image/vp8":     {"media/generate"},
	"github.com/pion/":           {"media"},
	"github.com/fxamacker/cbor/": {"crdt/seal", "p2p"},
	"golang.org/x/crypto/":       {"crdt/seal", "p2p"},
	"filippo.io/":                {"crdt/seal"},
	"lukechampine.com/":          {"crdt/seal"},
	"math/rand":                  {"p2p"}, // the jitter of timers; all other randomness is crypto/rand's, through crdt/seal
	"crypto/":                    {"crdt/seal", "p2p"},
	"crypto/tls":                 {"p2p", "app/superpeer"},        // superpeer: the page of guests
	"crypto/sha256":              {"crdt/seal", "p2p", "media"},   // media: the certificate of a call's other end
	"crypto/rand":                {"crdt/seal", "p2p", "app/web"}, // web: the token of the loopback interface
	"crypto/subtle":              {"crdt/seal", "app/web"},
}

// goFile is one parsed file of the project.
type goFile struct {
	path, folder string // with slashes, from the top
	test         bool   // a test, or a package that only tests import (sealtest, apptest)
	lines        int
	set          *token.FileSet
	syntax       *ast.File
}

func projectFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || filepath.ToSlash(path) == "build/cache") {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		syntax, err := parser.ParseFile(set, path, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, goFile{
			path: filepath.ToSlash(path), folder: filepath.ToSlash(filepath.Dir(path)), test: strings.HasSuffix(name, "_test.go") || strings.HasSuffix(filepath.Dir(path), "test"),
			lines: strings.Count(string(content), "\n"), set: set, syntax: syntax,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func (f goFile) imports() []string {
	var all []string
	for _, spec := range f.syntax.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		all = append(all, path)
	}
	return all
}

// inside tells whether folder is or lies below top.
func inside(folder, top string) bool {
	if exact, ok := strings.CutSuffix(top, "!"); ok {
		return folder == exact
	}
	return folder == top || strings.HasPrefix(folder, top+"/")
}

// longest returns the entry of a table that says most about a name.
func longest[V any](table map[string]V, fits func(key string) bool) (best string, found bool) {
	for key := range table {
		if fits(key) && (!found || len(key) > len(best)) {
			best, found = key, true
		}
	}
	return best, found
}

func TestImportsFollowTheTable(t *testing.T) {
	for _, f := range projectFiles(t) {
		rule, found := longest(mayImport, func(key string) bool { return inside(f.folder, key) })
		if !found {
			t.Errorf("%s: the folder %s has no line in mayImport", f.path, f.folder)
			continue
		}
		for _, path := range f.imports() {
			folder, ours := strings.CutPrefix(path, "parvis/")
			if !ours || inside(folder, f.folder) || allowed(folder, rule) || f.test && allowedInTest(folder, rule) {
				continue
			}
			t.Errorf("%s imports %s; %s may import %s", f.path, path, rule, strings.Join(mayImport[rule], ", "))
		}
	}
}

func allowed(folder, rule string) bool {
	return slices.ContainsFunc(mayImport[rule], func(top string) bool { return inside(folder, top) })
}

// allowedInTest: a test may use any real part of its own tree to stand on.
func allowedInTest(folder, rule string) bool {
	top, _, _ := strings.Cut(rule, "/")
	return top == "app" || inside(folder, top)
}

func TestEveryLibraryHasOneOwner(t *testing.T) {
	for _, f := range projectFiles(t) {
		if f.test {
			continue
		}
		for _, path := range f.imports() {
			library, owned := longest(owners, func(key string) bool { return strings.HasPrefix(path, key) })
			if owned && !slices.ContainsFunc(owners[library], func(top string) bool { return inside(f.folder, top) }) {
				t.Errorf("%s imports %s, which belongs to %s", f.path, path, strings.Join(owners[library], ", "))
			}
		}
	}
}
