package member

import (
	"errors"
	"testing"

	"parvis/crdt/seal"
)

// vault holds the secrets of one device, as the workspace does.
type vault struct {
	*human
	secrets map[seal.ID]seal.Key
}

func (v *vault) have(id seal.ID) bool {
	_, ok := v.secrets[id]
	return ok
}

func (v *vault) kemOf(gen uint32) (seal.KEMKey, bool) { return v.kem, gen == 0 }

func open(h *human) *vault { return &vault{human: h, secrets: map[seal.ID]seal.Key{}} }

// rotate makes and posts an epoch with real wraps.
func (tm *team) rotate(v *vault, space seal.SpaceID, cut bool) (EpochBody, []byte) {
	tm.t.Helper()
	st, err := tm.log.StateAt(tm.views[v.id()])
	if err != nil {
		tm.t.Fatal(err)
	}
	body, secret, wraps, err := NewEpoch(st, space, v.id(), v.secrets, cut, 1)
	if err != nil {
		tm.t.Fatal(err)
	}
	tm.must(v.human, body)
	v.secrets[body.EpochID] = secret
	return body, wraps
}

// unwrap takes the secret of an epoch and, through its links, the older ones.
func (tm *team) unwrap(v *vault, space seal.SpaceID, id seal.ID, wraps []byte) error {
	st := tm.log.State()
	ep, ok := st.Epoch(space, id)
	if !ok {
		return errors.New("no such epoch")
	}
	secret, err := OpenWraps(wraps, ep, tm.log.WS(), v.id(), v.kemOf)
	if err != nil {
		return err
	}
	v.secrets[id] = secret
	older, err := OpenPrev(tm.log.WS(), ep, secret)
	for prev, key := range older {
		if known, ok := st.Epoch(space, prev); ok && CheckSecret(tm.log.WS(), known, key) {
			v.secrets[prev] = key
		}
	}
	return err
}

func TestEpochs(t *testing.T) {
	p := people()
	t.Run("M30 M32 an epoch reaches exactly the active devices, and leads back to the older ones", func(t *testing.T) {
		tm, founder, x, _, m := pair(t)
		main := tm.log.State().MainSpace()
		f, xs := open(founder), open(x)
		first, wraps := tm.rotate(f, main, false)
		if err := tm.unwrap(xs, main, first.EpochID, wraps); err != nil {
			t.Fatal(err)
		}
		n := open(p[10])
		tm.admit(founder, n.human, RoleMember)
		if err := tm.unwrap(n, main, first.EpochID, wraps); seal.OutcomeOf(err) != seal.Drop {
			t.Errorf("a newcomer's wrap in an older epoch: %v", err)
		}
		second, wraps := tm.rotate(f, main, false)
		if second.N != 2 || len(second.Prev) != 1 || second.Prev[0].EpochID != first.EpochID {
			t.Errorf("got number %d after %v", second.N, second.Prev)
		}
		if err := tm.unwrap(n, main, second.EpochID, wraps); err != nil {
			t.Fatal(err)
		}
		if n.secrets[first.EpochID] != f.secrets[first.EpochID] {
			t.Error("the link does not lead to the first secret")
		}
		tm.must(founder, PersonRemoveBody{Person: m.person})
		third, wraps := tm.rotate(f, main, false)
		if err := tm.unwrap(open(m), main, third.EpochID, wraps); seal.OutcomeOf(err) != seal.Drop {
			t.Errorf("the removed: %v", err)
		}
		all := tm.log.State().Epochs(main)
		if len(all) != 3 || all[0].ID != first.EpochID || all[2].N != 3 {
			t.Errorf("%d epochs", len(all))
		}
	})
	t.Run("M30 a wrong recipient, number, link or author is refused", func(t *testing.T) {
		tm, founder, x, _, m := pair(t)
		guest := p[10]
		tm.admit(founder, guest, RoleGuest)
		st := tm.log.State()
		main := st.MainSpace()
		base := EpochBody{Space: main, N: 1, EpochID: seal.ID{1}, RecipsHash: recipsHash(st.Recipients(main))}
		outsider, _ := st.Device(guest.id())
		extra := append(st.Recipients(main), outsider)
		for _, bad := range []struct {
			reason string
			who    *human
			change func(*EpochBody)
		}{
			{"wrong recipients", founder, func(b *EpochBody) { b.RecipsHash = recipsHash(extra) }},
			{"wrong recipients", founder, func(b *EpochBody) { b.RecipsHash = recipsHash(extra[1:4]) }},
			{"wrong number", founder, func(b *EpochBody) { b.N = 2 }},
			{"wrong back-links", founder, func(b *EpochBody) { b.Prev = []PrevBox{{EpochID: seal.ID{9}}} }},
			{"no write access", guest, func(*EpochBody) {}},
			{"unknown space", founder, func(b *EpochBody) { b.Space = seal.SpaceID{1} }},
		} {
			body := base
			bad.change(&body)
			tm.refused(bad.who, body, bad.reason)
		}
		tm.must(founder, base)
		tm.seeAll(x.id(), m.id())
		next := base
		next.N = 2
		tm.refused(m, next, "known")
		next.EpochID = seal.ID{2}
		tm.refused(m, next, "cuts the history")
		tm.must(x, next) // an admin may
	})
	t.Run("M31 with two removals at once nobody sends under an epoch of a removed device", func(t *testing.T) {
		tm, founder, x, y, m := pair(t)
		n := p[10]
		tm.admit(founder, n, RoleMember)
		tm.seeAll(x.id(), y.id())
		main := tm.log.State().MainSpace()
		xs, ys := open(x), open(y)
		tm.must(x, PersonRemoveBody{Person: m.person})
		one, wrapsOne := tm.rotate(xs, main, false)
		tm.must(y, PersonRemoveBody{Person: n.person})
		two, wrapsTwo := tm.rotate(ys, main, false)
		tm.seeAll(x.id(), y.id())
		st := tm.log.State()
		if st.EpochUsable(main, one.EpochID) || st.EpochUsable(main, two.EpochID) {
			t.Error("an epoch that a removed device can open is usable")
		}
		if _, ok := st.SendEpoch(main, func(seal.ID) bool { return true }); ok {
			t.Error("there is an epoch to send with")
		}
		if err := tm.unwrap(xs, main, two.EpochID, wrapsTwo); err != nil {
			t.Fatal(err)
		}
		three, wraps := tm.rotate(xs, main, false)
		if three.N != 2 || len(three.Prev) != 2 {
			t.Errorf("number %d with %d links", three.N, len(three.Prev))
		}
		if err := tm.unwrap(ys, main, three.EpochID, wraps); err != nil || !ys.have(one.EpochID) {
			t.Errorf("y cannot read the other branch (%v)", err)
		}
		if e, ok := tm.log.State().SendEpoch(main, xs.have); !ok || e.ID != three.EpochID {
			t.Error("not the new epoch")
		}
		_ = wrapsOne
	})
	t.Run("M31 the greatest number, then the lowest id, of those whose secret is here", func(t *testing.T) {
		tm, founder, x, y, _ := pair(t)
		main := tm.log.State().MainSpace()
		tm.rotate(open(founder), main, false)
		tm.seeAll(x.id(), y.id())
		one, _ := tm.rotate(open(x), main, false)
		two, _ := tm.rotate(open(y), main, false)
		want := sorted(one.EpochID, two.EpochID)
		st := tm.log.State()
		if e, ok := st.SendEpoch(main, func(seal.ID) bool { return true }); !ok || e.ID != want[0] {
			t.Error("not the lowest id")
		}
		if e, ok := st.SendEpoch(main, func(id seal.ID) bool { return id == want[1] }); !ok || e.ID != want[1] {
			t.Error("not the one that can be opened")
		}
	})
	t.Run("M31 M30 an epoch by a removed author is void, decrypts, and is linked to by none", func(t *testing.T) {
		tm, founder, x, _, m := pair(t)
		main := tm.log.State().MainSpace()
		f := open(founder)
		tm.rotate(f, main, false)
		tm.see(x.id(), founder.id())
		void, wraps := tm.rotate(open(x), main, false)
		tm.must(founder, PersonRemoveBody{Person: x.person})
		tm.seeAll(founder.id())
		e, ok := tm.log.State().Epoch(main, void.EpochID)
		if !ok || !e.Void || tm.log.State().EpochUsable(main, void.EpochID) {
			t.Fatalf("got %+v", e)
		}
		if err := tm.unwrap(open(m), main, void.EpochID, wraps); err != nil {
			t.Errorf("it does not decrypt: %v", err)
		}
		next, _ := tm.rotate(f, main, false)
		if len(next.Prev) != 1 || next.Prev[0].EpochID == void.EpochID || next.N != 3 {
			t.Errorf("number %d, links %v", next.N, next.Prev)
		}
	})
	t.Run("M31 M33 who left, is suspended or was shut out counts like removed", func(t *testing.T) {
		tm, founder, x, y, m := pair(t)
		main := tm.log.State().MainSpace()
		body, _ := tm.rotate(open(founder), main, false)
		tm.seeAll(x.id(), m.id())
		private := PrivateSpaceID(tm.log.WS(), x.id())
		tm.must(x, SpaceCreateBody{Space: private, Kind: SpacePrivate, Members: []SpaceMember{
			{Person: x.person, Access: AccessWrite}, {Person: y.person, Access: AccessWrite},
		}})
		inner, _ := tm.rotate(open(x), private, false)
		tm.must(m, LeaveBody{})
		if tm.log.State().EpochUsable(main, body.EpochID) {
			t.Error("the leaver reads on")
		}
		if !tm.log.State().EpochUsable(private, inner.EpochID) {
			t.Error("the private space is not concerned")
		}
		tm.must(x, SpaceSetBody{Space: private, Members: []SpaceMember{{Person: y.person, Access: AccessNone}}})
		if tm.log.State().EpochUsable(private, inner.EpochID) {
			t.Error("who was shut out reads on")
		}
	})
	t.Run("M30 a secret that the author lacks leaves its link empty, and cutting leaves out all", func(t *testing.T) {
		tm, founder, x, _, _ := pair(t)
		main := tm.log.State().MainSpace()
		tm.rotate(open(founder), main, false)
		tm.see(x.id(), founder.id())
		xs := open(x)
		blind, _ := tm.rotate(xs, main, false)
		if len(blind.Prev) != 1 || len(blind.Prev[0].Box) != 0 {
			t.Errorf("links %v", blind.Prev)
		}
		ep, _ := tm.log.State().Epoch(main, blind.EpochID)
		if older, err := OpenPrev(tm.log.WS(), ep, xs.secrets[blind.EpochID]); err != nil || len(older) != 0 {
			t.Errorf("%v, %v", older, err)
		}
		if cut, _ := tm.rotate(xs, main, true); len(cut.Prev) != 0 || cut.N != 3 {
			t.Errorf("got %+v", cut)
		}
	})
}

func TestKeyMessages(t *testing.T) {
	p := people()
	t.Run("M36 a grant gives what the log commits to, and only to who may have it", func(t *testing.T) {
		tm, founder, x, y, m := pair(t)
		ws, main := tm.log.WS(), tm.log.State().MainSpace()
		f := open(founder)
		body, _ := tm.rotate(f, main, false)
		n := open(p[10])
		tm.admit(founder, n.human, RoleMember)
		guest := p[11]
		tm.admit(founder, guest, RoleGuest)
		st := tm.log.State()
		ep, _ := st.Epoch(main, body.EpochID)
		raw, err := NewKeyRequest(n.keys.Sign, ws, main, ep.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		request, err := ParseKeyRequest(raw)
		if err != nil || request.Check(st) != nil {
			t.Fatal(err, request.Check(st))
		}
		device, _ := st.Device(n.id())
		grant, err := NewKeyGrant(founder.keys.Sign, ws, ep, f.secrets[ep.ID], device)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := OpenKeyGrant(grant, st, ep, ws, n.id(), founder.id(), n.kemOf)
		if err != nil || secret != f.secrets[ep.ID] {
			t.Fatal(err)
		}
		for name, bad := range map[string]KeyRequest{
			"another workspace":  {WS: seal.ID{1}, Space: main, EpochID: ep.ID, Dev: n.id()},
			"no access":          {WS: ws, Space: main, EpochID: ep.ID, Dev: guest.id()},
			"old encryption key": {WS: ws, Space: main, EpochID: ep.ID, Dev: n.id(), KemGen: 1},
			"unknown epoch":      {WS: ws, Space: main, EpochID: seal.ID{1}, Dev: n.id()},
		} {
			if bad.Check(st) == nil {
				t.Errorf("%s: accepted", name)
			}
		}
		wrong, _ := NewKeyGrant(founder.keys.Sign, ws, ep, seal.Key{1}, device)
		stranger, _ := NewKeyGrant(guest.keys.Sign, ws, ep, f.secrets[ep.ID], device)
		for name, open := range map[string]func() error{
			"wrong secret": func() error { _, err := OpenKeyGrant(wrong, st, ep, ws, n.id(), founder.id(), n.kemOf); return err },
			"by a guest":   func() error { _, err := OpenKeyGrant(stranger, st, ep, ws, n.id(), guest.id(), n.kemOf); return err },
			"by another":   func() error { _, err := OpenKeyGrant(grant, st, ep, ws, n.id(), x.id(), n.kemOf); return err },
			"for another":  func() error { _, err := OpenKeyGrant(grant, st, ep, ws, y.id(), founder.id(), n.kemOf); return err },
			"other keys": func() error {
				_, err := OpenKeyGrant(grant, st, ep, ws, n.id(), founder.id(), open(m).kemOf)
				return err
			},
			"no such key": func() error {
				_, err := OpenKeyGrant(grant, st, ep, ws, n.id(), founder.id(), func(uint32) (seal.KEMKey, bool) { return seal.KEMKey{}, false })
				return err
			},
			"not in the log": func() error {
				other := ep
				other.N = 9
				_, err := OpenKeyGrant(grant, st, other, ws, n.id(), founder.id(), n.kemOf)
				return err
			},
		} {
			if seal.OutcomeOf(open()) != seal.Reject {
				t.Errorf("%s: %v", name, open())
			}
		}
	})
	t.Run("M36 a space whose history begins with joining gives no older epoch", func(t *testing.T) {
		tm, founder, x, y, _ := pair(t)
		ws := tm.log.WS()
		space := PrivateSpaceID(ws, x.id())
		tm.must(x, SpaceCreateBody{Space: space, Kind: SpacePrivate, History: HistoryFromJoin, Members: []SpaceMember{{Person: x.person, Access: AccessWrite}}})
		xs := open(x)
		old, _ := tm.rotate(xs, space, false)
		tm.must(x, SpaceSetBody{Space: space, Members: []SpaceMember{{Person: y.person, Access: AccessWrite}}})
		tm.see(y.id(), x.id())
		fresh, _ := tm.rotate(open(y), space, true)
		st := tm.log.State()
		ask := func(id seal.ID) error {
			return KeyRequest{WS: ws, Space: space, EpochID: id, Dev: y.id()}.Check(st)
		}
		if ask(old.EpochID) == nil || ask(fresh.EpochID) != nil {
			t.Errorf("older: %v, newer: %v", ask(old.EpochID), ask(fresh.EpochID))
		}
		if !st.OpenTo(x.person, space, old.EpochID) || st.OpenTo(y.person, space, old.EpochID) || st.OpenToAll(space, old.EpochID) || !st.OpenToAll(space, fresh.EpochID) {
			t.Error("who came later may have the older epoch, or who was in may not")
		}
		_ = founder
	})
	t.Run("M30 a new epoch does not lead newcomers to what is before their time", func(t *testing.T) {
		for history, leads := range map[History]bool{HistoryFull: true, HistoryFromJoin: false} {
			tm, _, x, y, _ := pair(t)
			space := PrivateSpaceID(tm.log.WS(), x.id())
			tm.must(x, SpaceCreateBody{Space: space, Kind: SpacePrivate, History: history, Members: []SpaceMember{{Person: x.person, Access: AccessWrite}}})
			keys := open(x)
			old, _ := tm.rotate(keys, space, false)
			tm.must(x, SpaceSetBody{Space: space, Members: []SpaceMember{{Person: y.person, Access: AccessWrite}}})
			fresh, key, _, err := NewEpoch(tm.log.State(), space, x.id(), keys.secrets, false, 1)
			if err != nil {
				t.Fatal(err)
			}
			older, err := OpenPrev(tm.log.WS(), Epoch{Space: space, ID: fresh.EpochID, Prev: fresh.Prev}, key)
			if _, found := older[old.EpochID]; found != leads || err != nil {
				t.Errorf("history %s: leads back %t (%v), want %t", history, found, err, leads)
			}
		}
	})
}
