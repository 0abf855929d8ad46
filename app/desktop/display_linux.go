//go:build linux && !bindings

package desktop

import (
	"cmp"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"parvis/app/api"
)

// displayTime is how long a display may take to answer.
const displayTime = 2 * time.Second

// display reports whether a window can be shown: GTK ends the whole program where
// no display answers. getenv is [os.Getenv].
func display(getenv func(string) string) error {
	if backend := getenv("GDK_BACKEND"); backend != "" && !strings.Contains(backend, "x11") && !strings.Contains(backend, "wayland") {
		return nil // it knows of another display
	}
	if getenv("WAYLAND_SOCKET") != "" || answers("unix", waylandSocket(getenv)) {
		return nil
	}
	name := getenv("DISPLAY")
	if x11(name) {
		return nil
	}
	said := "DISPLAY and WAYLAND_DISPLAY are not set"
	if name != "" {
		said = "nothing answers at DISPLAY=" + name
	} else if wayland := getenv("WAYLAND_DISPLAY"); wayland != "" {
		said = "nothing answers at WAYLAND_DISPLAY=" + wayland
	}
	return &api.Error{Code: api.CodeOffline, Message: fmt.Sprintf("There is no display for a window: %s. Start it in a desktop session, or use the browser interface: parvis serve", said)}
}

func waylandSocket(getenv func(string) string) string {
	name := cmp.Or(getenv("WAYLAND_DISPLAY"), "wayland-0")
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(getenv("XDG_RUNTIME_DIR"), name)
}

// x11 reports whether an X server answers at a name such as ":0", "unix:0.0" or
// "localhost:10".
func x11(name string) bool {
	at := strings.LastIndex(name, ":")
	if at < 0 {
		return false
	}
	host := name[:at]
	number, _, _ := strings.Cut(name[at+1:], ".")
	n, err := strconv.ParseUint(number, 10, 15)
	switch {
	case filepath.IsAbs(host): // a socket, as macOS names it
		return answers("unix", name)
	case err != nil:
		return false
	case host == "" || host == "unix":
		socket := fmt.Sprintf("/tmp/.X11-unix/X%d", n)
		return answers("unix", socket) || answers("unix", "@"+socket)
	default:
		return answers("tcp", net.JoinHostPort(strings.Trim(host, "[]"), strconv.FormatUint(6000+n, 10)))
	}
}

func answers(network, address string) bool {
	connection, err := net.DialTimeout(network, address, displayTime)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}
