package cli

import (
	"strings"
	"testing"
)

func TestTheEndingOfAFileSaysItsFormat(t *testing.T) {
	for _, c := range []struct{ out, format, want, refused string }{
		{out: "", want: "md"},
		{out: "-", want: "md"},
		{out: "-", format: "html", want: "html"},
		{out: "report", want: "md"},
		{out: "report", format: "pdf", want: "pdf"},
		{out: "report.docx", want: "docx"},
		{out: "a/Report.PDF", want: "pdf"},
		{out: "report.markdown", want: "md"},
		{out: "report.htm", format: "html", want: "html"},
		{out: "report.bak", format: "odt", want: "odt"},
		{out: "report.docx", format: "md", refused: "--format says"},
		{out: "report.doc", refused: "Say with --format"},
	} {
		t.Run(c.out+" "+c.format, func(t *testing.T) {
			got, err := formatOf(c.out, c.format)
			if c.refused == "" && (err != nil || got != c.want) {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
			if c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("got %q, %v, want %q refused", got, err, c.refused)
			}
		})
	}
}
