//go:build desktop || bindings

package desktop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"parvis/app/api"
)

// Dialogs is the bound struct for what only a window can ask its system for.
type Dialogs struct {
	window *Window
	film   film
}

// SaveExport asks where to save a finished export, named by its token, and writes
// it there. It is false when the person chose not to.
func (d *Dialogs) SaveExport(token string) (bool, error) {
	name, _, data, err := d.window.Node.API().Content.Exported(token)
	if err != nil {
		return false, err
	}
	return d.save(name, data)
}

// Media is where the page opens its line for sound and pictures. The address carries
// the key to it.
func (d *Dialogs) Media() (string, error) { return d.window.line.URL(), nil }

// maxText bounds a text that the page hands over to be saved, in bytes.
const maxText = 1 << 20

// SaveText asks where to save a text of the page, such as a report, and writes it
// there. It is false when the person chose not to.
func (d *Dialogs) SaveText(name, text string) (bool, error) {
	if len(text) > maxText {
		return false, &api.Error{Code: api.CodeInvalid, Message: "The text is too long to be saved. Copy it instead."}
	}
	return d.save(name, []byte(text))
}

func (d *Dialogs) save(name string, data []byte) (bool, error) {
	ctx := d.window.window()
	if ctx == nil {
		return false, &api.Error{Code: api.CodeTimeout, Message: "Parvis is still starting. Please try again in a moment."}
	}
	path, err := runtime.SaveFileDialog(ctx, runtime.SaveDialogOptions{DefaultFilename: filepath.Base(name)})
	if err != nil || path == "" {
		return false, d.told(err)
	}
	return true, d.told(writeWhole(path, data))
}

// told logs what went wrong and says it in a sentence.
func (d *Dialogs) told(err error) error {
	if err == nil {
		return nil
	}
	d.window.Log.Error("save a file", "error", err)
	return &api.Error{Code: api.CodeRefused, Message: "The file could not be saved there. Choose another folder, or free some space."}
}

// writeWhole writes a file beside the place and moves it there, so that a file of
// that name is never half replaced.
func writeWhole(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".parvis-*")
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("save: %w", err), os.Remove(f.Name()))
	}
	return nil
}
