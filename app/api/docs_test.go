package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/docs"
	"parvis/crdt/doc"
	"parvis/crdt/doc/format"
	"parvis/crdt/seal"
)

// writings answers every call about documents.
type writings struct{ *services }

func (s writings) List(context.Context, seal.ID) ([]docs.Document, error) {
	return []docs.Document{{Title: "Report"}}, s.call("docs")
}

func (s writings) Create(_ context.Context, _ seal.ID, _ seal.SpaceID, title, folder string) (docs.Document, error) {
	return docs.Document{Title: title}, s.call("doc %s in %s", title, folder)
}

func (s writings) Rename(_ context.Context, _ seal.ID, id doc.ID, title string) error {
	return s.call("title %s of %s", title, id)
}

func (s writings) Move(_ context.Context, _ seal.ID, _ doc.ID, folder string) error {
	return s.call("folder %s", folder)
}

func (s writings) SetTrashed(_ context.Context, _ seal.ID, _ doc.ID, trashed bool) error {
	return s.call("trashed %t", trashed)
}

func (s writings) Open(context.Context, seal.ID, doc.ID) (docs.Session, error) {
	return docs.Session{Token: "lease", Number: 3}, s.call("open")
}

func (s writings) Resume(_ context.Context, _ seal.ID, _ doc.ID, token string, number uint32) (docs.Session, error) {
	return docs.Session{}, s.call("resume %s %d", token, number)
}

func (s writings) Apply(_ context.Context, _ seal.ID, _ doc.ID, token string, changes [][]byte) error {
	return s.call("apply %s %s", token, bytes.Join(changes, []byte(" ")))
}

func (s writings) CloseSession(_ context.Context, _ seal.ID, _ doc.ID, token string) error {
	return s.call("close %s", token)
}

func (s writings) Cursor(_ context.Context, _ seal.ID, _ doc.ID, _, anchor, head string) error {
	return s.call("cursor %s %s", anchor, head)
}

func (s writings) Star(_ context.Context, _ seal.ID, _ doc.ID, on bool) error {
	return s.call("star %t", on)
}
func (s writings) MarkSeen(context.Context, seal.ID, doc.ID) error { return s.call("seen") }
func (s writings) Mention(_ context.Context, _ seal.ID, _ doc.ID, comment string, people []seal.ID, text string) error {
	return s.call("mention %d in %s: %s", len(people), comment, text)
}

func (s writings) ReportBad(_ context.Context, _ seal.ID, _ doc.ID, hashes []seal.ID, reason string) error {
	return s.call("bad %d: %s", len(hashes), reason)
}

func (s writings) History(context.Context, seal.ID, doc.ID) ([]docs.ChangeInfo, error) {
	return []docs.ChangeInfo{{Seq: 1}}, s.call("history")
}

func (s writings) Text(context.Context, seal.ID, doc.ID) (string, []seal.ID, error) {
	return "said", nil, s.call("text")
}

func (s writings) Append(_ context.Context, _ seal.ID, _ doc.ID, text string) error {
	return s.call("append %s", text)
}

func (s writings) Edit(_ context.Context, _ seal.ID, _ doc.ID, pos, del uint32, text string) error {
	return s.call("edit %d %d %s", pos, del, text)
}

func (s writings) Export(_ context.Context, _ seal.ID, _ doc.ID, as docs.ExportAs) (docs.Exported, error) {
	return docs.Exported{Name: "Report." + as.Format, Mime: "text/plain", Data: []byte("whole"), Report: format.Report{{What: format.LossColor, Count: 2}}}, s.call("export %s %s %t", as.Format, as.Lang, as.Comments)
}

func (s writings) Import(_ context.Context, _ seal.ID, folder, name string, data []byte) (docs.Document, format.Report, error) {
	return docs.Document{Title: name}, format.Report{{What: format.LossFormula, Count: 1}}, s.call("import %s/%s %s", folder, name, data)
}

func (s writings) Content(context.Context, seal.ID, doc.ID) ([]byte, error) {
	return []byte("document"), s.call("content")
}

func (s writings) PutSnapshot(_ context.Context, _ seal.ID, _ doc.ID, heads []seal.ID, data []byte) error {
	return s.call("snapshot %d %s", len(heads), data)
}

func (s writings) Paint(context.Context, seal.ID, doc.ID) (docs.Paint, error) {
	return docs.Paint{Heads: []seal.ID{{7}}, Data: []byte("painted")}, s.call("paint")
}

func (s writings) PutPaint(_ context.Context, _ seal.ID, _ doc.ID, _ []seal.ID, data []byte) error {
	return s.call("keep paint %s", data)
}

// gallery answers for pictures.
type gallery struct{ *services }

func (s gallery) Add(_ context.Context, _ seal.ID, _ doc.ID, name string, r io.Reader) (api.DocFile, error) {
	data, err := io.ReadAll(r)
	return api.DocFile{File: "f1", Size: int64(len(data))}, errors.Join(err, s.call("picture %s %s", name, data))
}

func (s gallery) Open(_ context.Context, _ seal.ID, _ doc.ID, file string) (api.Picture, error) {
	return api.Picture{Mime: "image/png", Size: 4, Bytes: io.NopCloser(strings.NewReader("\x89PNG"))}, s.call("open %s", file)
}

func documents(s *services) api.Documents {
	w := writings{s}
	return api.Documents{List: w, Replicas: w, Remarks: w, Texts: w, Bytes: w, Pictures: gallery{s}}
}

const document = "000000000000000000000000000000dd"

func TestCallsAboutDocumentsReachTheServices(t *testing.T) {
	in := func(rest string) []string {
		return []string{fmt.Sprintf(`{"workspace":%q,"id":%q%s}`, ws, document, rest)}
	}
	for _, c := range []struct {
		method, result, reached string
		args                    []string
	}{
		{"Docs.List", `[{"workspace"`, "docs", []string{`"` + ws + `"`}},
		{"Docs.Create", `{"workspace":`, "doc Plan in A/B", []string{`{"workspace":"` + ws + `","title":"Plan","folder":"A/B"}`}},
		{"Docs.Rename", "null", "title New of " + document, in(`,"title":"New"`)},
		{"Docs.Move", "null", "folder C", in(`,"folder":"C"`)},
		{"Docs.Star", "null", "star true", in(`,"on":true`)},
		{"Docs.Trash", "null", "trashed true", in("")},
		{"Docs.Restore", "null", "trashed false", in("")},
		{"Docs.MarkSeen", "null", "seen", in("")},
		{"Docs.Mention", "null", "mention 1 in c1: look", in(`,"comment":"c1","people":["` + ws + `"],"text":"look"`)},
		{"Docs.Report", "null", "bad 1: trap", in(`,"hashes":["` + ws + `"],"reason":"trap"`)},
		{"Docs.History", `[{"hash":`, "history", in("")},
		{"Docs.Open", `{"token":"lease","session":3`, "open", in("")},
		{"Docs.Resume", `{"token":""`, "resume t 9", in(`,"token":"t","session":9`)},
		{"Docs.Apply", "null", "apply t one two", in(`,"token":"t","changes":["b25l","dHdv"]`)},
		{"Docs.Close", "null", "close t", in(`,"token":"t"`)},
		{"Docs.Cursor", "null", "cursor 1@a 2@a", in(`,"token":"t","anchor":"1@a","head":"2@a"`)},
		{"Docs.Text", `{"text":"said","heads":[]}`, "text", in("")},
		{"Docs.Append", "null", "append more", in(`,"text":"more"`)},
		{"Docs.Edit", "null", "edit 4 2 x", in(`,"at":4,"delete":2,"text":"x"`)},
		{"Docs.Export", `{"token":"`, "export pdf fr true", in(`,"format":"pdf","lang":"fr","comments":true`)},
	} {
		t.Run(c.method, func(t *testing.T) {
			a, s, _, _ := build(t)
			got, failure := call(a, c.method, c.args...)
			if failure != nil || !strings.HasPrefix(got, c.result) {
				t.Errorf("got %s, %v, want %s…", got, failure, c.result)
			}
			if !slices.Contains(s.calls, c.reached) {
				t.Errorf("reached %q, want %q", s.calls, c.reached)
			}
		})
	}
}

func TestBadArgumentsAboutDocumentsReachNothing(t *testing.T) {
	for what, c := range map[string][2]string{
		"no document":        {"Docs.Text", `{"workspace":"` + ws + `","id":"x"}`},
		"no base64":          {"Docs.Apply", `{"workspace":"` + ws + `","id":"` + document + `","changes":["%%"]}`},
		"a negative place":   {"Docs.Edit", `{"workspace":"` + ws + `","id":"` + document + `","at":-1}`},
		"a session too high": {"Docs.Resume", `{"workspace":"` + ws + `","id":"` + document + `","session":65536}`},
		"no hash":            {"Docs.Report", `{"workspace":"` + ws + `","id":"` + document + `","hashes":["x"]}`},
		"no person":          {"Docs.Mention", `{"workspace":"` + ws + `","id":"` + document + `","people":["x"]}`},
	} {
		t.Run(what, func(t *testing.T) {
			a, s, _, _ := build(t)
			_, failure := call(a, c[0], c[1])
			if failure == nil || failure.Code != api.CodeInvalid || len(s.calls) > 0 {
				t.Errorf("got %+v after %q, want code invalid and nothing reached", failure, s.calls)
			}
		})
	}
}

func TestAnExportWaitsUnderItsToken(t *testing.T) {
	a, _, _, _ := build(t)
	var made api.DocExported
	for range 5 { // the first gives way to the fifth
		got, failure := call(a, "Docs.Export", fmt.Sprintf(`{"workspace":%q,"id":%q,"format":"md"}`, ws, document))
		if failure != nil {
			t.Fatal(failure)
		}
		first := made.Token
		if err := json.Unmarshal([]byte(got), &made); err != nil || made.Token == first {
			t.Fatalf("token %q again, %v", made.Token, err)
		}
	}
	name, mime, data, err := a.Content.Exported(made.Token)
	if name != "Report.md" || mime != "text/plain" || string(data) != "whole" || err != nil {
		t.Errorf("got %q, %q, %q, %v", name, mime, data, err)
	}
	if len(made.Report) != 1 || made.Report[0] != (api.DocLoss{What: "color", Count: 2}) {
		t.Errorf("the report is %+v", made.Report)
	}
	if _, _, _, err := a.Content.Exported(strings.Repeat("0", 64)); err == nil {
		t.Error("another token gives a file too")
	}
}

func TestContentReachesTheServices(t *testing.T) {
	a, s, _, _ := build(t)
	if data, err := a.Content.Document(ws, document); string(data) != "document" || err != nil {
		t.Errorf("document %q, %v", data, err)
	}
	if data, heads, err := a.Content.Paint(ws, document); string(data) != "painted" || len(heads) != 1 || err != nil {
		t.Errorf("paint %q at %q, %v", data, heads, err)
	}
	var copied bytes.Buffer
	if err := a.Content.Picture(ws, document, "f1", func(string, int64) io.Writer { return &copied }); err != nil || copied.String() != "\x89PNG" {
		t.Errorf("picture %q, %v", &copied, err)
	}
	if stored, err := a.Content.AddPicture(ws, document, "a.png", strings.NewReader("png")); stored.Size != 3 || err != nil {
		t.Errorf("stored %+v, %v", stored, err)
	}
	if made, err := a.Content.Import(ws, "A", "x.md", []byte("# x")); made.Doc.Title != "x.md" || len(made.Report) != 1 || err != nil {
		t.Errorf("imported %+v, %v", made, err)
	}
	for what, err := range map[string]error{
		"snapshot": a.Content.KeepSnapshot(ws, document, []string{ws}, []byte("s")),
		"paint":    a.Content.KeepPaint(ws, document, nil, []byte("p")),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, want := range []string{"content", "paint", "open f1", "picture a.png png", "import A/x.md # x", "snapshot 1 s", "keep paint p"} {
		if !slices.Contains(s.calls, want) {
			t.Errorf("reached %q, want %q", s.calls, want)
		}
	}
	s.err = fmt.Errorf("read: %w", docs.ErrNotFound)
	var known *api.Error
	if _, err := a.Content.Document("x", document); !errors.As(err, &known) || known.Code != api.CodeInvalid {
		t.Errorf("a wrong workspace gives %v", err)
	}
	if _, err := a.Content.Document(ws, document); !errors.As(err, &known) || known.Code != api.CodeNotFound {
		t.Errorf("an unknown document gives %v", err)
	}
}
