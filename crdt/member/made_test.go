package member

import (
	"bytes"
	"testing"

	"parvis/crdt/seal"
)

// What this program makes is refused here already where others would refuse it.
func TestNothingWrongIsMade(t *testing.T) {
	ws, h := seal.ID{1}, people()[3]
	noKey := []byte("no key")
	fails := func(rule, name string, err error) {
		t.Run(rule+" "+name, func(t *testing.T) {
			if err == nil {
				t.Error("it was made")
			}
		})
	}
	_, err := SealDeviceBox(noKey, ws, h.id(), DeviceBox{})
	fails("M45", "a device box for no key", err)
	large := DeviceBox{Spaces: make([]SpaceSecrets, 8)}
	for i := range large.Spaces {
		large.Spaces[i].Epochs = make([]EpochSecret, MaxSpaceSecrets)
	}
	_, err = SealDeviceBox(h.kem.Public(), ws, h.id(), large)
	fails("M45", "a device box above 1 MiB", err)
	_, err = SealInviteBox(noKey, ws, seal.ID{2}, InviteBox{})
	fails("M9", "an invitation box for no key", err)
	_, err = NewKeyGrant(h.keys.Sign, ws, Epoch{}, seal.Key{}, Device{KemPK: noKey})
	fails("M36", "a grant for no key", err)
	_, err = NewJoinBody(InviteKeys{}, ws, []byte("nobody"), seal.ID{}, seal.ID{})
	fails("M10", "a join of nobody", err)
	_, err = NewGenesis(h.keys.Sign, GenesisBody{PersonGenesis: h.genesis, Suite: 9}, 1)
	fails("M12", "a genesis of another suite", err)
	_, err = NewGenesis(h.keys.Sign, GenesisBody{PersonGenesis: []byte("nobody"), Suite: suiteOne}, 1)
	fails("M12", "a genesis of nobody", err)
	_, err = NewLog().Write(h.keys.Sign, TypeAck, nil, 1)
	fails("M14", "an entry of an empty log", err)
	tm, founder, _, _, m := pair(t)
	_, err = tm.log.Write(founder.keys.Sign, TypeAck, []byte("no body"), 1)
	fails("M13", "an entry whose body is none", err)
	long := PersonRemoveBody{Person: m.person} // as long as a body may be: what is around it is too much
	for i := 0; len(mustEncode(t, long)) <= MaxEntry; i++ {
		long.Fences = append(long.Fences, DeviceFences{Device: seal.ID{1, byte(i >> 8), byte(i)}, Fences: []Fence{{Space: seal.SpaceID{1}, Seq: 1, ID: seal.ID{1}}}})
	}
	long.Fences = long.Fences[:len(long.Fences)-1]
	_, err = tm.log.Write(founder.keys.Sign, TypePersonRemove, mustEncode(t, long), 1)
	fails("M11", "an entry above 64 KiB", err)
	_, err = tm.log.StateAt(nil)
	fails("M28", "a state at no entry", err)
	_, err = tm.log.StateAt([]seal.ID{{9}})
	fails("M28", "a state at an unknown entry", err)
	_, _, _, err = NewEpoch(tm.log.State(), seal.SpaceID{9}, founder.id(), nil, false, 0)
	fails("M30", "an epoch of an unknown space", err)
	_, _, _, err = NewEpoch(tm.log.State(), tm.log.State().MainSpace(), seal.ID{9}, nil, false, 0)
	fails("M30", "an epoch by a stranger", err)
}

// What the log does not know is said to be unknown, and nothing else happens.
func TestWhatIsUnknownIsSaidSo(t *testing.T) {
	t.Run("M28 spaces, epochs, people, devices, invitations", func(t *testing.T) {
		tm, founder, _, _, _ := pair(t)
		st := tm.log.State()
		space, id := seal.SpaceID{9}, seal.ID{9}
		_, epoch := st.Epoch(space, id)
		_, invite := st.Invite(id)
		_, person := st.Person(id)
		_, device := st.Device(id)
		_, peer := st.DeviceByPeer(id)
		_, known := st.Space(space)
		_, paper := st.Device(founder.paper.Public())
		_, _, author := st.Author(id)
		_, send := st.SendEpoch(space, func(seal.ID) bool { return true })
		_, cut := st.Cut(id)
		_, stranger := st.RecoveryOwner(id)
		_, noPaper := st.RecoveryOwner(founder.id())
		if stranger || noPaper {
			t.Error("what is no recovery key recovers somebody")
		}
		if epoch || invite || person || device || peer || known || paper || author || send || cut {
			t.Error("something unknown is known")
		}
		if st.OpenTo(founder.person, space, id) || st.OpenToAll(space, id) || st.EpochUsable(space, id) || st.CanRead(space, founder.id()) ||
			st.CanWrite(space, founder.id()) || st.CanRead(st.MainSpace(), id) || st.IsTop(id) || st.Outranks(id, founder.person) || st.Outranks(founder.person, id) {
			t.Error("something may be done with what is unknown")
		}
		if len(st.Epochs(space)) != 0 || len(st.Recipients(space)) != 0 || tm.log.Entry(id) != nil || tm.log.Contains(tm.log.Heads(), id) {
			t.Error("something unknown has a content")
		}
	})
	t.Run("M36 a grant of an epoch that the log does not have", func(t *testing.T) {
		s := newSealedTeam(t)
		ws := s.log.WS()
		secret := seal.Key{3}
		made := Epoch{Space: s.epoch.Space, N: 7, ID: EpochID(ws, s.epoch.Space, 7, secret), Author: s.founder.id()} // its secret fits
		device, _ := s.log.State().Device(s.x.id())
		raw, err := NewKeyGrant(s.founder.keys.Sign, ws, made, secret, device)
		if err != nil {
			t.Fatal(err)
		}
		_, err = OpenKeyGrant(raw, s.log.State(), made, ws, s.x.id(), s.founder.id(), s.vault(s.x).kemOf)
		if o, reason := judge(err); o != "reject" || reason != "key grant: unknown epoch" {
			t.Errorf("%s, %s", o, reason)
		}
	})
}

func TestWrapsHaveALimit(t *testing.T) {
	t.Run("M32 600 recipients", func(t *testing.T) {
		if _, err := sealWraps(seal.ID{1}, EpochBody{}, seal.ID{2}, seal.Key{3}, make([]Device, MaxRecipients+1)); err == nil || err.Error() != "601 recipients, at most 600" {
			t.Errorf("sealed: %v", err)
		}
		if _, err := sealWraps(seal.ID{1}, EpochBody{}, seal.ID{2}, seal.Key{3}, []Device{{KemPK: []byte("no key")}}); err == nil {
			t.Error("sealed to no key")
		}
		all := wraps{V: 1, WS: seal.ID{1}}
		for i := range MaxRecipients + 1 {
			all.Wraps = append(all.Wraps, wrap{Dev: seal.ID{1, byte(i >> 8), byte(i)}, Sealed: make([]byte, wrapSize)})
		}
		_, err := parseWraps(encode(t, all))
		if o, reason := judge(err); o != "drop" || reason != "wraps: too many" {
			t.Errorf("601: %s, %s", o, reason)
		}
		all.Wraps = all.Wraps[1:]
		if _, err := parseWraps(encode(t, all)); err != nil {
			t.Errorf("600: %v", err)
		}
	})
}

func TestAJoinRequestNamesAPerson(t *testing.T) {
	t.Run("M10 when it is parsed, and when it is checked", func(t *testing.T) {
		n := people()[10]
		keys, err := InviteKeysOf(seal.ID{1}, [16]byte{2})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := NewJoinRequest(keys, n.keys.Sign, seal.ID{1}, n.genesis[:9], seal.ID{1}, seal.ID{2}, seal.ID{5})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseJoinRequest(raw)
		if o, reason := judge(err); o != "reject" || reason != "person genesis: malformed" {
			t.Errorf("parse: %s, %s", o, reason)
		}
		err = JoinRequest{PersonGenesis: n.genesis[:9], InviteID: keys.ID}.Check(Invite{ID: keys.ID}, seal.ID{1}, seal.ID{2})
		if o, reason := judge(err); o != "reject" || reason != "person genesis: malformed" {
			t.Errorf("check: %s, %s", o, reason)
		}
	})
}

func TestALinkHasOneText(t *testing.T) {
	link := Link{V: 1, WS: seal.ID{1}, Seed: [16]byte{2}, Expires: 1000, LogHead: seal.ID{3}}
	text := link.String()
	t.Run("M8 a sign in its middle breaks it", func(t *testing.T) {
		for _, sign := range []string{">", ".", "=", "> "} {
			if _, err := ParseLink(text[:40] + sign + text[40:]); err != ErrLinkBroken {
				t.Errorf("with %q: %v", sign, err)
			}
		}
	})
	t.Run("M8 the QR form has one text too", func(t *testing.T) {
		found := 0
		for addr := range 5 { // of some lengths the last letter has bits that say nothing
			link.Peers = []LinkPeer{{Peer: seal.ID{4}, Addrs: []string{"/ip4/192.0.2.1/udp/1234567890"[:20+addr]}}}
			qr := link.QR()
			if _, err := ParseLink(qr); err != nil {
				t.Fatal(err)
			}
			if len(link.bytes())%5 == 0 {
				continue
			}
			found++
			code := qr[len(linkPrefix):]
			for _, letter := range "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" {
				other := code[:len(code)-1] + string(letter)
				raw, err := linkBase32().DecodeString(other)
				if err != nil || other == code || !bytes.Equal(raw, link.bytes()) {
					continue // of other bytes
				}
				if _, err := ParseLink(linkPrefix + other); err != ErrLinkBroken {
					t.Errorf("length %d, %c at the end: %v", len(code), letter, err)
				}
			}
		}
		if found == 0 {
			t.Error("all lengths fit")
		}
	})
}
