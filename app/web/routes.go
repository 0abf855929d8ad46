package web

import (
	"bytes"
	"context"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// notBuilt is shown when the program was compiled before the page was.
const notBuilt = "This parvis was built without its page. Build the page first (make frontend), then build parvis again.\nThe command line works all the same: parvis --help\n"

func (s *Server) routes(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api", func(w http.ResponseWriter, r *http.Request) { s.serveSocket(ctx, w, r) })
	if s.Media != nil {
		mux.HandleFunc("GET /media", func(w http.ResponseWriter, r *http.Request) {
			s.open.lines.serve(ctx, w, r, nil)
		})
	}
	if s.Content != nil {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost} {
			mux.Handle(method+" "+contentPath, s.bounded(s.Content))
		}
	}
	mux.HandleFunc("GET /", s.serveFile)
	return mux
}

// bounded lets a few requests for bytes run at once; more wait.
func (s *Server) bounded(next http.Handler) http.Handler {
	free := make(chan struct{}, maxContent)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case free <- struct{}{}:
			defer func() { <-free }()
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

// serveFile answers with one embedded file. There are no directory listings, and
// no path but a file's own exists: the page keeps its routes behind the #.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	if !s.gets.Allow() {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "429 too many requests, wait a second", http.StatusTooManyRequests)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	if !fs.ValidPath(name) || strings.HasPrefix(path.Base(name), ".") {
		http.NotFound(w, r)
		return
	}
	data, err := s.readAsset(name)
	if err != nil && name == "index.html" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(notBuilt))
		return
	}
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType(name))
	if strings.HasPrefix(name, "assets/") { // these names carry the hash of their content
		w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}

func (s *Server) readAsset(name string) ([]byte, error) {
	if s.Assets == nil {
		return nil, fs.ErrNotExist
	}
	return fs.ReadFile(s.Assets, name)
}

// contentType does not ask the machine's own tables for what the page needs: on
// Windows the registry may say text/plain for scripts.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".webmanifest":
		return "application/json"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".wasm":
		return "application/wasm"
	}
	if known := mime.TypeByExtension(path.Ext(name)); known != "" {
		return known
	}
	return "application/octet-stream"
}
