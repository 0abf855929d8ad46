package format

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"parvis/crdt/doc"
)

func TestReportCountsEachLossOnce(t *testing.T) {
	var r Report
	r.Add(LossImage, 1)
	r.Add(LossLink, 2)
	r.Add(LossImage, 3)
	r.Add(LossTable, 0)
	if want := (Report{{LossImage, 4}, {LossLink, 2}}); !slices.Equal(r, want) {
		t.Errorf("got %v, want %v", r, want)
	}
}

func TestNameOfAnAuthor(t *testing.T) {
	known := Options{Lang: "fr", Names: func(a doc.Actor) string { return map[doc.Actor]string{{1}: "Ana"}[a] }}
	for _, c := range []struct {
		o     Options
		actor doc.Actor
		name  string
		want  string
	}{
		{known, doc.Actor{1}, "", "Ana"}, {known, doc.Actor{2}, "", "Inconnu"}, {known, doc.Actor{1}, "Ben", "Ben"},
		{Options{}, doc.Actor{1}, "", "Unknown"}, {known, doc.Actor{}, "", "Inconnu"},
	} {
		if got := c.o.Name(c.actor, c.name); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestPictureTypeLooksAtTheContent(t *testing.T) {
	for data, want := range map[string]string{
		"\x89PNG\r\n\x1a\nrest": "image/png", "\xff\xd8\xff\xe0": "image/jpeg", "GIF89a": "image/gif", "RIFF\x00\x00\x00\x00WEBPVP8 ": "image/webp",
		"<svg>": "", "": "", "RIFF\x00\x00\x00\x00WAVEfmt ": "", "BM": "",
	} {
		if got := PictureType([]byte(data)); got != want {
			t.Errorf("%q is %q, want %q", data, got, want)
		}
		if want != "" && !IsPicture(want) {
			t.Errorf("%s is no picture", want)
		}
	}
}

// shelf stores pictures until it is full.
type shelf struct {
	names []string
	full  error
}

func (s *shelf) Attach(_ context.Context, _ []byte, mime, name string) (string, error) {
	s.names = append(s.names, name+" "+mime)
	return name, s.full
}

func TestPicturesAreCutOutAndKeptOnce(t *testing.T) {
	s := &shelf{}
	p := NewPictures(s)
	got := string(p.Cut([]byte(`a "data:image/gif;base64,R0lGODlh" b (data:image/png;base64,PHN2Zz4=) c data:text/html;base64,AAAA`)))
	if want := `a "data:picture-0" b (data:picture-1) c data:text/html;base64,AAAA`; got != want {
		t.Fatalf("cut to %s", got)
	}
	for _, c := range []struct{ address, file, lost string }{
		{"data:picture-0", "x", ""}, {"data:picture-0", "x", ""}, {"data:picture-1", "", LossImageFormat}, {"data:picture-2", "", LossImage},
		{"data:picture--1", "", LossImage}, {"https://example.org/x.png", "", LossImage}, {"", "", LossImage},
	} {
		file, lost, err := p.Attach(t.Context(), c.address, "x")
		if file != c.file || lost != c.lost || err != nil {
			t.Errorf("%s: %q, %q, %v", c.address, file, lost, err)
		}
	}
	if !slices.Equal(s.names, []string{"x image/gif"}) {
		t.Errorf("stored %v", s.names)
	}
	full := errors.New("full")
	p = NewPictures(&shelf{full: full})
	p.Cut([]byte("data:image/gif;base64,R0lGODlh"))
	if _, _, err := p.Attach(t.Context(), "data:picture-0", "x"); !errors.Is(err, full) {
		t.Errorf("a full store: %v", err)
	}
}

func TestTextOfAnyFile(t *testing.T) {
	for data, want := range map[string]string{
		"a\r\nb\rc\fd": "a\nb\nc\nd", "\x00a\x1b\tb\x7f": "a\tb", "\xef\xbb\xbfé": "é", "\xff\xfea\x00\xe9\x00": "aé", "\xfe\xff\x00a": "a", "\x80\x93\xff": "€“ÿ", "\xff\xfea": "",
	} {
		if got := Text([]byte(data)); got != want {
			t.Errorf("%q is %q, want %q", data, got, want)
		}
	}
}

func TestWhatIsText(t *testing.T) {
	for data, want := range map[string]bool{
		"": true, "a\r\nb\tc\x1b[1m": true, "\xff\xfea\x00": true, "caf\xe9": true,
		"a\x00b": false, "\x7fELF\x02\x01\x01\x00": false, strings.Repeat("\x01\x02abc", 10): false,
	} {
		if got := IsText([]byte(data)); got != want {
			t.Errorf("%q: %v", data, got)
		}
	}
}
