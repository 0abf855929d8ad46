package mailbox

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

func encoded[T any](t testing.TB, m T) []byte {
	t.Helper()
	raw, err := wire.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// samples are one message of each kind.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	tag := Tag{0xa1, 0xa2}
	ids, sizes := packIDs([][32]byte{{1}, {2}}), []uint32{3, 300}
	return map[string][]byte{
		"box-hello":       encoded(t, hello{V: 1, Kind: kindHello, Workspace: [32]byte{7}}),
		"box-put":         encoded(t, put{V: 1, Kind: kindPut, Tag: tag, Refetchable: true, IDs: ids, Sizes: sizes}),
		"box-objects":     encoded(t, objects{V: 1, Kind: kindObjects, IDs: ids, Sizes: sizes, More: true}),
		"box-list":        encoded(t, list{V: 1, Kind: kindList, Tag: tag, After: 1 << 40, Max: 1000}),
		"box-fetch":       encoded(t, fetch{V: 1, Kind: kindFetch, Tag: tag, IDs: ids}),
		"box-watch":       encoded(t, watch{V: 1, Kind: kindWatch, Tags: []Tag{tag, {3}}}),
		"box-welcome":     encoded(t, welcome{V: 1, Kind: kindWelcome, Store: [16]byte{9}, Used: 5, Limit: 2 << 30, Now: 1_700_000_000_000}),
		"box-done":        encoded(t, doneOf(nil)),
		"box-full":        encoded(t, doneOf(ErrFull)),
		"box-rate":        encoded(t, doneOf(&RateError{Wait: 1_500_000_000})),
		"box-refs":        encoded(t, packRefs([]Ref{{N: 5, ID: [32]byte{1}, Size: 3}, {N: 7, ID: [32]byte{2}, Size: 300}}, true)),
		"box-news":        encoded(t, packNews([]News{{Tag: tag, Last: 7}})),
		"box-leave":       encoded(t, leave{V: 1, Kind: kindLeave, Name: [32]byte{5}, Counter: 3, Expires: 1_700_000_000_000, Box: []byte("box")}),
		"door-knock":      encoded(t, sampleKnock(t)),
		"door-opened":     encoded(t, openedOf([]byte("box"), nil)),
		"door-ended":      encoded(t, openedOf(nil, ErrDoorEnded)),
		"acl-publication": encoded(t, publication{V: 1, Setup: bytes.Repeat([]byte{6}, SetupSecret), ACL: []byte("list")}),
		"acl-verdict":     encoded(t, verdict{V: 1, Code: CodeOldCounter, Stored: 12}),
	}
}

// read decodes a message of whatever kind and returns what it would be sent as.
func read(frame []byte) ([]byte, error) {
	k, err := kindOf(frame)
	if err != nil {
		return nil, err
	}
	switch k {
	case kindHello:
		return again[hello](frame, k)
	case kindPut:
		return again[put](frame, k)
	case kindObjects:
		return again[objects](frame, k)
	case kindList:
		return again[list](frame, k)
	case kindFetch:
		return again[fetch](frame, k)
	case kindWatch:
		return again[watch](frame, k)
	case kindWelcome:
		return again[welcome](frame, k)
	case kindDone:
		return again[done](frame, k)
	case kindRefs:
		return again[refs](frame, k)
	case kindLeave:
		return again[leave](frame, k)
	default:
		return again[news](frame, k)
	}
}

func again[M interface {
	head() head
	check() error
}](frame []byte, k kind) ([]byte, error) {
	m, err := decode[M](frame, k)
	if err != nil {
		return nil, err
	}
	return wire.Encode(m)
}

func TestX1GoldenMessages(t *testing.T) {
	for name, raw := range samples(t) {
		t.Run("X1 "+name, func(t *testing.T) {
			golden := p2ptest.Golden(t, name, raw)
			if name[:3] != "box" {
				return // below, and in door_test.go
			}
			if back, err := read(golden); err != nil || !bytes.Equal(back, golden) {
				t.Errorf("reads as %x, %v", back, err)
			}
		})
	}
	p, err := decodePublication(samples(t)["acl-publication"])
	if err != nil || string(p.ACL) != "list" || len(p.Setup) != 16 {
		t.Errorf("%+v, %v", p, err)
	}
	v, err := decodeVerdict(samples(t)["acl-verdict"])
	if err != nil || v.Code != CodeOldCounter || v.Stored != 12 {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestX2AKindIsReadBeforeTheRest(t *testing.T) {
	good := samples(t)["box-hello"]
	for name, change := range map[string]func(b []byte){
		"version": func(b []byte) { b[1] = 2 },
		"kind 0":  func(b []byte) { b[2] = 0 },
		"kind 12": func(b []byte) { b[2] = 12 },
		"no list": func(b []byte) { b[0] = 0x63 },
	} {
		t.Run("X2 "+name, func(t *testing.T) {
			b := bytes.Clone(good)
			change(b)
			if _, err := kindOf(b); !wire.IsFault(err) {
				t.Errorf("error %v", err)
			}
		})
	}
	if _, err := decode[hello](encoded(t, list{V: 1, Kind: kindHello, Max: 1}), kindHello); !wire.IsFault(err) {
		t.Errorf("the fields of another kind: %v", err)
	}
	if _, err := decode[list](encoded(t, list{V: 1, Kind: kindHello, Max: 1}), kindList); !wire.IsFault(err) {
		t.Errorf("another kind: %v", err)
	}
}

func TestX3LimitsOfObjects(t *testing.T) {
	ids := func(n int) []byte { return make([]byte, 32*n) }
	for name, c := range map[string]struct {
		ids   []byte
		sizes []uint32
		good  bool
	}{
		"one of 2 MiB":              {ids(1), []uint32{MaxObject}, true},
		"two of half a MiB":         {ids(2), []uint32{512 << 10, 512 << 10}, true},
		"empty ones":                {ids(2), []uint32{0, 0}, true},
		"256":                       {ids(256), make([]uint32, 256), true},
		"one of more":               {ids(1), []uint32{MaxObject + 1}, false},
		"more than a window":        {ids(2), []uint32{1 << 20, 1}, false},
		"sums that overflow":        {ids(2), []uint32{math.MaxUint32, 2}, false},
		"257":                       {ids(257), make([]uint32, 257), false},
		"an id without a size":      {ids(2), []uint32{1}, false},
		"a size without an id":      {ids(1), []uint32{1, 1}, false},
		"half an id":                {make([]byte, 33), []uint32{1}, false},
		"no ids":                    {nil, []uint32{}, false},
		"ids, but null for sizes":   {[]byte{}, nil, false},
		"nothing at all, as a list": {[]byte{}, []uint32{}, true}, // of an answer
	} {
		t.Run("X3 "+name, func(t *testing.T) {
			_, err := decode[objects](encoded(t, objects{V: 1, Kind: kindObjects, IDs: c.ids, Sizes: c.sizes}), kindObjects)
			if (err == nil) != c.good || err != nil && !wire.IsFault(err) {
				t.Errorf("an answer: %v", err)
			}
			_, err = decode[put](encoded(t, put{V: 1, Kind: kindPut, IDs: c.ids, Sizes: c.sizes}), kindPut)
			if (err == nil) != (c.good && len(c.sizes) > 0) {
				t.Errorf("a put: %v", err)
			}
		})
	}
}

func TestX4LimitsOfRequests(t *testing.T) {
	for name, frame := range map[string][]byte{
		"a list of none":           encoded(t, list{V: 1, Kind: kindList, Max: 0}),
		"a list of 1025":           encoded(t, list{V: 1, Kind: kindList, Max: MaxRefs + 1}),
		"a fetch of nothing":       encoded(t, fetch{V: 1, Kind: kindFetch, IDs: []byte{}}),
		"a fetch of 257":           encoded(t, fetch{V: 1, Kind: kindFetch, IDs: make([]byte, 32*257)}),
		"a fetch of half an id":    encoded(t, fetch{V: 1, Kind: kindFetch, IDs: make([]byte, 16)}),
		"a watch of nothing":       encoded(t, watch{V: 1, Kind: kindWatch, Tags: []Tag{}}),
		"a watch of 1025":          encoded(t, watch{V: 1, Kind: kindWatch, Tags: make([]Tag, MaxTags+1)}),
		"an unknown code":          encoded(t, done{V: 1, Kind: kindDone, Code: codeFailed + 1}),
		"references going back":    encoded(t, packRefs([]Ref{{N: 5}, {N: 5}}, false)),
		"a reference without a n":  encoded(t, packRefs([]Ref{{N: 0}}, false)),
		"a reference that is huge": encoded(t, packRefs([]Ref{{N: 1, Size: MaxObject + 1}}, false)),
		"more than 1024":           encoded(t, packRefs(make([]Ref, 1025), false)),
		"more, but none":           encoded(t, packRefs(nil, true)),
		"more objects, but none":   encoded(t, objects{V: 1, Kind: kindObjects, IDs: []byte{}, Sizes: []uint32{}, More: true}),
		"news of 1025":             encoded(t, packNews(make([]News, MaxTags+1))),
		"null for news":            encoded(t, news{V: 1, Kind: kindNews}),
		"a door with too much":     encoded(t, leave{V: 1, Kind: kindLeave, Box: make([]byte, MaxDoorBox+1)}),
		"a door with null":         encoded(t, leave{V: 1, Kind: kindLeave}),
		"a door with a huge count": encoded(t, leave{V: 1, Kind: kindLeave, Box: []byte{}, Counter: 1 << 63}),
	} {
		t.Run("X4 "+name, func(t *testing.T) {
			if _, err := read(frame); !wire.IsFault(err) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestX5CodesMeanTheSameOnBothSides(t *testing.T) {
	for _, want := range []error{ErrStranger, ErrFull, ErrTooMuch, &RateError{Wait: 250e6}, ErrFailed} {
		if got := doneOf(want).err(); got.Error() != want.Error() {
			t.Errorf("%v arrives as %v", want, got)
		}
		if !isAnswer(doneOf(want).err()) {
			t.Errorf("%v is no answer", want)
		}
	}
	if got := doneOf(errors.New("disk on fire")).err(); got != ErrFailed {
		t.Errorf("a reason of the super-peer's own arrives as %v", got)
	}
	if err := doneOf(nil).err(); err != nil {
		t.Error(err)
	}
	if wait := (done{Code: codeRate, Wait: math.MaxUint}).err().(*RateError).Wait; wait.Hours() != 1 {
		t.Errorf("a super-peer may ask for a wait of %s", wait)
	}
}

// checkFrame holds what must be true of any bytes.
func checkFrame(t *testing.T, data []byte) {
	back, err := read(data)
	if err == nil && !bytes.Equal(back, data) {
		t.Fatalf("%x is sent as %x", data, back)
	}
	if err != nil && !wire.IsFault(err) {
		t.Fatalf("%x: %v is no fault", data, err)
	}
	for _, decode := range []func([]byte) error{
		func(b []byte) error { _, err := decodePublication(b); return err },
		func(b []byte) error { _, err := decodeVerdict(b); return err },
		func(b []byte) error { _, err := decodeKnock(b); return err },
		func(b []byte) error { _, err := decodeOpened(b); return err },
	} {
		if err := decode(data); err != nil && !wire.IsFault(err) {
			t.Fatalf("%x: %v is no fault", data, err)
		}
	}
}

func TestX1MutatedMessages(t *testing.T) {
	var seeds [][]byte
	for _, raw := range samples(t) {
		seeds = append(seeds, raw)
	}
	p2ptest.Mutate(10_000, seeds, func(data []byte) { checkFrame(t, data) })
}

func FuzzMessage(f *testing.F) {
	for _, raw := range samples(f) {
		f.Add(raw)
	}
	f.Fuzz(checkFrame)
}
