package guest

import (
	"bytes"
	"flag"
	"testing"
	"testing/cryptotest"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

var update = flag.Bool("update", false, "write the test vectors again")

// vectors are one whole visit of a guest. The page of guests is held against the same file
// (frontend/src/meet).
type vectors struct {
	Secret        sealtest.Hex
	Fragment      string
	Room          sealtest.Hex
	MemberScalar  sealtest.Hex
	GuestScalar   sealtest.Hex
	MemberPublic  sealtest.Hex
	GuestPublic   sealtest.Hex
	GuestID       string
	Name          string
	Knock, Answer sealtest.Hex
	Messages      []messageVector
}

type messageVector struct {
	Type   uint
	Text   string
	Mark   sealtest.Hex
	Flags  uint
	Plain  sealtest.Hex
	Member sealtest.Hex // as the n-th message of the member
	Guest  sealtest.Hex // as that of the guest
}

func makeVectors(t *testing.T) vectors {
	cryptotest.SetGlobalRandom(t, 1)
	l, ana, marc := secret.Link(), keyOf(t, 1), keyOf(t, 2)
	anaPublic, marcPublic := ana.Public(), marc.Public()
	k := Knock{"Zoé", marcPublic}
	v := vectors{
		Secret: secret[:], Fragment: secret.Fragment(), Room: l.Room[:], MemberScalar: append(make([]byte, 31), 1), GuestScalar: append(make([]byte, 31), 2),
		MemberPublic: anaPublic[:], GuestPublic: marcPublic[:], GuestID: k.ID().String(), Name: k.Name,
		Knock: must[[]byte](t)(l.SealKnock(k)), Answer: must[[]byte](t)(l.SealAnswer(k.ID(), Answer{Admitted, anaPublic})),
	}
	member, guest := pair(t)
	for _, m := range examples() {
		v.Messages = append(v.Messages, messageVector{
			Type: uint(m.Type), Text: m.Text, Mark: m.Mark[:], Flags: m.Flags,
			Plain:  must[[]byte](t)(seal.Encode(message{V: 1, Type: uint(m.Type), Text: m.Text, Mark: m.Mark, Flags: m.Flags})),
			Member: must[[]byte](t)(member.Seal(m)), Guest: must[[]byte](t)(guest.Seal(m)),
		})
	}
	return v
}

func TestVectors(t *testing.T) {
	v := sealtest.Golden(t, "testdata/vectors.json", *update, func() vectors { return makeVectors(t) })
	t.Run("V27 recorded values come out again", func(t *testing.T) {
		s := Secret(v.Secret)
		l := s.Link()
		ana, marc := keyOf(t, 1), keyOf(t, 2)
		if s.Fragment() != v.Fragment || !bytes.Equal(l.Room[:], v.Room) || IDOf(marc.Public()).String() != v.GuestID {
			t.Error("link or id differ")
		}
		if k, err := l.OpenKnock(v.Knock); err != nil || k != (Knock{v.Name, Public(v.GuestPublic)}) {
			t.Errorf("knock %+v, %v", k, err)
		}
		if a, err := l.OpenAnswer(IDOf(marc.Public()), v.Answer); err != nil || a != (Answer{Admitted, Public(v.MemberPublic)}) {
			t.Errorf("answer %+v, %v", a, err)
		}
		member, guest := must[*Session](t)(l.Member(ana, Public(v.GuestPublic))), must[*Session](t)(l.Guest(marc, Public(v.MemberPublic)))
		for _, c := range v.Messages {
			want := Message{Type(c.Type), c.Text, [32]byte(c.Mark), c.Flags}
			if got := must[[]byte](t)(member.Seal(want)); !bytes.Equal(got, c.Member) {
				t.Errorf("type %d of a member differs", c.Type)
			}
			if got := must[[]byte](t)(guest.Seal(want)); !bytes.Equal(got, c.Guest) {
				t.Errorf("type %d of a guest differs", c.Type)
			}
			if got, err := guest.Open(c.Member); err != nil || got != want {
				t.Errorf("type %d: %+v, %v", c.Type, got, err)
			}
		}
	})
}
