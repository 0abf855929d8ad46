package web_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"

	"parvis/app/web"
	"parvis/app/web/client"
)

// backend is an api of three methods: echo gives its argument back, wait answers
// when it is let go, boom panics.
type backend struct {
	entered chan struct{}
	release chan struct{}

	mu   sync.Mutex
	hear []func(string, json.RawMessage) // guarded by mu
}

func newBackend() *backend {
	return &backend{entered: make(chan struct{}, 1000), release: make(chan struct{})}
}

func (b *backend) Call(method string, args []json.RawMessage) (result, failure json.RawMessage) {
	switch method {
	case "echo":
		return args[0], nil
	case "wait":
		b.entered <- struct{}{}
		<-b.release
		return nil, nil
	case "boom":
		panic("a bug")
	}
	return nil, json.RawMessage(`{"code":"not-found","message":"There is no such method."}`)
}

func (b *backend) Subscribe(hear func(string, json.RawMessage)) func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hear = append(b.hear, hear)
	return func() {}
}

func (b *backend) publish(name, data string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, hear := range b.hear {
		hear(name, json.RawMessage(data))
	}
}

var page = fstest.MapFS{
	"index.html":    {Data: []byte("<!doctype html><title>Parvis</title>")},
	"assets/app.js": {Data: []byte("export {}")},
	".gitkeep":      {Data: nil},
}

func start(t *testing.T, b *backend) *web.Server {
	t.Helper()
	s := &web.Server{Backend: b, Assets: page, Data: t.TempDir()}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// get asks without following redirects.
func get(t *testing.T, s *web.Server, path string, change func(*http.Request)) *http.Response {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+s.Host()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(request)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func TestTheGuardLetsOnlyItsOwnPageIn(t *testing.T) {
	s := start(t, newBackend())
	_, port, _ := net.SplitHostPort(s.Host())
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.Token()) }
	with := func(changes ...func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) {
			for _, change := range changes {
				change(r)
			}
		}
	}
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	header := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	method := func(m string) func(*http.Request) { return func(r *http.Request) { r.Method = m } }
	tests := []struct {
		name, path string
		change     func(*http.Request)
		want       int
	}{
		{"the bearer token opens the page", "/", bearer, 200},
		{"the page's own origin is fine", "/", with(bearer, header("Origin", "http://"+s.Host())), 200},
		{"nothing without a token", "/", nil, 403},
		{"not even a file", "/assets/app.js", nil, 403},
		{"not even the knowledge which files exist", "/assets/none.js", nil, 403},
		{"a wrong bearer token", "/", header("Authorization", "Bearer x"), 403},
		{"an empty bearer token", "/", header("Authorization", "Bearer "), 403},
		{"a wrong token in the address", "/?token=" + strings.Repeat("A", 52), nil, 403},
		{"an empty token in the address", "/?token=", nil, 403},
		{"a wrong cookie", "/", header("Cookie", "parvis-"+port+"=x"), 403},
		{"the token as cookie", "/", header("Cookie", "parvis-"+port+"="+s.Token()), 403},
		{"a rebound host name", "/", with(bearer, host("evil.example:"+port)), 403},
		{"localhost by name", "/", with(bearer, host("localhost:"+port)), 403},
		{"the host without its port", "/", with(bearer, host("127.0.0.1")), 403},
		{"the same host with a dot", "/", with(bearer, host("127.0.0.1.:"+port)), 403},
		{"a foreign origin", "/", with(bearer, header("Origin", "https://evil.example")), 403},
		{"another port's origin", "/", with(bearer, header("Origin", "http://127.0.0.1:1")), 403},
		{"the null origin", "/", with(bearer, header("Origin", "null")), 403},
		{"the secure twin of its origin", "/", with(bearer, header("Origin", "https://"+s.Host())), 403},
		{"a foreign page's script", "/assets/app.js", with(bearer, header("Sec-Fetch-Site", "cross-site")), 403},
		{"no method but GET", "/", with(bearer, method(http.MethodPost)), 404},
		{"no method but GET, preflight", "/api", with(bearer, method(http.MethodOptions)), 404},
		{"a file that is not there", "/assets/none.js", bearer, 404},
		{"a folder is not listed", "/assets/", bearer, 404},
		{"a hidden file", "/.gitkeep", bearer, 404},
		{"a way out of the folder", "/assets/%2e%2e/%2e%2e/etc/passwd", bearer, 404},
		{"the socket without an upgrade", "/api", bearer, 426},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response := get(t, s, test.path, test.change)
			if response.StatusCode != test.want {
				t.Errorf("got %s, want %d", response.Status, test.want)
			}
			if response.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Error("it allows foreign pages to read the answer")
			}
			if response.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("it lets the browser guess the type")
			}
		})
	}
}

func TestTheFirstAddressIsExchangedForACookie(t *testing.T) {
	s := start(t, newBackend())
	first, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	if token := first.Query().Get("token"); len(token) < 26 { // base32: 130 bits
		t.Errorf("the token %q has fewer than 128 bits", token)
	}
	response := get(t, s, first.RequestURI(), nil)
	if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != "/" {
		t.Fatalf("got %s to %q, want a redirect that takes the token out of the address", response.Status, response.Header.Get("Location"))
	}
	cookies := response.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("got cookies %v, want one, HttpOnly and SameSite=Strict", cookies)
	}
	page := get(t, s, "/", func(r *http.Request) { r.AddCookie(cookies[0]) })
	if page.StatusCode != http.StatusOK {
		t.Errorf("with the cookie: %s", page.Status)
	}
	if got, want := page.Header.Get("Permissions-Policy"), "geolocation=(), usb=(), serial=(), payment=()"; got != want {
		t.Errorf("permissions %q, want %q: browsers complain about a feature they do not know", got, want)
	}
	policy := page.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self' ws://" + s.Host(), "base-uri 'none'", "require-trusted-types-for 'script'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %q: %s", want, policy)
		}
	}
	if strings.Contains(strings.Replace(policy, "'wasm-unsafe-eval'", "", 1), "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("the policy has a hole: %s", policy)
	}
}

func TestTheSocketRefusesForeignPages(t *testing.T) {
	s := start(t, newBackend())
	_, _, err := websocket.Dial(t.Context(), "ws://"+s.Host()+"/api", &websocket.DialOptions{HTTPHeader: http.Header{
		"Authorization": {"Bearer " + s.Token()}, "Origin": {"http://evil.example"},
	}})
	if err == nil {
		t.Error("a foreign page opened the socket")
	}
	if _, err := client.Dial(t.Context(), s.Host(), "wrong", nil); err == nil {
		t.Error("a wrong token opened the socket")
	}
}

func dial(t *testing.T, s *web.Server, hear func(client.Event)) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), s.Host(), s.Token(), hear)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestCallsRunConcurrently(t *testing.T) {
	b := newBackend()
	c := dial(t, start(t, b), nil)
	waited := make(chan error, 1)
	go func() {
		_, err := client.Call[*client.Nothing](t.Context(), c, "wait")
		waited <- err
	}()
	<-b.entered
	got, err := client.Call[string](t.Context(), c, "echo", client.Arg("while the other waits"))
	if err != nil || got != "while the other waits" {
		t.Errorf("got %q, %v", got, err)
	}
	close(b.release)
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

func TestAPanicIsAnAnswer(t *testing.T) {
	c := dial(t, start(t, newBackend()), nil)
	if _, err := client.Call[string](t.Context(), c, "boom"); err == nil || !strings.Contains(err.Error(), "internal") {
		t.Errorf("got %v, want an internal error", err)
	}
	if _, err := client.Call[string](t.Context(), c, "echo", client.Arg("still here")); err != nil {
		t.Errorf("after the panic: %v", err)
	}
}

func TestAnOversizedOrMalformedMessageClosesTheSocket(t *testing.T) {
	s := start(t, newBackend())
	for name, message := range map[string]string{
		"too long":     `{"id":1,"method":"echo","args":["` + strings.Repeat("x", 2<<20) + `"]}`,
		"not JSON":     `{"id":1,`,
		"no method":    `{"id":1,"args":[]}`,
		"not a number": `{"id":"one","method":"echo","args":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			ws, _, err := websocket.Dial(t.Context(), "ws://"+s.Host()+"/api", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + s.Token()}}})
			if err != nil {
				t.Fatal(err)
			}
			defer ws.CloseNow()
			_ = ws.Write(t.Context(), websocket.MessageText, []byte(message))
			if _, _, err := ws.Read(t.Context()); err == nil {
				t.Error("it answered")
			}
		})
	}
}

func TestASlowClientIsToldToReload(t *testing.T) {
	b := newBackend()
	hold := make(chan struct{})
	reloaded := make(chan struct{})
	var once sync.Once
	c := dial(t, start(t, b), func(e client.Event) {
		<-hold
		if e.Event == "reload" {
			once.Do(func() { close(reloaded) })
		}
	})
	if _, err := client.Call[string](t.Context(), c, "echo", client.Arg("connected")); err != nil {
		t.Fatal(err)
	}
	big := `"` + strings.Repeat("x", 8<<10) + `"`
	for range 20_000 {
		b.publish("chat.message", big)
	}
	close(hold)
	select {
	case <-reloaded:
	case <-time.After(30 * time.Second):
		t.Error("no reload event came")
	}
}

func TestTooManyFilesAtOnceAreRefused(t *testing.T) {
	s := start(t, newBackend())
	refused := 0
	for range 200 {
		response := get(t, s, "/", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.Token()) })
		_, _ = io.Copy(io.Discard, response.Body)
		if response.StatusCode == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Error("200 files within a moment, and none was refused")
	}
}
