package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"parvis/app/web"
	"parvis/app/web/client"
	"parvis/app/web/endpoint"
)

func TestItListensOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "[::]:0", "example.org:0", "127.0.0.1"} {
		s := &web.Server{Listen: address, Backend: newBackend()}
		if err := s.Start(t.Context()); err == nil {
			t.Errorf("it listens on %s", address)
			s.Close()
		}
	}
}

func TestWithoutAPageItSaysSo(t *testing.T) {
	s := &web.Server{Backend: newBackend(), Assets: fstest.MapFS{".gitkeep": {}}}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	response := get(t, s, "/", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.Token()) })
	text, _ := io.ReadAll(response.Body)
	if !strings.Contains(string(text), "make frontend") {
		t.Errorf("got %s %q", response.Status, text)
	}
}

func TestTheEndpointFileIsPrivateAndLeavesWithTheNode(t *testing.T) {
	s := &web.Server{Backend: newBackend(), Data: t.TempDir()}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.Data, endpoint.Name)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o, want 600", info.Mode().Perm())
	}
	if at, err := endpoint.Read(s.Data); err != nil || at.Host != s.Host() || at.Token != s.Token() {
		t.Errorf("read %+v, %v", at, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := endpoint.Read(s.Data); !errors.Is(err, endpoint.ErrNone) {
		t.Errorf("after the stop: %v", err)
	}
}

func TestCloseEndsOpenSockets(t *testing.T) {
	s := &web.Server{Backend: newBackend()}
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	c := dial(t, s, nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if _, err := client.Call[string](t.Context(), c, "echo", client.Arg("x")); !errors.Is(err, client.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func TestAPageComesBackAfterARestart(t *testing.T) {
	data := t.TempDir()
	begin := func(address string) *web.Server {
		s := &web.Server{Backend: newBackend(), Assets: page, Data: data, Listen: address}
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	s := begin("")
	first, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	cookie := get(t, s, first.RequestURI(), nil).Cookies()[0]
	host, token := s.Host(), s.Token()
	for _, address := range []string{host, ""} { // where it was told to, and where any port will do
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = begin(address)
		if s.Host() != host || s.Token() == token {
			t.Errorf("it serves at %s with the same token: %t; want %s and another one", s.Host(), s.Token() == token, host)
		}
		if got := get(t, s, "/", func(r *http.Request) { r.AddCookie(cookie) }).StatusCode; got != http.StatusOK {
			t.Errorf("the page from before gets %d", got)
		}
	}
	other := begin("") // the port is taken: another one and another session
	if got := get(t, other, "/", func(r *http.Request) { r.AddCookie(cookie) }).StatusCode; got != http.StatusForbidden {
		t.Errorf("a second server lets the first one's page in: %d", got)
	}
	info, err := os.Stat(filepath.Join(data, "page.json"))
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the address is kept with %v, %v, want mode 0600", info.Mode(), err)
	}
}
