// Package officetest lets LibreOffice convert files in tests, as the judge of what
// we write and the maker of files that we have to read.
package officetest

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Convert converts files, name to content, to a format such as "pdf", "txt:Text" or
// "fodt", and returns what came out by the names without their endings.
func Convert(t testing.TB, to string, files map[string][]byte) map[string][]byte {
	t.Helper()
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Fatal("LibreOffice is not installed: make setup-test installs it")
	}
	in, out := t.TempDir(), t.TempDir()
	args := []string{"-env:UserInstallation=file://" + t.TempDir(), "--headless", "--norestore", "--convert-to", to, "--outdir", out}
	for name, content := range files {
		path := filepath.Join(in, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if said, err := exec.CommandContext(t.Context(), office, args...).CombinedOutput(); err != nil {
		t.Fatalf("soffice: %v\n%s", err, said)
	}
	ending, _, _ := strings.Cut(to, ":")
	made := map[string][]byte{}
	for name := range files {
		base := strings.TrimSuffix(name, filepath.Ext(name))
		content, err := os.ReadFile(filepath.Join(out, base+"."+ending))
		if err != nil {
			t.Fatalf("LibreOffice made nothing of %s: %v", name, err)
		}
		made[base] = content
	}
	return made
}

// Count counts the elements of an XML file by their names without prefix.
func Count(t testing.TB, content []byte) map[string]int {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(string(content)))
	counts := map[string]int{}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return counts
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			counts[start.Name.Local]++
		}
	}
}

var space = regexp.MustCompile(`[\s\x{feff}\x{00a0}]+`)

// Words is text with one space wherever there is white space.
func Words(text string) string { return strings.TrimSpace(space.ReplaceAllString(text, " ")) }
