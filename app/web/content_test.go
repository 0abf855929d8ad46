package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/docs"
	"parvis/app/web"
	"parvis/app/web/client"
	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// library is a document whose bytes are what was put there last.
type library struct {
	api.TextService
	data  []byte
	heads []seal.ID
	err   error
}

func (l *library) Content(context.Context, seal.ID, doc.ID) ([]byte, error) { return l.data, l.err }
func (l *library) PutSnapshot(_ context.Context, _ seal.ID, _ doc.ID, heads []seal.ID, data []byte) error {
	l.data, l.heads = data, heads
	return l.err
}

func (l *library) Paint(context.Context, seal.ID, doc.ID) (docs.Paint, error) {
	return docs.Paint{Heads: l.heads, Data: l.data}, l.err
}

func (l *library) PutPaint(ctx context.Context, ws seal.ID, id doc.ID, heads []seal.ID, data []byte) error {
	return l.PutSnapshot(ctx, ws, id, heads, data)
}

func (l *library) Add(_ context.Context, _ seal.ID, _ doc.ID, name string, r io.Reader) (api.DocFile, error) {
	data, err := io.ReadAll(r)
	l.data = data
	return api.DocFile{File: name, Size: int64(len(data))}, err
}

func (l *library) Open(context.Context, seal.ID, doc.ID, string) (api.Picture, error) {
	return api.Picture{Mime: "image/png", Size: int64(len(l.data)), Bytes: io.NopCloser(strings.NewReader(string(l.data)))}, l.err
}

func (l *library) Export(context.Context, seal.ID, doc.ID, docs.ExportAs) (docs.Exported, error) {
	return docs.Exported{Name: "Été « 1 ».md", Mime: "text/markdown", Data: []byte("# x")}, nil
}

const (
	aWorkspace = "00000000000000000000000000000000000000000000000000000000000000aa"
	aDocument  = "000000000000000000000000000000dd"
	inDocument = aWorkspace + "/" + aDocument
)

func serveLibrary(t *testing.T) (*web.Server, *library, *api.API) {
	t.Helper()
	l := &library{}
	a := api.New(api.Config{
		Docs:    api.Documents{Texts: l, Bytes: l, Pictures: l},
		Bundles: stranger{},
		Life:    func() (context.Context, error) { return t.Context(), nil },
	})
	s := &web.Server{Backend: newBackend(), Assets: page, Content: web.Content(a.Content)}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, l, a
}

func TestBytesOfDocumentsTravelBothWays(t *testing.T) {
	s, l, a := serveLibrary(t)
	c := dial(t, s, nil)
	for _, path := range []string{"/content/snapshot/", "/content/paint/"} {
		if err := c.Put(t.Context(), path+inDocument, []byte("saved "+path)); err != nil || string(l.data) != "saved "+path {
			t.Errorf("%s: %q, %v", path, l.data, err)
		}
	}
	for _, path := range []string{"/content/doc/" + inDocument, "/content/paint/" + inDocument, "/content/file/" + inDocument + "/f1"} {
		if data, err := c.Get(t.Context(), path); string(data) != string(l.data) || err != nil {
			t.Errorf("%s: %q, %v", path, data, err)
		}
	}
	l.data = nil
	if response := get(t, s, "/content/paint/"+inDocument, bearer(s)); response.StatusCode != http.StatusNoContent {
		t.Errorf("no picture is answered with %s", response.Status)
	}
	stored, err := client.Post[api.DocFile](t.Context(), c, "/content/file/"+inDocument, map[string]string{"name": "a b.png"}, []byte("png"))
	if err != nil || stored != (api.DocFile{File: "a b.png", Size: 3}) {
		t.Errorf("stored %+v, %v", stored, err)
	}
	made, err := a.Docs.Export(api.DocExport{Workspace: aWorkspace, ID: aDocument})
	if err != nil {
		t.Fatal(err)
	}
	response := get(t, s, "/content/export/"+made.Token, bearer(s))
	if got := response.Header.Get("Content-Disposition"); !strings.Contains(got, "attachment") || !strings.Contains(got, "%C3%89t%C3%A9") {
		t.Errorf("the export is sent as %q", got)
	}
}

func bearer(s *web.Server) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.Token()) }
}

func TestPicturesNeverRunAsPages(t *testing.T) {
	s, l, _ := serveLibrary(t)
	l.data = []byte("<script>alert(1)</script>")
	h := get(t, s, "/content/file/"+inDocument+"/f1", bearer(s)).Header
	if !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Type") != "image/png" {
		t.Errorf("the headers are %v", h)
	}
}

func TestOnlyTheOwnPageMayWriteBytes(t *testing.T) {
	s, l, _ := serveLibrary(t)
	put := func(path string, change func(*http.Request)) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+s.Host()+path, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	for what, change := range map[string]func(*http.Request){
		"nobody":       func(*http.Request) {},
		"another page": func(r *http.Request) { bearer(s)(r); r.Header.Set("Origin", "http://evil.example") },
		"wrong token":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") },
		"other site":   func(r *http.Request) { bearer(s)(r); r.Header.Set("Sec-Fetch-Site", "cross-site") },
	} {
		if got := put("/content/snapshot/"+inDocument, change); got < 400 || l.data != nil {
			t.Errorf("%s gets %d and wrote %q", what, got, l.data)
		}
	}
	if got := put("/index.html", bearer(s)); got != http.StatusNotFound {
		t.Errorf("PUT of a page gives %d", got)
	}
	if got := put("/content/snapshot/"+inDocument, bearer(s)); got != http.StatusOK || string(l.data) != "x" {
		t.Errorf("a program gets %d and wrote %q", got, l.data)
	}
}

func TestErrorsOfContentAreSentences(t *testing.T) {
	s, l, _ := serveLibrary(t)
	c := dial(t, s, nil)
	for _, test := range []struct {
		err  error
		code string
	}{
		{docs.ErrNotFound, api.CodeNotFound}, {docs.ErrStale, api.CodeSession}, {docs.ErrTooLarge, api.CodeInvalid},
		{docs.ErrReadOnly, api.CodeRefused}, {errors.New("secret"), api.CodeInternal},
	} {
		l.err = test.err
		_, err := c.Get(t.Context(), "/content/doc/"+inDocument)
		var known *api.Error
		if !errors.As(err, &known) || known.Code != test.code || !strings.HasSuffix(known.Message, ".") || strings.Contains(known.Message, "secret") {
			t.Errorf("%v becomes %v, want code %s", test.err, err, test.code)
		}
	}
	if err := c.Put(t.Context(), "/content/snapshot/"+inDocument, make([]byte, api.MaxSnapshot+1)); err == nil || !strings.Contains(err.Error(), "32 MiB") {
		t.Errorf("a snapshot that is too large gives %v", err)
	}
	if _, err := client.Post[api.DocFile](t.Context(), c, "/content/file/"+inDocument, nil, make([]byte, api.MaxPicture+1)); err == nil || !strings.Contains(err.Error(), "25 MiB") {
		t.Errorf("a picture that is too large gives %v", err)
	}
}

// stranger knows no bundle after its first bytes.
type stranger struct{ api.BundleService }

func (stranger) Import(_ context.Context, _ string, in io.Reader) (api.BundleTaken, error) {
	_, _ = io.ReadFull(in, make([]byte, 100))
	return api.BundleTaken{}, &api.Error{Code: api.CodeNotFound, Message: "This bundle is for a workspace that is not on this device."}
}

// endless is a file without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A refusal arrives although the sender is not through.
func TestARefusalReachesASenderThatStillWrites(t *testing.T) {
	s, _, _ := serveLibrary(t)
	c := dial(t, s, nil)
	for path, want := range map[string]string{
		"/content/import/" + aWorkspace: api.CodeInvalid,
		"/content/bundle":               api.CodeNotFound,
	} {
		_, err := client.Upload[struct{}](t.Context(), c, path, nil, endless{})
		if failure := (*api.Error)(nil); !errors.As(err, &failure) || failure.Code != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}
