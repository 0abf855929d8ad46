package mailbox

import (
	"errors"
	"fmt"
	"time"
)

// Limits (X3).
const (
	MaxObject = 2 << 20  // bytes of one object
	MaxBatch  = 256      // objects of one Put, ids of one Fetch
	MaxWindow = 1 << 20  // bytes of the objects in one frame, unless it is a single one
	MaxFetch  = 16 << 20 // bytes of the objects of one Fetch
	MaxRefs   = 1024     // objects of one List
	MaxTags   = 1024     // tags of one Watch
)

// What a super-peer answers.
var (
	// ErrStranger reports that the access list of the workspace at the super-peer
	// lacks this device, or that the super-peer has no list of it.
	ErrStranger = errors.New("the super-peer does not know this device")
	// ErrFull reports that the super-peer has no room left for anybody: its disk,
	// or 95 % of what its operator gives it, is used up.
	ErrFull = errors.New("the super-peer is full")
	// ErrTooMuch reports that this device has used up what one device may store in
	// all, or upload in one day.
	ErrTooMuch = errors.New("this device has stored as much as it may at the super-peer")
	// ErrRate reports that this device sends more in a second than it may. The
	// error is a *[RateError].
	ErrRate = errors.New("too much at once for the super-peer")
	// ErrFailed reports that the super-peer could not do it, for a reason of its own.
	ErrFailed = errors.New("the super-peer failed")
)

// RateError says when to try again. It matches [ErrRate].
type RateError struct{ Wait time.Duration }

// Error implements error.
func (e *RateError) Error() string {
	return fmt.Sprintf("%s: again in %s", ErrRate, e.Wait.Round(time.Millisecond))
}

// Is makes errors.Is(err, ErrRate) true.
func (e *RateError) Is(target error) bool { return target == ErrRate }

// Tag is the name under which the objects of one space lie; the super-peer
// cannot tell which space.
type Tag [16]byte

// Object is something sealed. The same id always stands for the same thing, so
// that the first one stored stays.
type Object struct {
	ID    [32]byte
	Bytes []byte
}

// Ref names an object that is there. N is its number among the objects of its
// workspace and tag, counted from 1 in the order of arrival; numbers of objects
// that were evicted are not given again.
type Ref struct {
	N    uint64
	ID   [32]byte
	Size uint32
}
