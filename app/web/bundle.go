package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"parvis/app/api"
)

// BundleTrailer follows a bundle that is complete, and counts what it holds, as JSON;
// without it, what came before is no bundle. FailureTrailer then says why.
const (
	BundleTrailer  = "X-Parvis-Bundle"
	FailureTrailer = "X-Parvis-Failure"
)

// exportBundle streams a bundle: it can be larger than the memory.
func (h content) exportBundle(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	what := api.BundleExport{Workspace: r.PathValue("ws"), For: query.Get("for"), All: query.Has("all"), TextOnly: query.Has("text-only")}
	out := &lateWriter{to: w}
	made, err := h.api.ExportBundle(what, out)
	switch {
	case err == nil:
		counts, _ := json.Marshal(made)
		w.Header().Set(BundleTrailer, string(counts))
	case out.begun:
		failure := &api.Error{Code: api.CodeInternal, Message: "The bundle could not be finished. Please try again."}
		_ = errors.As(err, &failure)
		w.Header().Set(FailureTrailer, failure.Error())
	default:
		sendError(w, err)
	}
}

// lateWriter sends the header with the first byte, so that a failure before it can
// still be an answer.
type lateWriter struct {
	to    http.ResponseWriter
	begun bool
}

// Write implements io.Writer.
func (l *lateWriter) Write(p []byte) (int, error) {
	if !l.begun {
		l.begun = true
		harmless(l.to)
		l.to.Header().Set("Content-Type", "application/octet-stream")
		l.to.Header().Set("Trailer", BundleTrailer+", "+FailureTrailer)
	}
	return l.to.Write(p)
}

func (h content) importBundle(w http.ResponseWriter, r *http.Request) {
	taken, err := h.api.ImportBundle(r.URL.Query().Get("workspace"), r.Body)
	if err != nil {
		refuse(w, r, err)
		return
	}
	answer(w, taken, nil)
}
