package member

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"parvis/crdt/seal"
)

func TestLog(t *testing.T) {
	p := people()
	t.Run("M15 what is missing is named and waited for", func(t *testing.T) {
		tm, _, _, _, _ := pair(t)
		log := NewLog()
		first, last := tm.log.Entry(tm.log.order[0]), tm.log.Entry(tm.log.order[len(tm.log.order)-1])
		for _, l := range []*Log{log, NewLog()} {
			if l == log {
				l.Add(first)
			}
			o, err := l.Add(last)
			var missing *MissingError
			if o != seal.Pend || !errors.As(err, &missing) || !slices.Equal(missing.IDs, last.Parents) {
				t.Errorf("got %v, %v", o, err)
			}
		}
		if o, _ := log.Add(first); o != seal.Drop {
			t.Errorf("a known entry: %v", o)
		}
		if _, err := log.StateAt([]seal.ID{last.ID}); seal.OutcomeOf(err) != seal.Pend {
			t.Errorf("state at an unknown entry: %v", err)
		}
		other := NewLog()
		nonce := GenesisBody{PersonGenesis: p[0].genesis, Nonce: [16]byte{1}, Suite: 1, Policy: DefaultPolicy()}
		foreign, err := NewGenesis(p[0].keys.Sign, nonce, 1)
		if err != nil {
			t.Fatal(err)
		}
		other.Add(foreign)
		if o, _ := other.Add(last); o != seal.Reject {
			t.Errorf("an entry of another workspace: %v", o)
		}
		if o, _ := other.Add(first); o != seal.Reject {
			t.Errorf("another genesis: %v", o)
		}
	})
	t.Run("M15 parents may not follow each other", func(t *testing.T) {
		tm, founder, _, _, _ := pair(t)
		heads := sorted(tm.log.order[len(tm.log.order)-1], tm.log.order[0])
		_, o, err := tm.at(heads, founder.keys.Sign, AckBody{})
		if o != seal.Reject {
			t.Errorf("got %v, %v", o, err)
		}
	})
	t.Run("M14 M29 forks are kept and shown, and either branch goes on", func(t *testing.T) {
		tm, founder, _, _, m := pair(t)
		early := tm.views[m.id()]
		one := tm.must(m, AckBody{})
		two, o, err := tm.at(early, m.keys.Sign, KemUpdateBody{KEMPK: spares()[1].kem.Public(), KEMGen: 1})
		if o != seal.Evidence || err == nil {
			t.Fatal(o, err)
		}
		want := []Fork{{Device: m.id(), Seq: one.Seq, First: one.ID, Second: two.ID}}
		if got := tm.log.Forks(); !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
		tm.seeAll(founder.id(), m.id())
		next := tm.must(m, AckBody{})
		if next.Seq != one.Seq+1 || next.Prev != one.ID && next.Prev != two.ID {
			t.Errorf("seq %d after %s", next.Seq, next.Prev.Short())
		}
		for _, bad := range []entryPayload{
			{Seq: next.Seq + 2, Prev: next.ID}, {Seq: next.Seq, Prev: one.ID}, {Seq: next.Seq + 1, Prev: one.ID}, {Seq: next.Seq + 1, Prev: seal.ID{1}},
		} {
			body, _ := AckBody{}.Encode()
			bad.WS, bad.Type, bad.Parents, bad.Body = tm.log.WS(), TypeAck, tm.views[m.id()], body
			e, err := signEntry(m.keys.Sign, bad)
			if err != nil {
				t.Fatal(err)
			}
			if o, _ := tm.log.Add(e); o != seal.Reject {
				t.Errorf("seq %d: %v", bad.Seq, o)
			}
		}
	})
	t.Run("M16 who floods the log is cut off", func(t *testing.T) {
		tm, founder, _, _, m := pair(t)
		place := &State{}
		*place = *tm.log.State()
		place.tails = place.tails.put(m.id(), tail{maxSeqMember - 1, []seal.ID{{1}}}).put(founder.id(), tail{maxSeqMember - 1, []seal.ID{{1}}})
		for who, ok := range map[*human]bool{m: false, founder: true} {
			e := &Entry{Dev: who.id(), Seq: maxSeqMember, Prev: seal.ID{1}, Type: TypeAck, content: AckBody{}}
			err := (&check{log: tm.log, st: place, e: e, rec: &record{entry: e}}).run()
			if (err == nil) != ok {
				t.Errorf("%s: %v", who.name, err)
			}
		}
	})
	t.Run("M40 what a replica lacks is named parents first, and completes it", func(t *testing.T) {
		for seed := range uint64(40) {
			s := newScript(t, seed)
			s.populate()
			s.run(20)
			other := NewLog()
			rest := s.log.Missing(nil)
			if !slices.Equal(rest, s.log.Order()) {
				t.Fatal("an empty replica lacks everything")
			}
			for _, id := range rest[:1+rand.IntN(len(rest))] {
				other.Add(s.log.Entry(id))
			}
			for _, id := range s.log.Missing(append(other.Heads(), seal.ID{1})) {
				if o, err := other.Add(s.log.Entry(id)); o != seal.OK && o != seal.Evidence {
					t.Fatal(o, err)
				}
			}
			if !slices.Equal(other.Heads(), s.log.Heads()) || len(s.log.Missing(other.Heads())) > 0 {
				t.Fatal("still not the same")
			}
			for _, id := range s.log.order {
				for _, head := range s.log.order {
					_, _, kept := s.log.window([]*record{s.log.records[id], s.log.records[head]})
					follows := id == head || len(kept) == 1 && kept[0] == s.log.records[head]
					if s.log.Contains([]seal.ID{head}, id) != follows {
						t.Fatal("contains is wrong")
					}
				}
			}
		}
	})
	t.Run("M14 a device with more heads than parents follows its own chain", func(t *testing.T) {
		tm, founder, _, _, m := pair(t)
		early := tm.log.Heads()
		for i := range 30 {
			keys, body := inviteBody(tm.log.WS(), 500+i, RoleMember, ModeInstant, 1)
			_ = keys
			if _, o, err := tm.at(early, founder.keys.Sign, body); o != seal.OK && o != seal.Evidence {
				t.Fatal(err)
			}
		}
		tm.views[m.id()] = early
		tm.must(m, AckBody{})
		raw, _ := AckBody{}.Encode()
		e, err := tm.log.Write(m.keys.Sign, TypeAck, raw, 5)
		if err != nil {
			t.Fatal(err)
		}
		if o, err := tm.log.Add(e); o != seal.OK || len(e.Parents) != MaxParents {
			t.Errorf("%v, %v with %d parents", o, err, len(e.Parents))
		}
		if _, err := NewLog().Write(m.keys.Sign, TypeAck, raw, 5); err == nil {
			t.Error("wrote into an empty log")
		}
	})
	t.Run("M7 M11 entries travel sealed and open with the log key of their workspace", func(t *testing.T) {
		tm, _, _, _, _ := pair(t)
		lk := seal.Key{1}
		for _, id := range tm.log.order {
			e := tm.log.Entry(id)
			raw, err := e.SealUnder(lk)
			if err != nil {
				t.Fatal(err)
			}
			again, err := OpenEntry(lk, tm.log.WS(), raw)
			if err != nil || again.ID != e.ID || again.WS != tm.log.WS() {
				t.Fatal(err)
			}
			if _, err := OpenEntry(lk, seal.ID{1}, raw); err == nil {
				t.Error("opened in another workspace")
			}
			if _, err := OpenEntry(seal.Key{2}, tm.log.WS(), raw); err == nil {
				t.Error("opened with another key")
			}
		}
		if tm.log.State().LogKeyID() != LogKeyID(seal.Key(seedOf("lk", 0))) || tm.log.State().WS() != tm.log.WS() {
			t.Error("the genesis' facts are not in the state")
		}
		big := PersonRemoveBody{Blob: nil}
		for i := range 1500 {
			big.Fences = append(big.Fences, DeviceFences{Device: seal.ID{byte(i >> 8), byte(i)}})
		}
		raw, _ := big.Encode()
		if _, err := tm.log.Write(people()[0].keys.Sign, TypePersonRemove, raw, 1); err == nil {
			t.Error("an entry that is too long was written")
		}
	})
	t.Run("M15 an empty log has an empty state", func(t *testing.T) {
		log := NewLog()
		st := log.State()
		if len(st.Persons()) != 0 || st.CanWrite(seal.SpaceID{}, seal.ID{}) || len(log.Heads()) != 0 {
			t.Error("somebody is in it")
		}
		if _, err := log.StateAt(nil); err == nil {
			t.Error("a state at nothing")
		}
	})
}
