package app

import (
	"bytes"
	"testing"

	"parvis/app/chat"
	"parvis/crdt/seal"
)

func TestChannelKeysAreReadAsTheyAreWritten(t *testing.T) {
	space, channel := seal.SpaceID{1}, chat.ChannelID{2}
	key := channelKey(keyRead, space, channel)
	if s, c, ok := parseChannelKey(key, keyRead); !ok || s != space || c != channel {
		t.Errorf("%q reads as %s, %s, %t", key, s, c, ok)
	}
	for _, bad := range []string{"", keyRead, key + "0", key[:len(key)-1], keyRead + channel.String()} {
		if _, _, ok := parseChannelKey(bad, keyRead); ok {
			t.Errorf("%q is a key", bad)
		}
	}
}

func TestAReadMarkCoversWhatItsDeviceHad(t *testing.T) {
	device := seal.ID{1, 2, 3, 4, 5}
	raw, err := seal.Encode(readMark{V: 1, Lamport: 7, ID: seal.ID{9}, Had: []hadChain{{Device: [4]byte{1, 2, 3, 4}, Seq: 5}}})
	if err != nil {
		t.Fatal(err)
	}
	there, ok := parseMark(raw)
	if !ok || there.Lamport != 7 || !there.Had(device, 5) || there.Had(device, 6) || there.Had(seal.ID{1}, 1) {
		t.Errorf("%+v, %t", there, ok)
	}
}

// FuzzReadMark: no input panics, and what is read has one encoding.
func FuzzReadMark(f *testing.F) {
	raw, err := seal.Encode(readMark{V: 1, Lamport: 7, Had: []hadChain{{Seq: 5}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, ok := parseMark(data); !ok {
			return
		}
		mark, err := seal.Decode[readMark](data)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := seal.Encode(mark); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x encodes to %x, %v", data, again, err)
		}
	})
}
