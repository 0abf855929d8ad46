package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/apptest"
	"parvis/app/store"
	"parvis/app/store/keyslots"
	"parvis/app/workspace"
	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// eve is a member with real keys who sends whatever she likes to three honest nodes.
type eve struct {
	t       *testing.T
	honest  []*apptest.Node
	ws      string
	id      seal.ID // of the workspace
	main    seal.SpaceID
	sign    seal.SignKey
	lk      seal.Key
	log     *member.Log
	secrets map[seal.ID]seal.Key
	tail    feed.Tail // of her chain in the main space
	said    int
}

// payload is an entry before it is signed; its fields stand in the order of the format.
type payload struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	WS      seal.ID
	Type    member.Type
	Parents []seal.ID
	Dev     seal.ID
	Seq     uint64
	Prev    seal.ID
	HintMs  int64
	Body    []byte
}

// encoder is a body of an entry.
type encoder interface{ Encode() ([]byte, error) }

// newEve lets six people work, of whom two are removed, and takes the keys of one.
func newEve(t *testing.T) *eve {
	t.Helper()
	e := &eve{t: t, secrets: map[seal.ID]seal.Key{}, log: member.NewLog()}
	ana := apptest.New(t)
	e.ws = ana.Found("Atelier", "Ana")
	nodes := map[string]*apptest.Node{"Ana": ana}
	for _, name := range []string{"Ben", "Cleo", "Dan", "Eve", "Fay"} {
		nodes[name] = apptest.New(t)
		nodes[name].Join(ana.Invite(e.ws), name)
	}
	e.honest = []*apptest.Node{ana, nodes["Ben"], nodes["Cleo"]}
	nodes["Eve"].Say(e.ws, "honest")
	for _, n := range nodes {
		n.Until("it has what Eve wrote", func() bool { return slices.Contains(n.Texts(e.ws), "honest") })
		n.Until("it knows all names", func() bool {
			people, err := n.API().People.List(e.ws)
			return err == nil && len(people) == 6 && !slices.ContainsFunc(people, func(p api.Person) bool { return nodes[p.Name] == nil })
		})
	}
	// Fay is removed, then Dan: there is an epoch that Dan was a recipient of.
	for i, name := range []string{"Fay", "Dan"} {
		people, err := ana.API().People.List(e.ws)
		e.must(err)
		at := slices.IndexFunc(people, func(p api.Person) bool { return p.Name == name })
		e.must(ana.API().Members.Remove(api.PersonRemoval{Workspace: e.ws, Person: people[at].ID}))
		nodes["Eve"].Until("she knows it, and has the new key", func() bool {
			st := in(t, nodes["Eve"], e.ws).State()
			return len(st.Recipients(st.MainSpace())) == 5-i && len(st.Epochs(st.MainSpace())) > i+1
		})
	}
	nodes["Eve"].Say(e.ws, "without Dan")
	for _, n := range e.honest {
		n.Until("it arrives", func() bool { return slices.Contains(n.Texts(e.ws), "without Dan") })
	}
	nodes["Dan"].Stop()
	nodes["Fay"].Stop()
	ana.Until("nothing waits", func() bool { all, err := ana.API().Settings.Waiting(); return err == nil && len(all) == 0 })
	nodes["Eve"].Stop()
	e.read(nodes["Eve"].Dir)
	return e
}

func (e *eve) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// read takes keys, log and chain out of a data folder.
func (e *eve) read(dir string) {
	e.t.Helper()
	ctx := e.t.Context()
	key, _, err := keyslots.Open(dir, keyslots.Options{})
	e.must(err)
	db := store.New(dir)
	e.must(db.Open(ctx, key))
	defer func() { e.must(db.Close()) }()
	e.id, err = seal.ParseID(e.ws)
	e.must(err)
	seed, _, err := db.Secret(ctx, seal.ID{}, "device-seed")
	e.must(err)
	e.sign = member.NewDeviceKeys([32]byte(seed)).Sign
	lk, _, err := db.Secret(ctx, e.id, "log-key")
	e.must(err)
	e.lk = seal.Key(lk)
	e.must(db.Entries(ctx, e.id, func(_ seal.ID, raw []byte) error {
		entry, err := member.OpenEntry(e.lk, e.id, raw)
		if err == nil {
			_, err = e.log.Add(entry)
		}
		return err
	}))
	e.main = e.log.State().MainSpace()
	epochs, err := db.Secrets(ctx, e.id, "epoch/")
	e.must(err)
	for name, secret := range epochs {
		epoch, err := seal.ParseID(name[strings.LastIndex(name, "/")+1:])
		e.must(err)
		e.secrets[epoch] = seal.Key(secret)
	}
	tails, err := db.Tails(ctx, e.id)
	e.must(err)
	for _, t := range tails {
		if t.Device == e.dev() && t.Space == e.main {
			e.tail = feed.Tail{Seq: t.Seq, ID: t.ID}
		}
	}
}

func (e *eve) dev() seal.ID { return e.sign.Public() }

// entry signs and seals what change makes of the next honest entry of her chain.
func (e *eve) entry(typ member.Type, body encoder, change func(p *payload)) []byte {
	e.t.Helper()
	raw, err := body.Encode()
	e.must(err)
	next, err := e.log.Write(e.sign, typ, raw, 1)
	e.must(err)
	p := payload{V: 1, WS: e.id, Type: typ, Parents: next.Parents, Dev: e.dev(), Seq: next.Seq, Prev: next.Prev, HintMs: 1, Body: raw}
	if change != nil {
		change(&p)
	}
	return e.signed(p)
}

func (e *eve) signed(p payload) []byte {
	e.t.Helper()
	text, err := seal.Encode(p)
	e.must(err)
	sealed, err := (&member.Entry{WS: e.id, Payload: text, Sig: e.sign.Sign("parvis1/entry", text)}).SealUnder(e.lk)
	e.must(err)
	return sealed
}

// takes adds an entry of hers, or of others, to her own log.
func (e *eve) takes(sealed []byte) {
	e.t.Helper()
	entry, err := member.OpenEntry(e.lk, e.id, sealed)
	e.must(err)
	if outcome, err := e.log.Add(entry); outcome != seal.OK && outcome != seal.Drop && outcome != seal.Evidence {
		e.t.Fatal(err)
	}
}

// envelope seals a body as the next of her chain, or as change says.
func (e *eve) envelope(kind workspace.Kind, body []byte, change func(h *feed.Header)) *feed.Envelope {
	e.t.Helper()
	epoch, ok := e.log.State().SendEpoch(e.main, func(id seal.ID) bool { _, have := e.secrets[id]; return have })
	if !ok {
		e.t.Fatal("Eve has no epoch")
	}
	header := feed.Header{V: 1, WS: e.id, Space: e.main, Dev: e.dev(), Seq: e.tail.Seq + 1, Prev: e.tail.ID, LogRefs: e.log.Heads(), EpochID: epoch.ID}
	if change != nil {
		change(&header)
	}
	env, err := feed.Seal(e.sign, feed.ContentKey(e.secrets[header.EpochID], header.Space, header.EpochID, e.dev()), header, feed.Plain{Kind: uint(kind), HintMs: 1, Body: body})
	e.must(err)
	return env
}

// extends gives the three an envelope of hers that continues her chain.
func (e *eve) extends(kind workspace.Kind, body []byte) error {
	env := e.envelope(kind, body, nil)
	err := e.sends(workspace.Received{Envelopes: [][]byte{env.Raw}})
	e.tail = env.Tail()
	return err
}

// sends gives the same to all three, and returns what the first one says, when all say the same.
func (e *eve) sends(what workspace.Received) error {
	e.t.Helper()
	var errs []error
	for _, n := range e.honest {
		errs = append(errs, in(e.t, n, e.ws).Receive(context.Background(), what))
	}
	for _, err := range errs[1:] {
		if (err == nil) != (errs[0] == nil) {
			e.t.Errorf("they do not agree: %v", errs)
		}
	}
	return errs[0]
}

// standing is what the three show of people and of general; it must be the same.
func (e *eve) standing() string {
	e.t.Helper()
	var first string
	for i, n := range e.honest {
		var now string
		n.Until("all show the same", func() bool {
			people, err := n.API().People.List(e.ws)
			if err != nil {
				return false
			}
			var lines []string
			for _, p := range people {
				lines = append(lines, fmt.Sprint(p.Name, " ", p.Role, " ", p.State == "removed", " ", p.Devices))
			}
			slices.Sort(lines)
			now = strings.Join(lines, "\n") + "\n" + strings.Join(n.Texts(e.ws), "\n")
			return i == 0 || now == first
		})
		first = now
	}
	return first
}

// goesOn shows that the three still write to each other.
func (e *eve) goesOn() {
	e.t.Helper()
	for _, n := range e.honest {
		e.said++
		text := fmt.Sprintf("still here %d", e.said)
		n.Say(e.ws, text)
		for _, other := range e.honest {
			other.Until("it arrives", func() bool { return slices.Contains(other.Texts(e.ws), text) })
		}
	}
}

// without is a standing without the words of the three.
func without(standing string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(standing, "\n"), func(line string) bool { return strings.HasPrefix(line, "still here") }), "\n")
}

// behaviour is one way to be a bad member.
type behaviour struct {
	name    string
	send    func(e *eve) error
	refused bool // the sender is blamed; else it waits, is set aside or is evidence
	shown   string
}

// run lets Eve do it, and requires that nothing changed but what may.
func (b behaviour) run(t *testing.T, e *eve) {
	e.t = t
	before := without(e.standing())
	err := b.send(e)
	if errors.Is(err, workspace.ErrBad) != b.refused || err != nil && !b.refused {
		t.Errorf("%v; refused: want %t", err, b.refused)
	}
	e.goesOn()
	after := without(e.standing())
	if b.shown != "" {
		if !strings.Contains(after, b.shown) {
			t.Errorf("nobody shows %q:\n%s", b.shown, after)
		}
		return
	}
	if after != before {
		t.Errorf("it changed\n%s\nto\n%s", before, after)
	}
}
