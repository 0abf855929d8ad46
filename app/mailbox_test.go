package app

import (
	"errors"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/workspace"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/mailbox"
)

func TestAddressesOfSuperPeersFromTheCommandLine(t *testing.T) {
	key := seal.NewSignKey(seal.RandomKey()).Public()
	id, err := p2p.PeerIDOf(key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := superPeerAddrs([]string{"/dns4/relay.example/tcp/443/p2p/" + string(id)})
	if err != nil || len(got) != 1 || got[0].Peer != key || len(got[0].Addrs) != 1 || got[0].Addrs[0] != "/dns4/relay.example/tcp/443" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "relay.example:443", "/ip4/192.0.2.1/tcp/443", "/ip4/192.0.2.1/tcp/443/p2p/nobody", "/tcp/443/p2p/" + string(id)} {
		if _, err := superPeerAddrs([]string{bad}); !errors.Is(err, errSuperPeerAddr) {
			t.Errorf("%q: %v, want a refusal", bad, err)
		}
	}
}

func TestWhatASuperPeerSaysIsSaidInWords(t *testing.T) {
	for theirs, ours := range map[error]error{
		mailbox.ErrStranger: workspace.ErrStranger, mailbox.ErrFull: workspace.ErrSuperPeerFull, mailbox.ErrTooMuch: workspace.ErrSuperPeerQuota,
		mailbox.ErrNotAdmin: workspace.ErrNotAdmin, mailbox.ErrBadSetup: workspace.ErrSetupWrong, mailbox.ErrSetupNewer: workspace.ErrSetupNewer,
	} {
		if got := inWords(errors.Join(errors.New("put"), theirs)); !errors.Is(got, ours) {
			t.Errorf("%v became %v, want %v", theirs, got, ours)
		}
	}
	if busy, ok := errors.AsType[*workspace.BusyError](inWords(&mailbox.RateError{Wait: 7})); !ok || busy.Wait != 7 {
		t.Error("a rate limit is lost")
	}
	if newer, ok := errors.AsType[*workspace.NewerListError](inWords(&mailbox.OldCounterError{Stored: 9})); !ok || newer.Counter != 9 {
		t.Error("the counter of a newer list is lost")
	}
	if inWords(nil) != nil {
		t.Error("no error became one")
	}
}

func TestProblemsOfSuperPeersHaveTheCodesOfTheAPI(t *testing.T) {
	for problem, code := range map[workspace.SuperPeerProblem]string{
		workspace.ProblemDamaged: api.SuperPeerDamaged, workspace.ProblemForgetful: api.SuperPeerForgetful,
		workspace.ProblemStranger: api.SuperPeerStranger, workspace.ProblemFull: api.SuperPeerFull, workspace.ProblemQuota: api.SuperPeerQuota,
		workspace.ProblemQuotaToday: api.SuperPeerQuotaToday, workspace.ProblemNearlyFull: api.SuperPeerNearlyFull,
	} {
		if string(problem) != code {
			t.Errorf("%q has the code %q", problem, code)
		}
	}
}

func TestWhoeverDoesNotAnswerIsNotConnected(t *testing.T) {
	peers := func() []p2p.Peer {
		return []p2p.Peer{
			{ID: "super", Addr: "/ip4/192.0.2.1/tcp/443", Path: p2p.PathSuperPeer},
			{ID: "spare", Addr: "/ip4/192.0.2.2/tcp/443", Path: p2p.PathSuperPeer},
			{ID: "near", Addr: "/ip4/192.168.1.2/udp/4001/quic-v1", Path: p2p.PathLAN},
			{ID: "far", Addr: "/ip4/192.0.2.1/tcp/443/p2p/super/p2p-circuit", Path: p2p.PathRelayed},
			{ID: "else", Addr: "/ip4/192.0.2.2/tcp/443/p2p/spare/p2p-circuit", Path: p2p.PathRelayed},
		}
	}
	for name, c := range map[string]struct {
		superPeers []p2p.SuperPeer
		want       string
	}{
		"all answer":    {[]p2p.SuperPeer{{ID: "super", Connected: true}, {ID: "spare", Connected: true}}, "super spare near far else"},
		"one is silent": {[]p2p.SuperPeer{{ID: "super", Connected: true, Silent: true}, {ID: "spare", Connected: true}}, "spare near else"},
		"none is known": {nil, "super spare near far else"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range answering(peers(), c.superPeers) {
				got = append(got, string(p.ID))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}
