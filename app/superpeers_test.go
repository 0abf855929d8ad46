package app

import (
	"strings"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
	"parvis/p2p"
)

// TestASuperPeerHasOneShortForm: the banner names it as lists, the doctor and the status do.
func TestASuperPeerHasOneShortForm(t *testing.T) {
	key := seal.NewSignKey(seal.RandomKey()).Public()
	id, err := p2p.PeerIDOf(key)
	if err != nil {
		t.Fatal(err)
	}
	name := ShortPeer(string(id))
	if len(name) != 8 || !strings.HasSuffix(string(id), name) || name != id.Short() || name != superPeerName(key) {
		t.Errorf("%s is %q, %q and %q", id, name, id.Short(), superPeerName(key))
	}
	text := problemText(workspace.Problem{SuperPeer: key, Kind: workspace.ProblemFull})
	if !strings.Contains(text, "The super-peer "+name+" is full") {
		t.Errorf("the banner says %q", text)
	}
	if text := problemText(workspace.Problem{Text: "Something else."}); text != "Something else." {
		t.Errorf("another problem is told as %q", text)
	}
	for id, want := range map[string]string{"": "", "short": "short"} {
		if got := ShortPeer(id); got != want {
			t.Errorf("%q is shortened to %q", id, got)
		}
	}
}
