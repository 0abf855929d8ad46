package guest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

var secret = Secret{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

// keyOf is an exchange key that is the same each time.
func keyOf(t testing.TB, n byte) seal.ExchangeKey {
	t.Helper()
	key, err := seal.ExchangeKeyOf([32]byte{31: n})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// pair is both ends of a session.
func pair(t testing.TB) (member, guest *Session) {
	t.Helper()
	l, ana, marc := secret.Link(), keyOf(t, 1), keyOf(t, 2)
	return must[*Session](t)(l.Member(ana, marc.Public())), must[*Session](t)(l.Guest(marc, ana.Public()))
}

// examples is one right message of each type.
func examples() []Message {
	return []Message{
		{Type: Hello, Text: "Ana", Mark: [32]byte{7}}, {Type: Offer, Text: "v=0\r\n", Mark: [32]byte{8}}, {Type: Reply, Text: "v=0\r\n", Mark: [32]byte{9}},
		{Type: Ice, Text: "candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag abcd"}, {Type: Bye}, {Type: Bye, Text: "abcd"},
		{Type: Status, Text: "Zoé", Flags: Camera | Hand}, {Type: Status}, {Type: Gone}, {Type: Removed}, {Type: Ended},
		{Type: Asks, Mark: [32]byte{5}}, {Type: Asks}, {Type: Consent, Mark: [32]byte{5}, Flags: 1}, {Type: Consent, Mark: [32]byte{5}},
		{Type: Other, Text: "Zoé", Mark: [32]byte{31: 4}, Flags: Muted}, {Type: OtherGone, Mark: [32]byte{31: 4}}, {Type: Relay, Text: "[]", Mark: [32]byte{31: 4}},
		{Type: 77, Text: "of a later version", Mark: [32]byte{1}, Flags: 1 << 40},
	}
}

func TestLink(t *testing.T) {
	t.Run("V20 a link reads back", func(t *testing.T) {
		fresh := NewSecret()
		if got, err := ParseFragment(fresh.Fragment()); err != nil || got != fresh || fresh == (Secret{}) {
			t.Errorf("%v, %v", got == fresh, err)
		}
		if url := secret.URL("https://meet.example.org"); url != "https://meet.example.org/meet#"+secret.Fragment() || len(secret.Fragment()) != 26 {
			t.Error(url)
		}
	})
	t.Run("V20 one that was cut, mistyped or made longer is none", func(t *testing.T) {
		text := secret.Fragment()
		for i := range text {
			for _, c := range "Aa0_-" {
				if changed := text[:i] + string(c) + text[i+1:]; changed != text {
					if _, err := ParseFragment(changed); err == nil {
						t.Errorf("%s is taken", changed)
					}
				}
			}
			if _, err := ParseFragment(text[:i]); !errors.Is(err, ErrLink) {
				t.Errorf("%s: %v", text[:i], err)
			}
		}
		for _, bad := range []string{text + "A", text + "=", text + "AAAA", " " + text, "#" + text, strings.Repeat("A", 1000)} {
			if _, err := ParseFragment(bad); !errors.Is(err, ErrLink) {
				t.Errorf("%s: %v", bad, err)
			}
		}
		if _, err := ParseFragment("Ag"); !errors.Is(err, ErrNewLink) {
			t.Errorf("version 2: %v", err)
		}
	})
	t.Run("V21 the room tells nothing of the secret, and two links have nothing alike", func(t *testing.T) {
		other := secret
		other[15] ^= 1
		one, two := secret.Link(), other.Link()
		if one.Room == two.Room || one.up == two.up || one.down == two.down || one.up == one.down || one.Room == Room(secret) {
			t.Error("alike")
		}
	})
	t.Run("V21 secrets do not print", func(t *testing.T) {
		member, _ := pair(t)
		for _, format := range []string{"%v", "%#v", "%+v", "%s"} {
			text := fmt.Sprintf(format, secret) + fmt.Sprintf(format, secret.Link()) + fmt.Sprintf(format, member)
			if strings.Count(text, "hidden") != 3 {
				t.Errorf("%s: %s", format, text)
			}
		}
	})
	t.Run("V22 a guest is smaller than every device", func(t *testing.T) {
		id := IDOf(keyOf(t, 2).Public())
		device := seal.NewSignKey([32]byte{1}).Public()
		if !Is(id) || Is(device) || Is(seal.ID{}) || id.Compare(device) >= 0 || id == IDOf(keyOf(t, 1).Public()) {
			t.Error(id)
		}
		if short := Short(id); len(short) != 8 || !strings.HasPrefix(id.String(), "00000000"+short) {
			t.Error(short)
		}
	})
}

func TestKnock(t *testing.T) {
	l := secret.Link()
	marc, ana := keyOf(t, 2).Public(), keyOf(t, 1).Public()
	k := Knock{"Marc", marc}
	sealed := must[[]byte](t)(l.SealKnock(k))
	t.Run("V23 a knock opens with the link", func(t *testing.T) {
		got, err := l.OpenKnock(sealed)
		if err != nil || got != k || got.ID() != IDOf(marc) || !IsKnock(sealed) || IsKnock(nil) {
			t.Errorf("%+v, %v", got, err)
		}
		if bytes.Contains(sealed, []byte("Marc")) {
			t.Error("the name is there to be read")
		}
	})
	t.Run("V23 and with nothing else", func(t *testing.T) {
		other := NewSecret().Link()
		moved := l
		moved.Room = Room{9}
		for what, from := range map[string]Link{"another link": other, "another room": moved} {
			if _, err := from.OpenKnock(sealed); seal.OutcomeOf(err) != seal.Drop {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, bad := range [][]byte{nil, {1}, sealed[:20], append(bytes.Clone(sealed), 0), make([]byte, maxKnock+1), append([]byte{kindSession}, sealed[1:]...)} {
			if _, err := l.OpenKnock(bad); seal.OutcomeOf(err) != seal.Drop {
				t.Errorf("%x: %v", bad, err)
			}
		}
	})
	t.Run("V23 a name has 1 to 256 bytes of text, and there is a key", func(t *testing.T) {
		for _, bad := range []Knock{{"", marc}, {strings.Repeat("x", MaxName+1), marc}, {"\xff", marc}, {"Marc", Public{}}} {
			if _, err := l.SealKnock(bad); err == nil {
				t.Errorf("%.10q is sealed", bad.Name)
			}
			plain := must[[]byte](t)(seal.Encode(knock{V: 1, Name: bad.Name, Public: bad.Public}))
			if _, err := l.OpenKnock(append([]byte{kindKnock}, l.up.Seal(plain, l.knockAAD())...)); seal.OutcomeOf(err) != seal.Drop {
				t.Errorf("%.10q is opened: %v", bad.Name, err)
			}
		}
		longest := must[[]byte](t)(l.SealKnock(Knock{strings.Repeat("x", MaxName), marc}))
		if _, err := l.OpenKnock(longest); err != nil {
			t.Error(err)
		}
	})
	t.Run("V23 other encodings are refused", func(t *testing.T) {
		for _, bad := range sealtest.Malform(t, must[[]byte](t)(seal.Encode(knock{V: 1, Name: "Marc", Public: marc}))) {
			if _, err := l.OpenKnock(append([]byte{kindKnock}, l.up.Seal(bad.Raw, l.knockAAD())...)); seal.OutcomeOf(err) != seal.Drop {
				t.Errorf("%s: %v", bad.Name, err)
			}
		}
		later := must[[]byte](t)(seal.Encode(knock{V: 2, Name: "Marc", Public: marc}))
		if _, err := l.OpenKnock(append([]byte{kindKnock}, l.up.Seal(later, l.knockAAD())...)); seal.OutcomeOf(err) != seal.Drop {
			t.Error("version 2 is taken")
		}
	})
	t.Run("V23 an answer is for who knocked", func(t *testing.T) {
		for state := Waiting; state <= Revoked+1; state++ {
			raw := must[[]byte](t)(l.SealAnswer(k.ID(), Answer{state, ana}))
			if got, err := l.OpenAnswer(k.ID(), raw); err != nil || got != (Answer{state, ana}) {
				t.Errorf("%+v, %v", got, err)
			}
			if _, err := l.OpenAnswer(IDOf(ana), raw); seal.OutcomeOf(err) != seal.Drop {
				t.Errorf("somebody else's opens: %v", err)
			}
			if _, err := l.OpenKnock(raw); err == nil {
				t.Error("an answer is a knock")
			}
		}
		for _, bad := range []answer{{V: 2, State: uint(Waiting), Public: ana}, {V: 1, Public: ana}, {V: 1, State: uint(Waiting)}} {
			plain := must[[]byte](t)(seal.Encode(bad))
			if _, err := l.OpenAnswer(k.ID(), append([]byte{kindKnock}, l.down.Seal(plain, l.answerAAD(k.ID()))...)); seal.OutcomeOf(err) != seal.Drop {
				t.Errorf("%+v opens: %v", bad, err)
			}
		}
		if _, err := l.SealAnswer(k.ID(), Answer{0, ana}); err == nil {
			t.Error("no state is sealed")
		}
		if _, err := l.SealAnswer(k.ID(), Answer{Waiting, Public{}}); err == nil {
			t.Error("no key is sealed")
		}
	})
}

func TestSession(t *testing.T) {
	t.Run("V24 both ends understand each other", func(t *testing.T) {
		member, guest := pair(t)
		for _, m := range examples() {
			for _, way := range [][2]*Session{{member, guest}, {guest, member}} {
				sealed := must[[]byte](t)(way[0].Seal(m))
				if got, err := way[1].Open(sealed); err != nil || got != m || IsKnock(sealed) {
					t.Errorf("%+v became %+v, %v", m, got, err)
				}
			}
		}
	})
	t.Run("V24 nobody else does: not with the link, another key, or the other direction", func(t *testing.T) {
		member, guest := pair(t)
		sealed := must[[]byte](t)(member.Seal(Message{Type: Gone}))
		l := secret.Link()
		for what, other := range map[string]*Session{
			"who only knows the link": must[*Session](t)(l.Guest(keyOf(t, 3), keyOf(t, 1).Public())),
			"another link":            must[*Session](t)(NewSecret().Link().Guest(keyOf(t, 2), keyOf(t, 1).Public())),
			"itself":                  member,
		} {
			if _, err := other.Open(sealed); seal.OutcomeOf(err) != seal.Drop {
				t.Errorf("%s: %v", what, err)
			}
		}
		for at := range sealed {
			changed := bytes.Clone(sealed)
			changed[at] ^= 1
			if _, err := guest.Open(changed); err == nil {
				t.Fatalf("byte %d changed", at)
			}
		}
		if _, err := guest.Open(sealed); err != nil {
			t.Errorf("after others that did not open: %v", err)
		}
		if _, err := l.Member(keyOf(t, 1), Public{4}); seal.OutcomeOf(err) != seal.Drop {
			t.Errorf("a key that is none: %v", err)
		}
		if _, err := l.Guest(keyOf(t, 1), Public{4}); seal.OutcomeOf(err) != seal.Drop {
			t.Errorf("a key that is none: %v", err)
		}
	})
	t.Run("V25 fields are where they belong", func(t *testing.T) {
		member, guest := pair(t)
		for _, bad := range []Message{
			{}, {Type: Hello, Text: "Ana"}, {Type: Hello, Mark: [32]byte{1}}, {Type: Offer, Text: "x", Mark: [32]byte{1}, Flags: 1}, {Type: Reply, Text: "x"},
			{Type: Ice}, {Type: Ice, Text: "x", Mark: [32]byte{1}}, {Type: Bye, Flags: 1}, {Type: Status, Mark: [32]byte{1}}, {Type: Gone, Text: "x"},
			{Type: Removed, Flags: 1}, {Type: Ended, Mark: [32]byte{1}}, {Type: Asks, Text: "x"}, {Type: Consent}, {Type: Consent, Mark: [32]byte{1}, Flags: 2},
			{Type: Other, Mark: [32]byte{1}}, {Type: Other, Text: "x"}, {Type: OtherGone}, {Type: OtherGone, Mark: [32]byte{1}, Text: "x"}, {Type: Relay, Text: "x"}, {Type: Relay, Mark: [32]byte{1}},
			{Type: Status, Text: strings.Repeat("x", MaxText+1)},
		} {
			if _, err := member.Seal(bad); seal.OutcomeOf(err) != seal.Drop {
				t.Errorf("%d sealed: %v", bad.Type, err)
			}
			member.sent++
			plain := must[[]byte](t)(seal.Encode(message{V: 1, Type: uint(bad.Type), Text: bad.Text, Mark: bad.Mark, Flags: bad.Flags}))
			if _, err := guest.Open(append([]byte{kindSession}, member.sends.SealAt(member.sent, plain, member.room[:])...)); seal.OutcomeOf(err) != seal.Drop {
				t.Errorf("%d opened: %v", bad.Type, err)
			}
		}
		longest := must[[]byte](t)(member.Seal(Message{Type: 1 << 60, Text: strings.Repeat("x", MaxText), Mark: [32]byte{1}, Flags: 1 << 60}))
		if _, err := guest.Open(longest); err != nil || len(longest) > MaxSealed {
			t.Errorf("%d bytes: %v", len(longest), err)
		}
		if _, err := guest.Open(make([]byte, MaxSealed+1)); err == nil {
			t.Error("too long")
		}
		member.sent++
		later := must[[]byte](t)(seal.Encode(message{V: 2, Type: uint(Gone)}))
		if _, err := guest.Open(append([]byte{kindSession}, member.sends.SealAt(member.sent, later, member.room[:])...)); seal.OutcomeOf(err) != seal.Drop {
			t.Errorf("version 2: %v", err)
		}
	})
	t.Run("V26 each message opens once, and none that is older", func(t *testing.T) {
		member, guest := pair(t)
		first, second, third := must[[]byte](t)(member.Seal(Message{Type: Bye})), must[[]byte](t)(member.Seal(Message{Type: Bye})), must[[]byte](t)(member.Seal(Message{Type: Bye}))
		for i, step := range []struct {
			sealed []byte
			want   error
		}{{second, nil}, {second, ErrReplay}, {first, ErrReplay}, {third, nil}} {
			if _, err := guest.Open(step.sealed); !errors.Is(err, step.want) {
				t.Errorf("step %d: %v", i, err)
			}
		}
	})
}

func FuzzParseFragment(f *testing.F) {
	f.Add(secret.Fragment())
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseFragment(text); err == nil && s.Fragment() != text {
			t.Errorf("%q is another text of the same link", text)
		}
	})
}

// The fuzzed bytes are sealed, so that they reach the decoders.
func FuzzKnock(f *testing.F) {
	l := secret.Link()
	f.Add(must[[]byte](f)(seal.Encode(knock{V: 1, Name: "Marc", Public: keyOf(f, 2).Public()})))
	f.Fuzz(func(t *testing.T, plain []byte) {
		_, _ = l.OpenKnock(plain)
		k, err := l.OpenKnock(append([]byte{kindKnock}, l.up.Seal(plain, l.knockAAD())...))
		if err == nil && (k.Name == "" || len(k.Name) > MaxName) {
			t.Errorf("opened %+v", k)
		}
		_, _ = l.OpenAnswer(seal.ID{1}, append([]byte{kindKnock}, l.down.Seal(plain, l.answerAAD(seal.ID{1}))...))
	})
}

func FuzzMessage(f *testing.F) {
	for _, m := range examples() {
		f.Add(must[[]byte](f)(seal.Encode(message{V: 1, Type: uint(m.Type), Text: m.Text, Mark: m.Mark, Flags: m.Flags})))
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		member, guest := pair(t)
		_, _ = guest.Open(plain)
		m, err := guest.Open(append([]byte{kindSession}, member.sends.SealAt(1, plain, member.room[:])...))
		if err == nil && (m.check() != nil || m.Type == 0) {
			t.Errorf("opened %+v", m)
		}
	})
}
