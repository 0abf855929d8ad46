package calls_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"

	"parvis/app/calls"
	"parvis/media"
)

// line is a page's end of its line.
type line struct {
	got  [][]byte
	full bool // pictures are lost
}

func (l *line) send(message []byte, keep bool) bool {
	if l.full && !keep {
		return false
	}
	l.got = append(l.got, message)
	return true
}

// kinds are those of the messages that came, which are forgotten then.
func (l *line) kinds() (all []byte) {
	for _, m := range l.got {
		all = append(all, m[1])
	}
	l.got = nil
	return all
}

func bytesOf(slot, kind, flags byte, at uint64, payload ...byte) []byte {
	raw := binary.BigEndian.AppendUint64([]byte{slot, kind, flags, 0}, at)
	return append(raw, payload...)
}

func TestPageMessages(t *testing.T) {
	audio := make([]byte, media.MaxAudio+1)
	for _, c := range []struct {
		name string
		raw  []byte
		ok   bool
	}{
		{"sound", bytesOf(0, 1, 0, 7, 1), true},
		{"a key frame", bytesOf(0, 2, 1, 7, 1), true},
		{"a key frame is wanted", bytesOf(3, 16, 0, 0, 2), true},
		{"the place is taken", bytesOf(0, 19, 0, 0), true},
		{"who is shown large", bytesOf(0, 20, 0, 0, 1, 7), true},
		{"nobody is", bytesOf(0, 20, 0, 0), true},
		{"nothing", nil, false},
		{"half a header", bytesOf(0, 1, 0, 7)[:11], false},
		{"nothing in it", bytesOf(0, 1, 0, 7), false},
		{"sound in somebody's name", bytesOf(1, 1, 0, 7, 1), false},
		{"sound with a key", bytesOf(0, 1, 1, 7, 1), false},
		{"sound too long", bytesOf(0, 1, 0, 7, audio...), false},
		{"a time beyond all clocks", bytesOf(0, 2, 0, 1<<54, 1), false},
		{"an unknown flag", bytesOf(0, 2, 2, 7, 1), false},
		{"an unknown kind", bytesOf(0, 9, 0, 7, 1), false},
		{"what only goes to pages", bytesOf(0, 17, 0, 0, '{', '}'), false},
		{"a key frame of sound", bytesOf(3, 16, 0, 0, 1), false},
		{"a key frame of oneself", bytesOf(0, 16, 0, 0, 2), false},
		{"the place with more", bytesOf(0, 19, 0, 0, 1), false},
		{"more shown than there may be", bytesOf(0, 20, 0, 0, make([]byte, 256)...), false},
		{"a reserved byte", []byte{0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 1}, false},
	} {
		if _, err := calls.DecodeMessage(c.raw); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func FuzzPageMessage(f *testing.F) {
	f.Add(bytesOf(0, 2, 1, 7, 1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		again, err := calls.DecodeMessage(raw)
		if err == nil && !bytes.Equal(again, raw) {
			t.Fatalf("%x decodes and encodes to %x", raw, again)
		}
	})
}

func TestPageCapturesAndPlays(t *testing.T) {
	_, ana, ben, _, _ := trio(t, hall)
	page := &calls.Page{Calls: ana.calls}
	end := &line{}
	receive, detach, err := page.Attach(end.send)
	if err != nil {
		t.Fatal(err)
	}
	give := func(raw []byte) {
		t.Helper()
		if err := receive(raw); err != nil {
			t.Fatal(err)
		}
	}
	give(bytesOf(0, 1, 0, 7, 1))
	if n := len(ana.rooms[0].frames); n > 0 {
		t.Errorf("%d frames of a page without the place were sent", n)
	}
	give(bytesOf(0, 19, 0, 0))
	give(bytesOf(0, 19, 0, 0))
	give(bytesOf(0, 1, 0, 7, 1, 2))
	if sent := ana.rooms[0].frames; len(sent) != 1 || sent[0].At != 7 || !bytes.Equal(sent[0].Data, []byte{1, 2}) {
		t.Errorf("sent %+v", sent)
	}
	if got := end.kinds(); !bytes.Equal(got, []byte{17}) {
		t.Errorf("first came %v", got)
	}

	config := ana.rooms[0].config
	config.Receive(media.ID(ben.Device), media.Frame{Stream: media.Video, Key: true, At: 9, Data: []byte{5}})
	config.NeedKey(media.Small)
	if len(end.got) != 3 || !bytes.Equal(end.got[1], bytesOf(1, 2, 1, 9, 5)) || !bytes.Equal(end.got[2], bytesOf(0, 16, 0, 0, 3)) {
		t.Errorf("then came %x", end.got)
	}
	var slots map[string]string
	if err := json.Unmarshal(end.got[0][12:], &slots); err != nil || slots["1"] != ben.Device.String() {
		t.Errorf("slots %v, %v", slots, err)
	}
	end.kinds()
	give(bytesOf(1, 16, 0, 0, 4))
	if !slices.Equal(ana.rooms[0].asked, []media.Stream{media.Screen}) {
		t.Errorf("asked for %v", ana.rooms[0].asked)
	}

	give(bytesOf(0, 20, 0, 0, 1, 9))
	if room := ana.rooms[0]; !slices.Equal(room.large, []media.ID{media.ID(ben.Device)}) || room.all {
		t.Errorf("shown large: %v, all %v", room.large, room.all)
	}

	ana.calls.Attach(&player{})
	if !ana.rooms[0].all {
		t.Error("a new device is taken to show nobody large")
	}
	if got := end.kinds(); !bytes.Equal(got, []byte{19}) {
		t.Errorf("when the place was taken came %v", got)
	}
	detach()
	detach()
	if !page.MayCapture() {
		t.Error("nothing may be captured in a call")
	}
	ana.leave()
	if page.MayCapture() {
		t.Error("camera and microphone stay open without a call")
	}
}

func TestPageThatIsTooSlowGetsKeyFrames(t *testing.T) {
	_, ana, ben, _, _ := trio(t, hall)
	end := &line{full: true}
	receive, detach, _ := (&calls.Page{Calls: ana.calls}).Attach(end.send)
	defer detach()
	if err := receive(bytesOf(0, 19, 0, 0)); err != nil {
		t.Fatal(err)
	}
	end.kinds()
	give := func(stream media.Stream, key bool) {
		ana.rooms[0].config.Receive(media.ID(ben.Device), media.Frame{Stream: stream, Key: key, Data: []byte{1}})
	}
	give(media.Video, true)
	give(media.Audio, false)
	end.full = false
	give(media.Video, false)
	give(media.Small, true)
	give(media.Video, true)
	give(media.Video, false)
	if got := end.kinds(); !bytes.Equal(got, []byte{18, 1, 3, 2, 2}) {
		t.Errorf("came %v", got)
	}
	if !slices.Equal(ana.rooms[0].asked, []media.Stream{media.Video}) {
		t.Errorf("asked for %v", ana.rooms[0].asked)
	}
}
