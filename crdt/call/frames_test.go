package call_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

var (
	ana, ben   = seal.ID{1, 1}, seal.ID{2, 2}
	old, fresh = call.Secret(seal.Key{1}, call.ID{3}), call.Secret(seal.Key{2}, call.ID{3})
)

// pair is what Ana seals with and Ben opens with.
func pair(since uint64) (sends, takes *call.Frames) {
	sends, takes = call.NewFrames(call.ID{3}, ana, since), call.NewFrames(call.ID{3}, ben, 7)
	sends.Secrets([]seal.Key{fresh, old})
	takes.Secrets([]seal.Key{fresh, old})
	takes.Joined(ana, since)
	return sends, takes
}

func sealFrame(t testing.TB, f *call.Frames, text string) []byte {
	t.Helper()
	sealed, err := f.Seal([]byte(text), []byte("m"))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestFrames(t *testing.T) {
	t.Run("V5 what was sealed opens, and two runs have other keys", func(t *testing.T) {
		sends, takes := pair(5)
		sealed := sealFrame(t, sends, "one")
		if got, err := takes.Open(ana, 1, sealed, []byte("m")); err != nil || string(got) != "one" {
			t.Fatalf("%q, %v", got, err)
		}
		again, _ := pair(6)
		if bytes.Equal(sealFrame(t, again, "one"), sealed) {
			t.Error("the same counter under the same key")
		}
		if call.Secret(seal.Key{1}, call.ID{3}) == call.Secret(seal.Key{1}, call.ID{4}) {
			t.Error("two calls have the same keys")
		}
	})
	t.Run("V6 epochs that are known open", func(t *testing.T) {
		sends, takes := pair(5)
		sends.Secrets([]seal.Key{old})
		if _, err := takes.Open(ana, 1, sealFrame(t, sends, "one"), []byte("m")); err != nil {
			t.Errorf("the epoch before: %v", err)
		}
		sends.Secrets([]seal.Key{{9}})
		if _, err := takes.Open(ana, 1, sealFrame(t, sends, "two"), []byte("m")); !errors.Is(err, call.ErrNoKey) {
			t.Errorf("an unknown epoch: %v", err)
		}
		takes.Secrets([]seal.Key{fresh})
		sends.Secrets([]seal.Key{old, fresh})
		if _, err := takes.Open(ana, 1, sealFrame(t, sends, "three"), []byte("m")); !errors.Is(err, call.ErrNoKey) {
			t.Errorf("an epoch that is over: %v", err)
		}
		sends.Secrets(nil)
		if _, err := sends.Seal([]byte("x"), nil); !errors.Is(err, call.ErrNoKey) {
			t.Errorf("without a key: %v", err)
		}
	})
	t.Run("V7 only of the sender that is named, once, and of this run", func(t *testing.T) {
		sends, takes := pair(5)
		first, second := sealFrame(t, sends, "one"), sealFrame(t, sends, "two")
		takes.Joined(seal.ID{3, 3}, 5)
		changed := bytes.Clone(second)
		changed[len(changed)-1] ^= 1
		for _, c := range []struct {
			what   string
			from   seal.ID
			lane   uint8
			sealed []byte
			meta   string
			want   error
		}{
			{"the second", ana, 1, second, "m", nil},
			{"again", ana, 1, second, "m", call.ErrReplay},
			{"the first, late", ana, 1, first, "m", call.ErrReplay},
			{"the first in another stream", ana, 2, first, "m", nil},
			{"as somebody else's", seal.ID{3, 3}, 1, second, "m", call.ErrSender},
			{"as a stranger's", seal.ID{4}, 1, second, "m", call.ErrNoKey},
			{"with other data", ana, 3, second, "n", seal.ErrSealed},
			{"changed", ana, 3, changed, "m", seal.ErrSealed},
			{"no frame", ana, 3, []byte{0x88}, "m", seal.ErrSealed},
			{"no stream", ana, call.FrameLanes, second, "m", seal.ErrSealed},
		} {
			if _, err := takes.Open(c.from, c.lane, c.sealed, []byte(c.meta)); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.what, err, c.want)
			}
		}
		takes.Secrets([]seal.Key{old, fresh})
		if _, err := takes.Open(ana, 1, second, []byte("m")); !errors.Is(err, call.ErrReplay) {
			t.Errorf("again, after a change of epochs: %v", err)
		}
		takes.Joined(ana, 9)
		if _, err := takes.Open(ana, 4, second, []byte("m")); !errors.Is(err, call.ErrSender) {
			t.Errorf("of an earlier run: %v", err)
		}
		takes.Left(ana)
		if _, err := takes.Open(ana, 4, second, []byte("m")); !errors.Is(err, call.ErrNoKey) {
			t.Errorf("of somebody who left: %v", err)
		}
	})
	t.Run("V5 keys do not print", func(t *testing.T) {
		sends, _ := pair(5)
		if text := fmt.Sprintf("%v %#v", sends, sends); text != "frames(hidden) frames(hidden)" {
			t.Error(text)
		}
	})
	t.Run("V8 a tag is of one call", func(t *testing.T) {
		if call.Tag(call.ID{1}, ana) == call.Tag(call.ID{2}, ana) || call.Tag(call.ID{1}, ana) == call.Tag(call.ID{1}, ben) {
			t.Error("two have the same tag")
		}
	})
	t.Run("V9 who carries a call learns neither the call nor the tag that hints use", func(t *testing.T) {
		id := call.ID{1}
		if room := call.Room(id); room == call.Room(call.ID{2}) || room == [16]byte(id) {
			t.Error("the room tells the call")
		}
		if tag := call.CarrierTag(id, ana); tag == call.CarrierTag(call.ID{2}, ana) || tag == call.CarrierTag(id, ben) || tag == call.Tag(id, ana) {
			t.Error("two have the same tag")
		}
	})
}
