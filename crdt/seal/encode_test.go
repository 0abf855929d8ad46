package seal

import (
	"errors"
	"testing"
)

func TestWhatHasNoEncoding(t *testing.T) {
	t.Run("S9 is not written", func(t *testing.T) {
		if raw, err := Encode(make(chan int)); err == nil {
			t.Errorf("%x", raw)
		}
	})
	t.Run("S11 bytes that say nothing are not bytes that are only written otherwise", func(t *testing.T) {
		for _, raw := range [][]byte{nil, {0x81}, {0xff}, {0x61, 0xff}, {0x81, 0x01, 0x02}} {
			if _, err := Decode[[]uint](raw); err == nil || errors.Is(err, ErrNotCanonical) {
				t.Errorf("%x: %v", raw, err)
			}
		}
	})
}
