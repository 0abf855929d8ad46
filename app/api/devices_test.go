package api_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
)

// gadgets answers the calls about devices.
type gadgets struct{ *services }

func (s gadgets) Devices(context.Context) ([]api.Device, error) { return nil, s.call("devices") }
func (s gadgets) DevicesOf(_ context.Context, ws, person string) ([]api.Device, error) {
	return []api.Device{{ID: "d", Workspaces: []string{ws}}}, s.call("devices of %s", person)
}
func (s gadgets) RenameDevice(_ context.Context, device, name string) error {
	return s.call("rename %s %s", device, name)
}
func (s gadgets) RemoveDevice(_ context.Context, ws, device string) error {
	return s.call("remove %s from %q", device, ws)
}
func (s gadgets) OfferLink(_ context.Context, passphrase string) (api.DeviceLink, error) {
	return api.DeviceLink{Link: "parvis://device#x", State: "open"}, s.call("link %s", passphrase)
}
func (s gadgets) TakeLink(_ context.Context, link string) (api.DeviceLink, error) {
	return api.DeviceLink{New: true}, s.call("open %s", link)
}
func (s gadgets) Linking(context.Context) (api.DeviceLink, error) {
	return api.DeviceLink{}, s.call("linking")
}
func (s gadgets) CancelLink(context.Context) error { return s.call("cancel") }

func TestCallsAboutDevicesReachTheServices(t *testing.T) {
	s := &services{}
	a := api.New(api.Config{Devices: gadgets{s}, Links: gadgets{s}, Life: func() (context.Context, error) { return t.Context(), nil }})
	for _, c := range []struct {
		method, result, reached string
		args                    []string
	}{
		{"Devices.List", "[]", "devices", nil},
		{"Devices.Of", `[{"id":"d"`, "devices of p", []string{`"w"`, `"p"`}},
		{"Devices.Rename", "null", "rename d Telephone", []string{`{"device":"d","name":"Telephone"}`}},
		{"Devices.Remove", "null", `remove d from ""`, []string{`{"device":"d"}`}},
		{"Devices.Link", `{"link":"parvis://device#x"`, "link secret", []string{`"secret"`}},
		{"Devices.Open", `{"link":"","new":true`, "open parvis://device#x", []string{`"parvis://device#x"`}},
		{"Devices.Linking", `{"link":""`, "linking", nil},
		{"Devices.CancelLink", "null", "cancel", nil},
	} {
		s.calls = nil
		result, failure := call(a, c.method, c.args...)
		if failure != nil || !strings.HasPrefix(result, c.result) || !slices.Equal(s.calls, []string{c.reached}) {
			t.Errorf("%s: %s, %v, reached %q; want %s and %q", c.method, result, failure, s.calls, c.result, c.reached)
		}
	}
	s.calls = nil
	if _, failure := call(a, "Devices.Rename", `{"device":"d","name":" \u200b"}`); failure == nil || failure.Code != api.CodeInvalid || len(s.calls) > 0 {
		t.Errorf("a device without a name: %v, reached %q", failure, s.calls)
	}
}
