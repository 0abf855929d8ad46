package apptest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/sas"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/join"
)

// mallet is a host with keys of its own between who invites and who joins. It has the
// link: it has put itself in the place of the inviter's device there, and runs one
// comparison with each of the two.
type mallet struct {
	t       *testing.T
	node    *p2p.Node
	keys    member.DeviceKeys
	genesis []byte
	record  []byte
	party   sas.Party

	mu   sync.Mutex
	link member.Link // guarded by mu; as the inviter made it
}

// everybody is a gate that stands open.
type everybody struct{}

func (everybody) Member(p2p.PeerID) bool { return true }
func (everybody) Lobby() bool            { return true }

func newMallet(t *testing.T) *mallet {
	t.Helper()
	x := &mallet{t: t, keys: member.NewDeviceKeys([32]byte(seal.RandomKey()))}
	kem, err := seal.NewKEMKey([32]byte(seal.RandomKey()))
	if err != nil {
		t.Fatal(err)
	}
	g, raw, err := member.NewPersonGenesis(x.keys, kem.Public(), 0, [16]byte{1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, person, err := member.ParsePersonGenesis(raw)
	if err != nil {
		t.Fatal(err)
	}
	x.genesis, x.record, x.party = raw, g.Device0, sas.Party{Person: person, Device: x.keys.ID()}
	x.node = p2p.New(p2p.Config{Seed: x.keys.PeerSeed, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Gate: everybody{}, Log: slog.New(slog.DiscardHandler)})
	join.Serve(x.node, x)
	if err := x.node.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.node.Close() })
	return x
}

// intercept changes a link on its way.
func (x *mallet) intercept(text string) string {
	x.t.Helper()
	link, err := member.ParseLink(text)
	if err != nil {
		x.t.Fatal(err)
	}
	x.mu.Lock()
	x.link = link
	x.mu.Unlock()
	link.Peers = []member.LinkPeer{{Peer: x.keys.PeerPublic(), Addrs: x.node.Addrs()}}
	return link.String()
}

// Request implements [join.Answerer].
func (x *mallet) Request(context.Context, p2p.PeerID, []byte) (join.Welcome, error) {
	return join.Welcome{}, errors.New("there is no talk")
}

// Joined implements [join.Answerer].
func (x *mallet) Joined(context.Context, p2p.PeerID, []byte) error { return nil }

// Converse implements [join.Converser]: the joiner takes Mallet for the inviter.
func (x *mallet) Converse(ctx context.Context, _ p2p.PeerID, raw []byte, talk join.Talk) (join.Welcome, error) {
	x.mu.Lock()
	link := x.link
	x.mu.Unlock()
	request, err := member.ParseJoinRequest(raw)
	if err != nil {
		return join.Welcome{}, err
	}
	g, person, err := member.ParsePersonGenesis(request.PersonGenesis)
	if err != nil {
		return join.Welcome{}, err
	}
	device, err := g.First()
	if err != nil {
		return join.Welcome{}, err
	}
	var both sync.WaitGroup
	both.Go(func() { x.asJoiner(ctx, link) })
	terms := sas.Terms{
		WS: link.WS, Invite: request.InviteID, Purpose: sas.PurposeJoin, LogHead: link.LogHead,
		A: x.party, B: sas.Party{Person: person, Device: device.SignPK},
	}
	s, first, err := new(sas.Desk).Initiate(0, device.PeerPK, terms, sas.Introduction{Genesis: x.genesis, Record: x.record}, seal.Random)
	if err == nil {
		err = x.play(ctx, s, talk, first)
	}
	both.Wait()
	if err == nil {
		x.t.Error("the joiner confirmed Mallet's code")
	}
	return join.Welcome{}, err
}

// asJoiner talks to the inviter, who takes Mallet for the invited person.
func (x *mallet) asJoiner(ctx context.Context, link member.Link) {
	keys, err := member.InviteKeysOf(link.WS, link.Seed)
	if err != nil {
		x.t.Error(err)
		return
	}
	inviter := link.Peers[0]
	id, err := p2p.PeerIDOf(inviter.Peer)
	if err != nil {
		x.t.Error(err)
		return
	}
	own, err := member.NewJoinRequest(keys, x.keys.Sign, link.WS, x.genesis, inviter.Peer, x.keys.PeerPublic(), seal.ID(seal.RandomKey()))
	if err != nil {
		x.t.Error(err)
		return
	}
	_ = join.DialTalking(ctx, x.node, id, inviter.Addrs, own, func(ctx context.Context, talk join.Talk) error {
		identify := func(genesis, record []byte) (sas.Party, error) {
			_, person, err := member.ParsePersonGenesis(genesis)
			if err != nil {
				return sas.Party{}, err
			}
			device, err := member.ParseDeviceRecord(record, person)
			if g, _, other := member.ParsePersonGenesis(genesis); other == nil && seal.EqualBytes(g.Device0, record) {
				device, err = g.First()
			}
			return sas.Party{Person: person, Device: device.SignPK}, err
		}
		s, err := new(sas.Desk).Respond(0, inviter.Peer, sas.Terms{WS: link.WS, Invite: keys.ID, Purpose: sas.PurposeJoin, B: x.party}, identify, seal.Random)
		if err != nil {
			return err
		}
		return x.play(ctx, s, talk, nil)
	}, func(join.Welcome) ([]byte, error) {
		x.t.Error("Mallet was let in")
		return nil, errors.New("it has what it wants")
	})
}

// play runs one comparison; as soon as there are codes it says that its person typed
// the right one. It ends without an error when the other side says so too.
func (x *mallet) play(ctx context.Context, s *sas.Session, talk join.Talk, first [][]byte) error {
	var run sas.Run
	for _, message := range first {
		if hello, err := seal.Decode[sas.SasHello](message); err == nil {
			run = hello.Run
		}
		if err := talk.Send(ctx, message); err != nil {
			return err
		}
	}
	said := false
	for {
		message, err := talk.Receive(ctx)
		if err != nil {
			return err
		}
		if hello, err := seal.Decode[sas.SasHello](message); err == nil {
			run = hello.Run
		}
		send, err := s.Receive(0, message)
		if err != nil {
			return err
		}
		if send != nil {
			if err := talk.Send(ctx, send); err != nil {
				return err
			}
		}
		if s.State() == sas.Comparing && said {
			return nil // the other side confirmed
		}
		if s.State() == sas.Comparing {
			said = true
			yes, err := seal.Encode(sas.SasDone{V: sas.Version, Run: run, OK: true})
			if err != nil {
				return err
			}
			if err := talk.Send(ctx, yes); err != nil {
				return err
			}
		}
	}
}

// hostRuns is how often the man in the middle tries over the same real hosts.
const hostRuns = 20

// sets is how many sets of hosts there are: enough for 1,000 runs with PARVIS_LONG.
func sets() int {
	if os.Getenv("PARVIS_LONG") != "" {
		return 1000 / hostRuns
	}
	return 1
}

func TestAProxyBetweenInviterAndJoinerIsFound(t *testing.T) {
	found := 0
	for range sets() {
		t.Run("", func(t *testing.T) { found += proxied(t) })
	}
	t.Logf("found in %d of %d runs over real hosts", found, sets()*hostRuns)
	if found != sets()*hostRuns {
		t.Errorf("found in %d of %d runs", found, sets()*hostRuns)
	}
}

// proxied counts in how many of hostRuns runs the proxy is found.
func proxied(t *testing.T) int {
	ana, ben, x := New(t), New(t), newMallet(t)
	ws := ana.Found("Atelier", "Ana")
	found := 0
	for range hostRuns {
		joined := ben.knock(x.intercept(codesFirst(t, ana, ws)))
		ours, theirs := ana.codes(), ben.codes()
		ana.enter(ours, theirs.Code) // they read their codes to each other
		ben.enter(theirs, ours.Code)
		if err := <-joined; err != nil {
			found++
		}
		ana.silent()
		ben.silent()
		people, err := ana.API().People.List(ws)
		if err != nil || len(people) != 1 {
			t.Fatalf("people %+v, %v; want only Ana", people, err)
		}
	}
	return found
}

// TestAManBetweenTwoMembersIsFound: he joined Ana's workspace as Ben, and founded the
// one in which Ben thinks to be with Ana. He confirms every code.
func TestAManBetweenTwoMembersIsFound(t *testing.T) {
	found := 0
	for range sets() {
		t.Run("", func(t *testing.T) { found += between(t) })
	}
	t.Logf("found in %d of %d runs over real hosts", found, sets()*hostRuns)
	if found != sets()*hostRuns {
		t.Errorf("found in %d of %d runs", found, sets()*hostRuns)
	}
}

// between counts in how many of hostRuns runs the man between two members is found.
func between(t *testing.T) int {
	var now clock
	ana, ben, asBen, asAna := New(t, now.option), New(t, now.option), New(t, now.option), New(t, now.option)
	hers := ana.Found("Atelier", "Ana")
	asBen.Join(ana.Invite(hers), "Ben")
	his := asAna.Found("Atelier", "Ana")
	ben.Join(asAna.Invite(his), "Ben")
	ana.knows(hers, "Ben")
	asAna.knows(his, "Ben")
	ben.knows(his, "Ana")
	found := 0
	for run := range hostRuns {
		now.set(time.Duration(run) * 11 * time.Minute) // three failures are followed by a rest
		ours, atBen := ana.begin(hers, "Ben", asBen)
		atAna, theirs := asAna.begin(his, "Ben", ben)
		asBen.enter(atBen, ours.Code)
		asAna.enter(atAna, theirs.Code)
		ana.enter(ours, theirs.Code) // they read their codes to each other
		ben.enter(theirs, ours.Code)
		for _, n := range []*Node{ana, ben, asBen, asAna} {
			n.silent()
		}
		if ana.named(hers, "Ben").State == "unverified" && ben.named(his, "Ana").State == "unverified" {
			found++
		}
	}
	return found
}
