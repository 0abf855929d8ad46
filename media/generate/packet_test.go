package generate

import (
	"bytes"
	"testing"
)

func TestPacketsFollowTheRules(t *testing.T) {
	frame := bytes.Repeat([]byte{7}, 60)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for _, c := range []struct {
		what   string
		packet []byte
		good   bool
	}{
		{"nothing", nil, false},
		{"one frame", join([]byte{0x48}, frame), true},
		{"one frame of nothing", []byte{0x48}, true},
		{"one frame too long", join([]byte{0x48}, make([]byte, maxFrameBytes+1)), false},
		{"two equal frames", join([]byte{0x49}, frame, frame), true},
		{"two equal frames of unequal length", join([]byte{0x49}, frame, frame, frame[:1]), false},
		{"two frames", join([]byte{0x4a, 60}, frame, frame[:9]), true},
		{"two frames, the first with a long length", join([]byte{0x4a, 252, 1}, make([]byte, 256), frame), true},
		{"two frames, the first longer than the packet", join([]byte{0x4a, 61}, frame), false},
		{"two frames without a length", []byte{0x4a}, false},
		{"no number of frames", []byte{0x4b}, false},
		{"no frames", []byte{0x4b, 0}, false},
		{"three equal frames", join([]byte{0x4b, 3}, frame), true},
		{"three unequal frames", join([]byte{0x4b, 3 | 128, 20, 30}, frame), true},
		{"three frames longer than the packet", join([]byte{0x4b, 3 | 128, 31, 30}, frame), false},
		{"padding", join([]byte{0x4b, 1 | 64, 2}, frame, []byte{0, 0}), true},
		{"long padding", join([]byte{0x4b, 1 | 64, 255, 0}, frame, make([]byte, 254)), true},
		{"padding longer than the packet", join([]byte{0x4b, 1 | 64, 61}, frame), false},
		{"padding without end", []byte{0x4b, 1 | 64, 255, 255}, false},
		{"six frames of 20 ms", join([]byte{0x4b, 6}, frame), true},
		{"seven frames of 20 ms", join([]byte{0x4b, 7}, frame, frame[:3]), false},
		{"48 frames of 2.5 ms", join([]byte{0x83, 48}, frame[:48]), true},
		{"49 frames of 2.5 ms", join([]byte{0x83, 49}, frame[:49]), false},
	} {
		if err := parsePacket(c.packet); (err == nil) != c.good {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
