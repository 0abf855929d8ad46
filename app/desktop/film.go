//go:build desktop || bindings

package desktop

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"parvis/app/api"
)

// Limits of a recording of a call, in bytes.
const (
	maxFilm      = 64 << 30
	maxFilmPiece = 4 << 20
)

// errFilm says what to do about a piece that cannot be written.
var errFilm = &api.Error{Code: api.CodeInvalid, Message: "Nothing is recorded in this window. Start the recording again."}

// film is the recording that the page writes; there is one at most.
type film struct {
	mu   sync.Mutex
	file *os.File // guarded by mu; nil: none
}

// NewFilm asks where to keep a recording of a call and begins the file there. It is
// false when the person chose not to.
func (d *Dialogs) NewFilm(name string) (bool, error) {
	ctx := d.window.window()
	if ctx == nil {
		return false, &api.Error{Code: api.CodeTimeout, Message: "Parvis is still starting. Please try again in a moment."}
	}
	path, err := runtime.SaveFileDialog(ctx, runtime.SaveDialogOptions{DefaultFilename: filepath.Base(name)})
	if err != nil || path == "" {
		return false, d.told(err)
	}
	return true, d.told(d.film.begin(path))
}

// WriteFilm writes a piece of the recording at a place in its file.
func (d *Dialogs) WriteFilm(at int64, piece []byte) error {
	err := d.film.write(at, piece)
	if errors.Is(err, errFilm) {
		return err
	}
	return d.told(err)
}

// EndFilm ends the recording; one that is not to be kept is removed.
func (d *Dialogs) EndFilm(keep bool) error { return d.told(d.film.end(keep)) }

// begin makes the file at the place itself: what is in it can be played even when the
// program ends before the recording does.
func (f *film) begin(path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("begin a recording: %w", err)
	}
	before := f.file
	f.file = file
	if before != nil {
		return before.Close()
	}
	return nil
}

func (f *film) write(at int64, piece []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil || len(piece) > maxFilmPiece || at < 0 || at > maxFilm {
		return errFilm
	}
	if _, err := io.NewOffsetWriter(f.file, at).Write(piece); err != nil {
		return fmt.Errorf("write a recording: %w", err)
	}
	return nil
}

func (f *film) end(keep bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return nil
	}
	name := f.file.Name()
	err := errors.Join(f.file.Sync(), f.file.Close())
	f.file = nil
	if !keep {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}
