package workspace_test

import (
	"bytes"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

func TestObjectsAtASuperPeer(t *testing.T) {
	ws, lk := seal.ID{1}, seal.Key{2}
	space, id, raw := seal.SpaceID{3}, seal.ID{4}, []byte("an envelope with a header")
	tag, object := workspace.SealObject(ws, lk, space, 2, id, raw)
	t.Run("K20 a tag is half of a hash over the log key and the space", func(t *testing.T) {
		want := seal.Hash("parvis1/tag", lk[:], space[:])
		if !bytes.Equal(tag[:], want[:16]) {
			t.Errorf("tag %x, want %x", tag, want[:16])
		}
		log, _ := workspace.SealObject(ws, lk, seal.SpaceID{}, 0, id, raw)
		if log == tag {
			t.Error("the log and a space have one tag")
		}
	})
	t.Run("K21 an object shows neither its kind nor its bytes", func(t *testing.T) {
		if bytes.Contains(object.Bytes, raw[:8]) || len(object.Bytes) != len(raw)+1+seal.Overhead {
			t.Errorf("%d bytes for %d", len(object.Bytes), len(raw))
		}
		kind, got, err := workspace.OpenObject(ws, lk, tag, object)
		if err != nil || kind != 2 || !bytes.Equal(got, raw) {
			t.Errorf("opened to kind %d, %q, %v", kind, got, err)
		}
	})
	t.Run("K21 an object opens in its own place only", func(t *testing.T) {
		other := object
		other.ID = seal.ID{5}
		moved, _ := workspace.SealObject(ws, lk, seal.SpaceID{9}, 2, id, raw)
		for name, err := range map[string]error{
			"another id":        openErr(ws, lk, tag, other),
			"another tag":       openErr(ws, lk, moved, object),
			"another workspace": openErr(seal.ID{9}, lk, tag, object),
			"another log key":   openErr(ws, seal.Key{9}, tag, object),
			"no bytes":          openErr(ws, lk, tag, workspace.Object{ID: id}),
			"too many bytes":    openErr(ws, lk, tag, workspace.Object{ID: id, Bytes: make([]byte, workspace.MaxObject+1)}),
		} {
			if seal.OutcomeOf(err) != seal.Reject {
				t.Errorf("%s: %v, want a refusal", name, err)
			}
		}
	})
	t.Run("K21 mutated objects never open", func(t *testing.T) {
		for bad := range sealtest.Mutations(7, [][]byte{object.Bytes}, sealtest.Inputs/8) {
			if !bytes.Equal(bad, object.Bytes) && openErr(ws, lk, tag, workspace.Object{ID: id, Bytes: bad}) == nil {
				t.Fatalf("%x opens", bad)
			}
		}
	})
}

func openErr(ws seal.ID, lk seal.Key, tag workspace.Tag, object workspace.Object) error {
	_, _, err := workspace.OpenObject(ws, lk, tag, object)
	return err
}

func FuzzOpenObject(f *testing.F) {
	ws, lk := seal.ID{1}, seal.Key{2}
	tag, object := workspace.SealObject(ws, lk, seal.SpaceID{}, 0, seal.ID{3}, []byte("x"))
	f.Add(object.Bytes)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		kind, plain, err := workspace.OpenObject(ws, lk, tag, workspace.Object{ID: seal.ID{3}, Bytes: raw})
		if err == nil && (kind != 0 || string(plain) != "x") {
			t.Errorf("%x opens to kind %d, %q", raw, kind, plain)
		}
	})
}
