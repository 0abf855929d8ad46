//go:build desktop || bindings

package desktop

import (
	"context"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"parvis/app/api"
)

// staysOpen is asked before the window closes. While something is on this device
// alone the page asks the person first. Who closes the window again while it asks
// has answered, and a page that hangs keeps nobody here; nor is the system kept
// waiting when it ends the program.
func (w *Window) staysOpen(context.Context) bool {
	ctx := w.window()
	if ctx == nil || len(w.ended) > 0 {
		return false
	}
	waiting, err := w.Node.API().Settings.Waiting()
	if err != nil || len(waiting) == 0 || w.ask(true) {
		return false
	}
	runtime.Show(ctx)
	runtime.EventsEmit(ctx, "closing", api.Closing{Waiting: waiting})
	return true
}

// ask notes whether the person is being asked, and reports whether that was so before.
func (w *Window) ask(asks bool) (before bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before, w.asked = w.asked, asks
	return before
}

// Stay answers that the window stays open, or with hide that Parvis goes on without
// it. Starting the program again shows the window.
func (d *Dialogs) Stay(hide bool) {
	d.window.ask(false)
	if ctx := d.window.window(); ctx != nil && hide {
		runtime.Hide(ctx)
	}
}

// Quit answers that Parvis ends, whatever waits.
func (d *Dialogs) Quit() {
	d.window.ask(true)
	if ctx := d.window.window(); ctx != nil {
		runtime.Quit(ctx)
	}
}
