package app_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/chat"
	"parvis/app/docs"
	"parvis/app/workspace"
	"parvis/crdt/doc"
	"parvis/crdt/feed"
	"parvis/crdt/file"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// post is a message in general.
func (e *eve) post(text string, change func(b *chat.Body)) []byte {
	e.t.Helper()
	body := chat.Body{Channel: chat.General(e.main), Op: chat.OpPost, Lamport: 1, Text: text}
	if change != nil {
		change(&body)
	}
	raw, err := body.Encode()
	e.must(err)
	return raw
}

func entries(all ...[]byte) workspace.Received { return workspace.Received{Entries: all} }

func envelopes(all ...*feed.Envelope) (r workspace.Received) {
	for _, env := range all {
		r.Envelopes = append(r.Envelopes, env.Raw)
	}
	return r
}

// inTheLog are the ways to write wrong entries.
func inTheLog() []behaviour {
	ack := func(change func(p *payload)) func(e *eve) error {
		return func(e *eve) error { return e.sends(entries(e.entry(member.TypeAck, member.AckBody{}, change))) }
	}
	random := func() seal.ID { return seal.ID(seal.Random(32)) }
	return []behaviour{
		{"a wrong prev", ack(func(p *payload) { p.Prev = random() }), true, ""},
		{"a jump of seq", ack(func(p *payload) { p.Seq += 5 }), true, ""},
		{"a parent twice, as in a circle", ack(func(p *payload) { p.Parents = append(slices.Clone(p.Parents), p.Parents[0]) }), true, ""},
		{"a parent that follows another", func(e *eve) error {
			order := e.log.Order()
			return ack(func(p *payload) {
				p.Parents = append(slices.Clone(p.Parents), order[0])
				slices.SortFunc(p.Parents, seal.ID.Compare)
			})(e)
		}, true, ""},
		{"sixteen bogus parents", ack(func(p *payload) {
			p.Parents = nil
			for range member.MaxParents {
				p.Parents = append(p.Parents, random())
			}
			slices.SortFunc(p.Parents, seal.ID.Compare)
		}), false, ""},
		{"seventeen parents", ack(func(p *payload) {
			for range member.MaxParents {
				p.Parents = append(p.Parents, random())
			}
			slices.SortFunc(p.Parents, seal.ID.Compare)
		}), true, ""},
		{"another workspace", ack(func(p *payload) { p.WS = random() }), true, ""},
		{"somebody else's name", ack(func(p *payload) { p.Dev = random() }), true, ""},
		{"a promotion of herself", func(e *eve) error {
			device, _ := e.log.State().Device(e.dev())
			return e.sends(entries(e.entry(member.TypeRoleSet, member.RoleSetBody{Person: device.Person, Role: member.RoleAdmin}, nil)))
		}, true, ""},
		{"a removal of the owner", func(e *eve) error {
			genesis := e.log.Entry(e.log.Order()[0])
			founder, _ := e.log.State().Device(genesis.Dev)
			return e.sends(entries(e.entry(member.TypePersonRemove, member.PersonRemoveBody{Person: founder.Person}, nil)))
		}, true, ""},
		{"an admission without an invitation", func(e *eve) error {
			keys := member.NewDeviceKeys([32]byte(seal.Random(32)))
			kem, err := seal.NewKEMKey([32]byte(seal.Random(32)))
			e.must(err)
			_, genesis, err := member.NewPersonGenesis(keys, kem.Public(), 1, [16]byte(seal.Random(16)), nil)
			e.must(err)
			body := member.AdmitBody{PersonGenesis: genesis, Role: member.RoleMember, InviteID: random(), InvSig: seal.Random(64), Nonce: random(), PeerA: random(), PeerB: keys.PeerPublic()}
			return e.sends(entries(e.entry(member.TypeAdmit, body, nil)))
		}, true, ""},
		{"two different entries in one place", func(e *eve) error {
			first, second := e.entry(member.TypeAck, member.AckBody{}, nil), e.entry(member.TypeAck, member.AckBody{}, func(p *payload) { p.HintMs = 2 })
			err := e.sends(entries(first, second))
			e.takes(first)
			e.takes(second)
			for _, n := range e.honest {
				n.Until("it is said", func() bool {
					matters, err := n.API().Members.Matters(e.ws)
					return err == nil && slices.ContainsFunc(matters, func(m api.Matter) bool { return m.Kind == "fork" && m.Device == e.dev().String() })
				})
			}
			return err
		}, false, ""},
	}
}

// epoch posts an epoch of the main space that change has spoiled. Its secret and wraps are as good
// as the log asks for unless change says otherwise.
func (e *eve) epoch(change func(body *member.EpochBody, wraps *wraps)) error {
	e.t.Helper()
	body, secret, raw, err := member.NewEpoch(e.log.State(), e.main, e.dev(), e.secrets, false, 1)
	e.must(err)
	all, err := seal.Decode[wraps](raw)
	e.must(err)
	change(&body, &all)
	raw, err = seal.Encode(all)
	e.must(err)
	body.WrapsHash = member.WrapsHash(raw)
	sealed := e.entry(member.TypeEpoch, body, nil)
	err = e.sends(workspace.Received{Entries: [][]byte{sealed}, Blobs: [][]byte{append([]byte{0}, raw...)}})
	if err == nil {
		e.takes(sealed)
		e.secrets[body.EpochID] = secret
	}
	return err
}

// wraps is the blob beside an epoch.
type wraps struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	WS      seal.ID
	Space   seal.SpaceID
	EpochID seal.ID
	Wraps   []wrap
}

type wrap struct {
	_      struct{} `cbor:",toarray"`
	Dev    seal.ID
	KemGen uint32
	Sealed []byte
}

// ofKeys are the ways to spoil keys.
func ofKeys() []behaviour {
	recipients := func(devices []member.Device) seal.ID {
		var parts []byte
		for _, d := range devices {
			parts = binary.BigEndian.AppendUint32(append(parts, d.ID[:]...), d.KemGen)
		}
		return seal.Hash("parvis1/recips", parts)
	}
	return []behaviour{
		{"an epoch without one of the recipients", func(e *eve) error {
			return e.epoch(func(b *member.EpochBody, _ *wraps) { b.RecipsHash = recipients(e.log.State().Recipients(e.main)[1:]) })
		}, true, ""},
		{"an epoch with one recipient more", func(e *eve) error {
			return e.epoch(func(b *member.EpochBody, _ *wraps) {
				outsider := member.Device{ID: seal.NewSignKey([32]byte{7}).Public()}
				b.RecipsHash = recipients(append(e.log.State().Recipients(e.main), outsider))
			})
		}, true, ""},
		{"an epoch with the wrong number", func(e *eve) error {
			return e.epoch(func(b *member.EpochBody, _ *wraps) { b.N += 7 })
		}, true, ""},
		{"a wrap of garbage for one victim", func(e *eve) error {
			return e.epoch(func(_ *member.EpochBody, w *wraps) { w.Wraps[0].Sealed = seal.Random(len(w.Wraps[0].Sealed)) })
		}, false, ""},
		{"a secret that does not fit its epoch", func(e *eve) error {
			return e.epoch(func(b *member.EpochBody, w *wraps) { b.EpochID = seal.ID(seal.Random(32)); w.EpochID = b.EpochID })
		}, false, ""},
		{"a link back of garbage", func(e *eve) error {
			return e.epoch(func(b *member.EpochBody, _ *wraps) {
				for i := range b.Prev {
					b.Prev[i].Box = seal.Random(72)
				}
			})
		}, false, ""},
		{"a question for the key of a space of others", func(e *eve) error {
			ana := e.honest[0]
			made, err := ana.API().Workspaces.CreateSpace(api.NewSpace{Workspace: e.ws, Name: "Between us", People: []string{}})
			e.must(err)
			space, err := seal.ParseSpaceID(made.ID)
			e.must(err)
			device, _ := e.log.State().Device(e.dev())
			st := in(e.t, ana, e.ws).State()
			for _, epoch := range st.Epochs(space) {
				raw, err := member.NewKeyRequest(e.sign, e.id, space, epoch.ID, device.KemGen)
				e.must(err)
				if grant, err := ana.Manager().Grant(device.Peer, raw); err == nil {
					e.t.Errorf("she was given %d bytes", len(grant))
				}
			}
			return nil
		}, false, ""},
	}
}

// inChains are the ways to write wrong envelopes.
func inChains() []behaviour {
	at := func(change func(h *feed.Header)) func(e *eve) error {
		return func(e *eve) error {
			return e.sends(envelopes(e.envelope(workspace.KindChat, e.post("from a wrong place", nil), change)))
		}
	}
	said := func(text string, change func(b *chat.Body)) func(e *eve) error {
		return func(e *eve) error { return e.extends(workspace.KindChat, e.post(text, change)) }
	}
	return []behaviour{
		{"two different messages in one place", func(e *eve) error {
			first, second := e.envelope(workspace.KindChat, e.post("one", nil), nil), e.envelope(workspace.KindChat, e.post("the other", nil), nil)
			err := e.sends(envelopes(first, second))
			e.tail = first.Tail()
			return err
		}, false, "the other"},
		{"a jump of seq", at(func(h *feed.Header) { h.Seq += 5 }), false, ""},
		{"log heads that are not there yet", at(func(h *feed.Header) { h.LogRefs = []seal.ID{seal.ID(seal.Random(32))} }), false, ""},
		{"an epoch that a removed device can open", func(e *eve) error {
			st := e.log.State()
			old := slices.IndexFunc(st.Epochs(e.main), func(epoch member.Epoch) bool {
				return slices.ContainsFunc(epoch.Recips, func(id seal.ID) bool { d, _ := st.Device(id); return !d.Active })
			})
			return at(func(h *feed.Header) { h.EpochID = st.Epochs(e.main)[old].ID })(e)
		}, true, ""},
		{"a lamport beyond all", said("the end of time", func(b *chat.Body) { b.Lamport = 1 << 63 }), false, ""},
		{"a message in a channel that is not there", said("nowhere", func(b *chat.Body) { b.Channel = chat.ChannelID{9} }), false, ""},
		{"parents of another channel", func(e *eve) error {
			ana := e.honest[0]
			other, err := ana.API().Chat.CreateChannel(api.NewChannel{Workspace: e.ws, Name: "other"})
			e.must(err)
			sent, err := ana.API().Chat.Send(api.NewMessage{Workspace: e.ws, Channel: other.ID, Text: "in the other channel"})
			e.must(err)
			for _, n := range e.honest {
				n.Until("it is there", func() bool {
					page, err := n.API().Chat.Messages(api.MessageQuery{Workspace: e.ws, Channel: other.ID, Limit: 9})
					return err == nil && len(page.Messages) == 1
				})
			}
			parent, err := seal.ParseID(sent.ID)
			e.must(err)
			return e.extends(workspace.KindChat, e.post("across", func(b *chat.Body) { b.Parents, b.Lamport = []seal.ID{parent}, 3 }))
		}, false, ""},
		{"a change of somebody else's message", func(e *eve) error {
			ana := e.honest[0]
			target, err := seal.ParseID(ana.Messages(e.ws, ana.General(e.ws))[0].ID)
			e.must(err)
			own := e.honest[0].Messages(e.ws, ana.General(e.ws))
			for _, m := range own {
				if m.Text != "honest" {
					target, err = seal.ParseID(m.ID)
					e.must(err)
				}
			}
			return e.extends(workspace.KindChat, e.post("forged", func(b *chat.Body) { b.Op, b.Target = chat.OpEdit, &target }))
		}, false, ""},
		{"everything at its limit at once", func(e *eve) error {
			return e.extends(workspace.KindChat, e.post(strings.Repeat("x", chat.MaxText), func(b *chat.Body) {
				for range chat.MaxMentions {
					b.Mentions = append(b.Mentions, seal.ID(seal.Random(32)))
				}
				for range chat.MaxParents {
					b.Parents = append(b.Parents, seal.ID(seal.Random(32)))
				}
				slices.SortFunc(b.Mentions, seal.ID.Compare)
				slices.SortFunc(b.Parents, seal.ID.Compare)
				b.Lamport = 1 << 50
			}))
		}, false, strings.Repeat("x", 100)},
		{"a kind that does not exist", func(e *eve) error { return e.extends(99, []byte{0}) }, false, ""},
		{"a body of noise", func(e *eve) error { return e.extends(workspace.KindChat, seal.Random(2000)) }, false, ""},
		{"a flood of reactions", floodOfReactions, false, ""},
		{"a flood of hints about calls", floodOfHints, false, ""},
	}
}

// floodOfReactions puts two thousand reactions on one message, each another one.
func floodOfReactions(e *eve) error {
	ana := e.honest[0]
	target, err := seal.ParseID(ana.Messages(e.ws, ana.General(e.ws))[0].ID)
	e.must(err)
	var all []*feed.Envelope
	for i := range 2000 {
		text := string(rune(0x1F300 + i%700))
		env := e.envelope(workspace.KindChat, e.post(text, func(b *chat.Body) { b.Op, b.Target = chat.OpReact, &target }), nil)
		e.tail = env.Tail()
		all = append(all, env)
	}
	if err := e.sends(envelopes(all...)); err != nil {
		return err
	}
	for _, n := range e.honest {
		begun := time.Now()
		n.Messages(e.ws, n.General(e.ws))
		e.t.Logf("the list with them takes %v", time.Since(begun).Round(time.Millisecond))
	}
	return nil
}

// floodOfHints says of ten thousand calls that she is in them.
func floodOfHints(e *eve) error {
	for _, n := range e.honest {
		w := in(e.t, n, e.ws)
		for range 10_000 {
			hint, err := seal.Encode(struct {
				_      struct{} `cbor:",toarray"`
				V      uint
				Call   [16]byte
				Flags  uint
				Uplink uint
				Since  uint64
			}{V: 1, Call: [16]byte(seal.Random(16)), Since: 1})
			e.must(err)
			live, err := seal.Encode(struct {
				_     struct{} `cbor:",toarray"`
				V     uint
				Space seal.SpaceID
				Kind  workspace.Kind
				Body  []byte
			}{V: 1, Space: e.main, Kind: workspace.KindCall, Body: hint})
			e.must(err)
			w.Live(e.dev(), live)
		}
		calls, err := n.API().Calls.List(api.CallQuery{Workspace: e.ws})
		e.must(err)
		if len(calls) > 16 {
			e.t.Errorf("%d calls", len(calls))
		}
	}
	return nil
}

// inDocuments are the ways to write wrong changes into a document.
func inDocuments(document doc.ID, honest docs.Body) []behaviour {
	change := func(make func(b *docs.Body)) func(e *eve) error {
		return func(e *eve) error {
			body := docs.Body{Doc: document, Op: docs.OpChange, Session: 1}
			make(&body)
			raw, err := body.Encode()
			e.must(err)
			return e.extends(workspace.KindDocument, raw)
		}
	}
	of := func(data []byte) func(b *docs.Body) {
		return func(b *docs.Body) { hash := seal.Sum(data); b.Change, b.Hash = data, &hash }
	}
	return []behaviour{
		{"a change with another's actor", change(func(b *docs.Body) { *b = honest }), false, ""},
		{"a change with another hash", change(func(b *docs.Body) { hash := seal.ID{1}; b.Change, b.Hash = honest.Change, &hash }), false, ""},
		{"a decompression bomb", change(of(bomb())), false, ""},
		{"a change of noise", change(of(seal.Random(4000))), false, ""},
		{"names of files that lead elsewhere", change(func(b *docs.Body) {
			b.Op, b.Session = docs.OpFiles, 0
			for _, name := range []string{`..\..\x`, "../../etc/passwd", "CON", "a\u202Etxt.exe", strings.Repeat("n", 300)} {
				b.Files = append(b.Files, file.Ref{V: 1, Name: name, Mime: "text/plain", Size: 1})
			}
		}), false, ""},
	}
}

// bomb is a compressed change of a kilobyte that becomes a gigabyte.
func bomb() []byte {
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, flate.BestCompression)
	zeros := make([]byte, 1<<20)
	for range 1 << 6 {
		_, _ = w.Write(zeros)
	}
	_ = w.Close()
	chunk := append([]byte{0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 2}, binary.AppendUvarint(nil, uint64(packed.Len()))...)
	return append(chunk, packed.Bytes()...)
}

// TestAByzantineMember runs list B of the test plan against three honest nodes: nothing that a member
// with real keys sends changes what they show, but for her own words, or keeps them from writing on.
// What lies below a node's replica, or needs two people, is shown elsewhere: wrong blocks and indexes and
// names of files (app/block), a million operations (crdt/doc/change), an invitation used twice at once
// (app/workspace TestALinkThatWasUsedTwice…), floods of joins (app/workspace, p2p/join), gossip (p2p/gossip).
// Pictures of documents do not travel, so nobody can send one with forged authors.
func TestAByzantineMember(t *testing.T) {
	if testing.Short() {
		t.Skip("four whole nodes")
	}
	e := newEve(t)
	ana := e.honest[0]
	made, err := ana.API().Docs.Create(api.NewDoc{Workspace: e.ws, Title: "Plan"})
	e.must(err)
	e.must(ana.API().Docs.Append(api.DocAppend{Workspace: e.ws, ID: made.ID, Text: "what Ana wrote"}))
	honest := e.firstChange(made.ID)
	text := func() string {
		t.Helper()
		var first string
		for i, n := range e.honest {
			n.Until("all show the same document", func() bool {
				got, err := n.API().Docs.Text(api.DocRef{Workspace: e.ws, ID: made.ID})
				if i == 0 {
					first = got.Text
				}
				return err == nil && got.Text == first && strings.Contains(got.Text, "what Ana wrote")
			})
		}
		return first
	}
	before := text()
	for _, group := range [][]behaviour{inTheLog(), ofKeys(), inChains(), inDocuments(honest.Doc, honest)} {
		for _, b := range group {
			t.Run(b.name, func(t *testing.T) { b.run(t, e) })
			e.t = t
		}
	}
	if after := text(); after != before {
		t.Errorf("the document was %q, and is %q", before, after)
	}
	t.Run("after her removal", func(t *testing.T) { afterTheRemoval(t, e) })
}

// firstChange is the first change that Ana wrote into a document.
func (e *eve) firstChange(document string) (found docs.Body) {
	e.t.Helper()
	w := in(e.t, e.honest[0], e.ws)
	err := w.EachOpened(e.t.Context(), workspace.KindDocument, func(seal.SpaceID, seal.ID) bool { return true }, func(o workspace.Opened) error {
		body, err := docs.Decode(o.Body, o.Space, o.Device)
		if err == nil && body.Op == docs.OpChange && body.Doc.String() == document && found.Change == nil {
			found = body
		}
		return err
	})
	e.must(err)
	if found.Change == nil {
		e.t.Fatal("Ana wrote no change")
	}
	return found
}

// afterTheRemoval removes Eve, who writes on: with what she knew before, and with what came since.
func afterTheRemoval(t *testing.T, e *eve) {
	e.t = t
	ana := e.honest[0]
	device, _ := e.log.State().Device(e.dev())
	before := e.envelope(workspace.KindChat, e.post("dated back", nil), nil)
	space := member.SpaceCreateBody{Space: member.PrivateSpaceID(e.id, e.dev()), Kind: member.SpacePrivate, Members: []member.SpaceMember{{Person: device.Person, Access: member.AccessWrite}}}
	dated := e.entry(member.TypeSpaceCreate, space, nil)
	e.must(ana.API().Members.Remove(api.PersonRemoval{Workspace: e.ws, Person: device.Person.String()}))
	for _, n := range e.honest {
		n.Until("she is removed", func() bool {
			st := in(t, n, e.ws).State()
			p, _ := st.Person(device.Person)
			return p.Status == member.Removed
		})
	}
	standing := without(e.standing())
	if err := e.sends(envelopes(before)); err != nil {
		t.Errorf("an envelope from before: %v", err)
	}
	if err := e.sends(entries(dated)); err != nil {
		t.Errorf("an entry from before: %v", err)
	}
	if id, ok := in(t, ana, e.ws).State().Space(space.Space); ok && !in(t, ana, e.ws).State().Voided(e.entryID(dated)) {
		t.Errorf("a space of hers counts: %+v", id)
	}
	e.catchUp()
	late := payload{V: 1, WS: e.id, Type: member.TypeAck, Parents: e.log.Heads(), Dev: e.dev(), Seq: 1 << 10, Prev: seal.ID{1}, HintMs: 1}
	late.Body, _ = member.AckBody{}.Encode()
	if err := e.sends(entries(e.signed(late))); !errors.Is(err, workspace.ErrBad) {
		t.Errorf("an entry of a removed device: %v", err)
	}
	knowing := e.envelope(workspace.KindChat, e.post("knowing of it", nil), nil)
	if err := e.sends(envelopes(knowing)); !errors.Is(err, workspace.ErrBad) {
		t.Errorf("an envelope of a removed device: %v", err)
	}
	e.goesOn()
	if now := without(e.standing()); now != standing {
		t.Errorf("it changed\n%s\nto\n%s", standing, now)
	}
}

func (e *eve) entryID(sealed []byte) seal.ID {
	entry, err := member.OpenEntry(e.lk, e.id, sealed)
	e.must(err)
	return entry.ID
}

// catchUp gives her the entries of the others.
func (e *eve) catchUp() {
	e.t.Helper()
	w := in(e.t, e.honest[0], e.ws)
	theirs := workspace.Holdings{}
	part, _, err := w.Missing(e.t.Context(), e.dev(), theirs, 10_000, 16<<20)
	e.must(err)
	for _, raw := range part.Entries {
		e.takes(raw)
	}
}
