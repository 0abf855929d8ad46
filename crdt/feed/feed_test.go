package feed

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"parvis/crdt/seal"

	"pgregory.net/rapid"
)

func TestSeal(t *testing.T) {
	t.Run("E1 E2 E4 E5 E10 what is sealed parses, verifies and opens", func(t *testing.T) {
		a := newAuthor(1)
		a.next.LogRefs = []seal.ID{{9}, {3}, {9}}
		want := Plain{Kind: 3, HintMs: -5, Deps: []seal.ID{{8}, {7}}, Body: []byte("hello")}
		sealed := a.write(t, want)
		e, err := Parse(sealed.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(e, sealed) {
			t.Errorf("parsed %+v, sealed %+v", e, sealed)
		}
		if !slices.Equal(e.Header.LogRefs, []seal.ID{{3}, {9}}) {
			t.Errorf("log references %v are not in order", e.Header.LogRefs)
		}
		if !e.Verify() {
			t.Error("the signature is refused")
		}
		got, err := e.Open(a.content)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("opened %+v, %v", got, err)
		}
		if e.Feed() != (FeedID{a.next.Space, a.next.Dev}) || e.Tail() != (Tail{1, e.ID}) {
			t.Error("Feed or Tail is wrong")
		}
	})
	t.Run("E1 the largest body fits and one byte more does not", func(t *testing.T) {
		a := newAuthor(1)
		deps := make([]seal.ID, MaxDeps)
		e := a.write(t, Plain{Deps: deps, Body: make([]byte, MaxBody)})
		if _, err := Parse(e.Raw); err != nil {
			t.Error(err)
		}
		if p, err := e.Open(a.content); err != nil || len(p.Body) != MaxBody {
			t.Errorf("%d bytes, %v", len(p.Body), err)
		}
		for name, p := range map[string]Plain{"body": {Body: make([]byte, MaxBody+1)}, "deps": {Deps: make([]seal.ID, MaxDeps+1)}} {
			if _, err := Seal(a.key, a.content, a.next, p); err == nil {
				t.Errorf("too much %s was sealed", name)
			}
		}
	})
	t.Run("E1 more than an envelope can be is refused at once", func(t *testing.T) {
		_, err := Parse(make([]byte, MaxEnvelope+1))
		wantFault(t, err, seal.Reject, reasonSize)
		a := newAuthor(1)
		ct := make([]byte, MaxCT+1)
		_, err = Parse(a.raw(t, encode(t, a.header(ct, nil)), ct))
		wantFault(t, err, seal.Reject, reasonSize)
	})
	t.Run("E2 a wrong header is not sealed", func(t *testing.T) {
		for name, change := range map[string]func(*Header){
			"seq 0":          func(h *Header) { h.Seq = 0 },
			"first has prev": func(h *Header) { h.Prev = seal.ID{1} },
			"prev missing":   func(h *Header) { h.Seq = 2 },
			"no log refs":    func(h *Header) { h.LogRefs = nil },
			"5 log refs":     func(h *Header) { h.LogRefs = []seal.ID{{1}, {2}, {3}, {4}, {5}} },
			"other device":   func(h *Header) { h.Dev = seal.ID{1} },
		} {
			a := newAuthor(1)
			change(&a.next)
			if _, err := Seal(a.key, a.content, a.next, Plain{}); err == nil {
				t.Errorf("%s: sealed", name)
			}
		}
	})
	t.Run("E5 another signature of the same text is the same envelope", func(t *testing.T) {
		a := newAuthor(1)
		e := a.write(t, Plain{})
		bad := bytes.Clone(e.Sig)
		bad[0] ^= 1
		other, err := Parse(encode(t, wire{Payload: e.Payload, Sig: bad, CT: e.CT}))
		if err != nil || other.ID != e.ID {
			t.Fatalf("id %v, %v", other, err)
		}
		if other.Verify() {
			t.Error("a wrong signature was accepted")
		}
	})
	t.Run("E10 two seals of one text differ", func(t *testing.T) {
		a := newAuthor(1)
		if a.fork().write(t, Plain{}).ID == a.fork().write(t, Plain{}).ID {
			t.Error("one nonce was used twice")
		}
	})
}

func TestContentKey(t *testing.T) {
	t.Run("E9 secret, space, epoch and device each change the key", func(t *testing.T) {
		seen := map[seal.Key]bool{}
		for _, secret := range []seal.Key{{1}, {2}} {
			for _, space := range []seal.SpaceID{{1}, {2}} {
				for _, epoch := range []seal.ID{{1}, {2}} {
					for _, dev := range []seal.ID{{1}, {2}} {
						seen[ContentKey(secret, space, epoch, dev)] = true
					}
				}
			}
		}
		if len(seen) != 16 {
			t.Errorf("%d different keys, want 16", len(seen))
		}
		salt := append(make([]byte, 0, 48), (&[16]byte{1})[:]...)
		salt = append(salt, (&[32]byte{2})[:]...)
		want := seal.Key(seal.KDF((&[32]byte{3})[:], salt, "parvis1/env"+string((&[32]byte{4})[:])))
		if got := ContentKey(seal.Key{3}, seal.SpaceID{1}, seal.ID{2}, seal.ID{4}); got != want {
			t.Error("the key is not that of the rule")
		}
	})
	t.Run("E10 the content is bound to every field of the header", func(t *testing.T) {
		a := newAuthor(1)
		e := a.write(t, Plain{Body: []byte("x")})
		for name, change := range map[string]func(*Header){
			"ws": func(h *Header) { h.WS[0]++ }, "space": func(h *Header) { h.Space[0]++ },
			"dev": func(h *Header) { h.Dev[0]++ }, "seq": func(h *Header) { h.Seq++ },
			"prev": func(h *Header) { h.Prev[0]++ }, "log_refs": func(h *Header) { h.LogRefs = []seal.ID{{99}} },
			"more log_refs": func(h *Header) { h.LogRefs = append(slices.Clone(h.LogRefs), seal.ID{}) },
			"epoch_id":      func(h *Header) { h.EpochID[0]++ },
		} {
			moved := *e
			change(&moved.Header)
			if _, err := moved.Open(a.content); seal.OutcomeOf(err) != seal.Quarantine {
				t.Errorf("%s: error %v, want quarantine", name, err)
			}
		}
		if _, err := e.Open(seal.Key{1}); seal.OutcomeOf(err) != seal.Quarantine {
			t.Errorf("another key: error %v, want quarantine", err)
		}
	})
}

func TestPadding(t *testing.T) {
	t.Run("E8 every content has a padded size, the smallest that can be hit", func(t *testing.T) {
		sizes := []int{256, 512, 1024, 2048, 4096, 8192, 12288, 16384, 20480}
		for length := range 17_000 {
			p := Plain{Body: make([]byte, length)}
			n := p.size()
			pad := padLength(n)
			total := n + headSize(uint64(pad)) + pad
			i, ok := slices.BinarySearch(sizes, total)
			if !ok || !isPaddedSize(total) {
				t.Fatalf("body %d: total %d is no padded size", length, total)
			}
			if i > 0 && n+1 <= sizes[i-1] {
				missed := sizes[i-1] - n
				if missed != 25 && missed != 258 && missed != 65_539 {
					t.Fatalf("body %d: total %d although %d could be hit", length, total, sizes[i-1])
				}
			}
		}
	})
	t.Run("E8 the computed size is that of the encoding", rapid.MakeCheck(func(t *rapid.T) {
		p := Plain{
			Kind: rapid.Uint().Draw(t, "kind"), HintMs: rapid.Int64().Draw(t, "hint"),
			Deps: make([]seal.ID, rapid.IntRange(0, MaxDeps).Draw(t, "deps")),
			Body: make([]byte, rapid.IntRange(0, 70_000).Draw(t, "body")),
		}
		p.Pad = make([]byte, padLength(p.size()))
		raw, err := seal.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if want := p.size() + headSize(uint64(len(p.Pad))) + len(p.Pad); len(raw) != want || !isPaddedSize(len(raw)) {
			t.Fatalf("%d bytes, computed %d", len(raw), want)
		}
	}))
}

func TestAnyContentSurvives(t *testing.T) {
	t.Run("E10 E11 any content within the limits opens as it was sealed", rapid.MakeCheck(func(t *rapid.T) {
		a := newAuthor(rapid.Byte().Draw(t, "author"))
		a.next.WS = seal.ID(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "ws"))
		if rapid.Bool().Draw(t, "later") {
			a.next.Seq, a.next.Prev = rapid.Uint64Range(2, 1<<63).Draw(t, "seq"), seal.ID{1}
		}
		want := Plain{
			Kind: rapid.Uint().Draw(t, "kind"), HintMs: rapid.Int64().Draw(t, "hint"),
			Deps: make([]seal.ID, rapid.IntRange(0, MaxDeps).Draw(t, "deps")),
			Body: rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "body"),
		}
		sealed, err := Seal(a.key, a.content, a.next, want)
		if err != nil {
			t.Fatal(err)
		}
		e, err := Parse(sealed.Raw)
		if err != nil || !e.Verify() {
			t.Fatalf("parse: %v", err)
		}
		got, err := e.Open(a.content)
		if err != nil || got.Kind != want.Kind || got.HintMs != want.HintMs ||
			!slices.Equal(got.Deps, want.Deps) || !bytes.Equal(got.Body, want.Body) || got.Pad != nil {
			t.Fatalf("opened %+v, %v", got, err)
		}
	}))
}
