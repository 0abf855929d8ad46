package web

import (
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
)

// guard lets a request through when it names this server exactly, comes from its
// own page or from no page at all, and carries the token or the session.
// The exact Host is what stops DNS rebinding; the standard library's cross-origin
// check stands beside it and not for it (hardening 3.3).
func (s *Server) guard(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.setHeaders(w.Header())
		switch {
		case r.Host != s.Host(), !s.ownOrigin(r), r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.URL.Path != "/":
			http.Error(w, "403 this request does not come from the page of this node", http.StatusForbidden)
		case r.Method != http.MethodGet && r.Method != http.MethodHead && !s.mayWrite(r):
			http.NotFound(w, r)
		case !s.fromHere(r.RemoteAddr):
			http.NotFound(w, r)
		case r.URL.Path == "/" && same(r.URL.Query().Get("token"), s.token):
			http.SetCookie(w, s.cookie())
			http.Redirect(w, r, "/", http.StatusSeeOther)
		case !s.allowed(r):
			http.Error(w, "403 open the address that parvis printed when it started: it carries the key to this page", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// ownOrigin accepts no Origin (programs, plain navigation) or exactly ours.
func (s *Server) ownOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	return len(origins) == 0 || len(origins) == 1 && origins[0] == "http://"+s.Host()
}

// mayWrite accepts the two methods that carry bytes of documents and pictures, from
// our own page, which then names itself, or from a program with the token.
func (s *Server) mayWrite(r *http.Request) bool {
	named := len(r.Header.Values("Origin")) == 1 || strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ")
	return (r.Method == http.MethodPut || r.Method == http.MethodPost) && strings.HasPrefix(r.URL.Path, contentPath) && named
}

// fromHere is the second lock behind listening on loopback only.
func (s *Server) fromHere(remote string) bool {
	host, _, err := net.SplitHostPort(remote)
	return err == nil && net.ParseIP(host).IsLoopback()
}

// allowed looks for the session cookie or the bearer token.
func (s *Server) allowed(r *http.Request) bool {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return same(token, s.token)
	}
	cookie, err := r.Cookie(s.cookieName())
	return err == nil && same(cookie.Value, s.session)
}

// cookie holds another secret than the URL, so that a URL in a browser's history
// and a cookie in its jar do not stand for each other.
func (s *Server) cookie() *http.Cookie {
	return &http.Cookie{Name: s.cookieName(), Value: s.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode}
}

// cookieName carries the port, because cookies of one host are shared by all its
// ports and two nodes would overwrite each other's.
func (s *Server) cookieName() string {
	_, port, _ := net.SplitHostPort(s.Host())
	return "parvis-" + port
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// setHeaders puts the content policy of hardening 3.4 on every answer.
func (s *Server) setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", Policy("ws://"+s.Host())+"; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp") // isolated, the page may share memory with its workers
	h.Set("Permissions-Policy", "geolocation=(), usb=(), serial=(), payment=()")
	h.Set("Cache-Control", "no-store")
}

// Policy is the page's content security policy. connect names what the page may
// talk to besides where it came from. 'wasm-unsafe-eval' lets it compile the
// document engine, a file of its own; it does not allow eval of script.
func Policy(connect string) string {
	return strings.TrimSpace("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; img-src 'self' blob: data:; " +
		"media-src blob:; worker-src 'self'; manifest-src 'self'; connect-src 'self' " + connect + "; frame-src 'none'; base-uri 'none'; form-action 'none'; " +
		"require-trusted-types-for 'script'")
}
