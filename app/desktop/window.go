//go:build desktop || bindings

package desktop

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"sync"
	"syscall"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/mac"
	"github.com/wailsapp/wails/v2/pkg/options/windows"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"parvis/app/api"
	"parvis/app/web"
)

// Node is what the window shows. It is started when the window opens.
type Node interface {
	Start(ctx context.Context) error
	Close() error
	API() *api.API
}

// Loopback is the browser interface beside the window.
type Loopback interface {
	Start(ctx context.Context) error
	Close() error
}

// Terminal is told what it says something about, to whom started the program.
type Terminal struct {
	Started func() // the node runs
	Ended   func() // the system ends the program, and the node still runs; takes at most half a second
}

// Window is one window on one node.
type Window struct {
	Node    Node
	Browser Loopback // nil: no port is opened
	Assets  fs.FS
	Data    string // the data folder; one window per folder
	Link    string // the parvis:// link it was opened with, or empty
	Icon    []byte // PNG
	Log     *slog.Logger

	Terminal Terminal

	Media      web.Media   // sound and pictures of calls
	MayCapture func() bool // whether the page has a reason to use camera and microphone; does not block

	line  *web.Line      // to the page's camera and loudspeaker; set before the window opens
	ended chan os.Signal // holds the one by which the system ends the program; set before the window opens

	mu    sync.Mutex
	ctx   context.Context // Wails' own, asked for in every call to it; nil before the start; guarded by mu
	asked bool            // whether to close; the page asks the person; guarded by mu
}

// Run opens the window and returns after it was closed and the node has stopped.
func (w *Window) Run() error {
	if err := display(os.Getenv); err != nil {
		return err
	}
	prepareWebview()
	w.line = &web.Line{Media: w.Media, Origins: []string{"wails://wails", "http://wails.localhost"}, Log: w.Log}
	if err := w.line.Start(context.Background()); err != nil { // until the window is closed
		return err
	}
	if err := answerCapture(w.MayCapture); err != nil {
		w.Log.Warn("calls", "error", err)
	}
	w.ended = make(chan os.Signal, 1)
	signal.Notify(w.ended, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(w.ended)
	if err := wails.Run(w.options()); err != nil {
		return errors.Join(fmt.Errorf("open the window: %w", err), w.line.Close())
	}
	return w.line.Close()
}

func (w *Window) options() *options.App {
	return &options.App{
		Title: "Parvis", Width: 1240, Height: 800, MinWidth: 360, MinHeight: 480,
		BackgroundColour: options.NewRGB(250, 249, 247),
		AssetServer:      &assetserver.Options{Assets: w.Assets, Middleware: w.policy},
		Bind:             append(append(w.Node.API().Bound(), &Dialogs{window: w}), catalogue()...),
		OnStartup:        w.start,
		OnDomReady:       w.loaded,
		OnBeforeClose:    w.staysOpen,
		OnShutdown:       func(context.Context) { w.stop() },
		// Since Wails 2.13 what is returned here becomes the text of a JavaScript
		// Error, so it must be text: the JSON of {code, message}.
		ErrorFormatter: func(err error) any { return jsonText(err) },
		// The page's own menus only, and no address is sent to Microsoft or Apple.
		EnableDefaultContextMenu:         false,
		EnableFraudulentWebsiteDetection: false,
		SingleInstanceLock: &options.SingleInstanceLock{
			UniqueId:               instance(w.Data),
			OnSecondInstanceLaunch: w.again,
		},
		// A file dropped beside a drop zone must not replace the page. WebKitGTK
		// cannot tell that from dragging inside the page and would kill both, so
		// there the page itself refuses such drops.
		DragAndDrop: &options.DragAndDrop{DisableWebViewDrop: goruntime.GOOS != "linux"},
		Linux:       &linux.Options{Icon: w.Icon, ProgramName: "parvis", WebviewGpuPolicy: linux.WebviewGpuPolicyOnDemand},
		// Beside the data, which lies under LocalAppData: the default would roam
		// with the user's profile to other machines.
		Windows: &windows.Options{WebviewUserDataPath: filepath.Join(w.Data, "webview"), Theme: windows.SystemDefault},
		Mac:     &mac.Options{Preferences: &mac.Preferences{}, OnUrlOpen: w.open},
	}
}

// start runs beside the page's loading: calls are refused with "still starting"
// until the node is there.
func (w *Window) start(ctx context.Context) {
	w.forward(ctx)
	err := w.Node.Start(ctx)
	if err == nil && w.Browser != nil {
		err = w.Browser.Start(ctx)
	}
	if err == nil {
		w.Terminal.Started()
		return
	}
	w.Log.Error("start", "error", err)
	_, dialogErr := runtime.MessageDialog(ctx, runtime.MessageDialogOptions{Type: runtime.ErrorDialog, Title: "Parvis", Message: sentence(err)})
	if dialogErr != nil {
		w.Log.Error("tell about the failed start", "error", dialogErr)
	}
	runtime.Quit(ctx)
}

// loaded is called when the page listens.
func (w *Window) loaded(ctx context.Context) {
	w.mu.Lock()
	w.ctx = ctx
	w.mu.Unlock()
	w.open(w.Link)
}

// window is Wails' context once the page listens, else nil.
func (w *Window) window() context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ctx
}

func (w *Window) stop() {
	var err error
	if len(w.ended) > 0 {
		w.Terminal.Ended()
	}
	if w.Browser != nil {
		err = w.Browser.Close()
	}
	if err = errors.Join(err, w.Node.Close()); err != nil {
		w.Log.Error("stop", "error", err)
	}
}

// again is called when the program is started a second time on the same data: the
// window there is comes forward and takes the link.
func (w *Window) again(second options.SecondInstanceData) {
	ctx := w.window()
	if ctx == nil {
		return
	}
	runtime.WindowUnminimise(ctx)
	runtime.Show(ctx)
	for _, argument := range second.Args {
		w.open(argument)
	}
}

// maxLink bounds a link that another program hands over, in bytes.
const maxLink = 8 << 10

// open hands a parvis:// link to the page, which shows it and asks before doing
// anything: whoever can make the user click can send one.
func (w *Window) open(link string) {
	ctx := w.window()
	if ctx == nil || !strings.HasPrefix(link, "parvis://") || len(link) > maxLink {
		return
	}
	runtime.EventsEmit(ctx, "link", api.OpenedLink{Link: link})
}

// policy puts the page's content policy on every file the window loads, and serves
// the bytes of documents beside them.
func (w *Window) policy(next http.Handler) http.Handler {
	content := web.Content(w.Node.API().Content)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Security-Policy", web.Policy(w.line.Source()))
		rw.Header().Set("X-Content-Type-Options", "nosniff")
		rw.Header().Set("Referrer-Policy", "no-referrer")
		if strings.HasPrefix(r.URL.Path, "/content/") {
			rw.Header().Set("Cache-Control", "no-store")
			content.ServeHTTP(rw, r)
			return
		}
		next.ServeHTTP(rw, r)
	})
}
