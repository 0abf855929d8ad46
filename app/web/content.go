package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"parvis/app/api"
)

// contentPath is where bytes travel that are too large for messages.
const contentPath = "/content/"

// headsHeader names the heads of a state, as hexadecimal hashes with commas.
const headsHeader = "X-Parvis-Heads"

// maxHeads bounds the heads in one header.
const maxHeads = 200

// Content serves the bytes of documents and pictures below /content/, to the
// browser and to the window alike. Who may ask is the caller's business.
func Content(c *api.Content) http.Handler {
	h := content{c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /content/doc/{ws}/{doc}", h.document)
	mux.HandleFunc("PUT /content/snapshot/{ws}/{doc}", h.keepSnapshot)
	mux.HandleFunc("GET /content/paint/{ws}/{doc}", h.paint)
	mux.HandleFunc("PUT /content/paint/{ws}/{doc}", h.keepPaint)
	mux.HandleFunc("POST /content/file/{ws}/{doc}", h.addPicture)
	mux.HandleFunc("GET /content/file/{ws}/{doc}/{file}", h.picture)
	mux.HandleFunc("GET /content/export/{token}", h.export)
	mux.HandleFunc("POST /content/import/{ws}", h.importFile)
	mux.HandleFunc("GET /content/bundle/{ws}", h.exportBundle)
	mux.HandleFunc("POST /content/bundle", h.importBundle)
	return mux
}

type content struct{ api *api.Content }

func (h content) document(w http.ResponseWriter, r *http.Request) {
	data, err := h.api.Document(r.PathValue("ws"), r.PathValue("doc"))
	sendBytes(w, "application/octet-stream", data, err)
}

func (h content) keepSnapshot(w http.ResponseWriter, r *http.Request) {
	data, ok := readBody(w, r, api.MaxSnapshot)
	if !ok {
		return
	}
	answer(w, struct{}{}, h.api.KeepSnapshot(r.PathValue("ws"), r.PathValue("doc"), heads(r), data))
}

func (h content) paint(w http.ResponseWriter, r *http.Request) {
	data, at, err := h.api.Paint(r.PathValue("ws"), r.PathValue("doc"))
	if err == nil && len(data) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set(headsHeader, strings.Join(at, ","))
	sendBytes(w, "application/json", data, err)
}

func (h content) keepPaint(w http.ResponseWriter, r *http.Request) {
	data, ok := readBody(w, r, api.MaxSnapshot)
	if !ok {
		return
	}
	answer(w, struct{}{}, h.api.KeepPaint(r.PathValue("ws"), r.PathValue("doc"), heads(r), data))
}

func (h content) addPicture(w http.ResponseWriter, r *http.Request) {
	body := http.MaxBytesReader(w, r.Body, api.MaxPicture+1) // the api names what is too large
	stored, err := h.api.AddPicture(r.PathValue("ws"), r.PathValue("doc"), r.URL.Query().Get("name"), body)
	answer(w, stored, err)
}

// picture sends a picture in a way that no browser takes for a page, whatever its
// bytes say.
func (h content) picture(w http.ResponseWriter, r *http.Request) {
	begun := false
	err := h.api.Picture(r.PathValue("ws"), r.PathValue("doc"), r.PathValue("file"), func(mime string, size int64) io.Writer {
		begun = true
		harmless(w)
		w.Header().Set("Cache-Control", "private, max-age=31536000, immutable") // its name is its hash
		w.Header().Set("Content-Type", mime)
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		return w
	})
	if err != nil && !begun {
		sendError(w, err)
	}
}

func (h content) export(w http.ResponseWriter, r *http.Request) {
	name, kind, data, err := h.api.Exported(r.PathValue("token"))
	if err == nil {
		harmless(w)
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	}
	sendBytes(w, kind, data, err)
}

func (h content) importFile(w http.ResponseWriter, r *http.Request) {
	data, ok := readBody(w, r, api.MaxImport)
	if !ok {
		return
	}
	query := r.URL.Query()
	made, err := h.api.Import(r.PathValue("ws"), query.Get("folder"), query.Get("name"), data)
	answer(w, made, err)
}

// harmless keeps bytes of other people from ever running as a page.
func harmless(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}

// heads reads the heads that a request names.
func heads(r *http.Request) []string {
	text := r.Header.Get(headsHeader)
	if text == "" {
		return nil
	}
	return strings.SplitN(text, ",", maxHeads+1)
}

// readBody reads a body of at most limit bytes, or answers.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, bool) {
	if r.ContentLength > limit {
		refuse(w, r, tooLarge(limit))
		return nil, false
	}
	data, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, limit)) // without w: it would hang up on the sender
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		refuse(w, r, tooLarge(limit))
		return nil, false
	}
	return data, err == nil // else the sender is gone
}

// refuse answers a request whose body may still be on its way. A sender that is hung
// up on while it writes sees a broken connection and never the reason: what it still
// sends is read and thrown away, and a sender that reads the answer at once stops.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	control := http.NewResponseController(w)
	_ = control.EnableFullDuplex() // the window's requests come whole and know no such thing
	sendError(w, err)
	_ = control.Flush()
	_, _ = io.Copy(io.Discard, r.Body)
}

func tooLarge(limit int64) error {
	return &api.Error{Code: api.CodeInvalid, Message: "The file is larger than " + strconv.FormatInt(limit>>20, 10) + " MiB. Use a smaller one."}
}

func sendBytes(w http.ResponseWriter, kind string, data []byte, err error) {
	if err != nil {
		sendError(w, err)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data)
}

// answer sends a result as JSON, or an error.
func answer[T any](w http.ResponseWriter, result T, err error) {
	if err != nil {
		sendError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(result)
}

// sendError sends {"code","message"} under a status that fits.
func sendError(w http.ResponseWriter, err error) {
	failure := &api.Error{Code: api.CodeInternal, Message: "Something went wrong in the program. Please try again."}
	_ = errors.As(err, &failure)
	status := http.StatusBadRequest
	switch failure.Code {
	case api.CodeNotFound:
		status = http.StatusNotFound
	case api.CodeInternal:
		status = http.StatusInternalServerError
	case api.CodeOffline, api.CodeTimeout, api.CodeLocked:
		status = http.StatusServiceUnavailable
	case api.CodeSession:
		status = http.StatusConflict
	case api.CodeRefused:
		status = http.StatusForbidden
	case api.CodeDiskFull:
		status = http.StatusInsufficientStorage
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, failure.Error())
}
