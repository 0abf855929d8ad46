package superpeer

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Limits of the page, of all guests together.
const (
	filesPerSecond = 200
	filesBurst     = 500
)

// noPage is shown when the program was compiled before the page was.
const noPage = "This super-peer was built without the page for guests. Build the page first (make frontend), then build parvis again.\n"

// webSite is the page and its files.
type webSite struct {
	page   fs.FS
	origin string
	files  *rate.Limiter
}

func newWebSite(c Guests) webSite {
	return webSite{c.Page, c.URL, rate.NewLimiter(filesPerSecond, filesBurst)}
}

func (s webSite) routes(line http.HandlerFunc) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /meet", func(w http.ResponseWriter, r *http.Request) { s.file(w, r, "index.html") })
	mux.HandleFunc("GET /meet/assets/{name}", func(w http.ResponseWriter, r *http.Request) { s.file(w, r, "assets/"+r.PathValue("name")) })
	mux.HandleFunc("GET /meet/line", line)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.setHeaders(w.Header())
		mux.ServeHTTP(w, r)
	})
}

// setHeaders: nothing but what comes from here runs, is shown or is spoken to, and no
// other page frames this one.
func (s webSite) setHeaders(h http.Header) {
	host := strings.TrimPrefix(strings.TrimPrefix(s.origin, "https://"), "http://")
	socket := "wss://" + host
	if strings.HasPrefix(s.origin, "http://") {
		socket = "ws://" + host
	} else {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; media-src 'self' blob:; "+
		"connect-src 'self' "+socket+"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(self), geolocation=(), usb=(), serial=(), payment=(), display-capture=()")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Cache-Control", "no-store")
}

// file answers with one file of the page.
func (s webSite) file(w http.ResponseWriter, r *http.Request, name string) {
	if !s.files.Allow() {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "429 too many requests, wait a second", http.StatusTooManyRequests)
		return
	}
	kind, known := kinds[path.Ext(name)]
	if !known || !fs.ValidPath(name) || s.page == nil && name != "index.html" {
		http.NotFound(w, r)
		return
	}
	var data []byte
	err := fs.ErrNotExist
	if s.page != nil {
		data, err = fs.ReadFile(s.page, name)
	}
	switch {
	case err != nil && name == "index.html":
		http.Error(w, noPage, http.StatusServiceUnavailable)
		return
	case err != nil:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	if name != "index.html" { // these names carry the hash of their content
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}

// kinds are the files that the page has.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2",
}

// hostOf is the host of an address, with its port.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
