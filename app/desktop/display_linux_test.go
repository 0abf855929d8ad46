//go:build !bindings

package desktop

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"parvis/app/api"
)

func TestAWindowNeedsADisplayThatAnswers(t *testing.T) {
	folder := t.TempDir()
	wayland, err := net.Listen("unix", filepath.Join(folder, "wayland-7"))
	if err != nil {
		t.Fatal(err)
	}
	defer wayland.Close()
	const nobody = "32000" // an X server of this number does not exist
	for _, c := range []struct {
		name string
		env  map[string]string
		want string // a part of the sentence; empty: shown
	}{
		{"nothing is set", nil, "are not set"},
		{"a stale X display", map[string]string{"DISPLAY": ":" + nobody}, "DISPLAY=:" + nobody},
		{"a stale X display with a screen", map[string]string{"DISPLAY": "unix:" + nobody + ".0"}, "nothing answers"},
		{"a stale X display over TCP", map[string]string{"DISPLAY": "127.0.0.1:" + nobody}, "nothing answers"},
		{"no display name", map[string]string{"DISPLAY": "nonsense"}, "DISPLAY=nonsense"},
		{"a stale Wayland display", map[string]string{"WAYLAND_DISPLAY": "wayland-8", "XDG_RUNTIME_DIR": folder}, "wayland-8"},
		{"Wayland answers", map[string]string{"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": folder}, ""},
		{"Wayland by its path", map[string]string{"WAYLAND_DISPLAY": filepath.Join(folder, "wayland-7")}, ""},
		{"another backend", map[string]string{"GDK_BACKEND": "broadway"}, ""},
	} {
		err := display(func(name string) string { return c.env[name] })
		known, ok := errors.AsType[*api.Error](err)
		if c.want == "" && err != nil || c.want != "" && (!ok || !strings.Contains(known.Message, c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
