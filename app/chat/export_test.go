package chat

import (
	"time"

	"parvis/app/workspace"
)

// LimitWaiting makes the room for waiting messages small, and looks at the others
// soon.
func LimitWaiting(w workspace.View, room int) {
	v := w.(*view)
	v.room, v.sweeps.quiet = room, 10*time.Millisecond
}
