package cli

import (
	"os"
	"regexp"
	"testing"
)

func TestEveryLossHasWords(t *testing.T) {
	source, err := os.ReadFile("../../crdt/doc/format/report.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`Loss[A-Za-z]+\s+= "([A-Za-z]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(codes) < 30 {
		t.Fatalf("only %d codes in report.go", len(codes))
	}
	for _, code := range codes {
		if lossWords[code[1]] == "" {
			t.Errorf("no words for %q", code[1])
		}
	}
}
