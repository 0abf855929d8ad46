//go:build !linux

package media

import "github.com/pion/webrtc/v4"

// outbox is for systems that send packets one by one: nothing waits in it.
type outbox struct{}

func newOutbox() *outbox { return &outbox{} }

func (*outbox) hold() {}

func (*outbox) flush() {}

// attach leaves the sockets to the library.
func (*outbox) attach(*webrtc.SettingEngine) error { return nil }
