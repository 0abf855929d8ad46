package app_test

import (
	"errors"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/apptest"
	"parvis/app/workspace"
	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/p2p/signal"
)

// in is a node's workspace and the call that it is in.
func in(t *testing.T, n *apptest.Node, ws string) *workspace.Workspace {
	t.Helper()
	id, err := seal.ParseID(ws)
	if err != nil {
		t.Fatal(err)
	}
	w, err := n.Manager().Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestSignalsThatAreNotInOrderMoveNothing(t *testing.T) {
	ana, ben, cleo := apptest.New(t), apptest.New(t), apptest.New(t)
	ws := ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	cleo.Join(ana.Invite(ws), "Cleo")
	started, err := ana.API().Calls.Start(api.NewCall{Workspace: ws, Channel: ana.General(ws), Media: api.MediaTest})
	if err != nil {
		t.Fatal(err)
	}
	ben.Until("Ben can join", func() bool {
		_, err := ben.API().Calls.Join(api.JoinCall{Workspace: ws, ID: started.ID, Media: api.MediaTest})
		return err == nil
	})
	stat := func() api.CallStat {
		stats, err := ana.API().Calls.Stats(api.CallRef{Workspace: ws, ID: started.ID})
		if err != nil || len(stats.Participants) != 1 {
			return api.CallStat{}
		}
		return stats.Participants[0]
	}
	ana.Until("media flows", func() bool { return stat().FramesReceived > 10 })
	cleo.Until("Cleo is connected to both", func() bool {
		status, err := cleo.API().Settings.Status()
		return err == nil && len(status.Peers) == 2
	})

	wAna, wBen, wCleo := in(t, ana, ws), in(t, ben, ws), in(t, cleo, ws)
	_, anaDevice := wAna.Self()
	_, benDevice := wBen.Self()
	id, err := seal.ParseSpaceID(started.ID)
	if err != nil {
		t.Fatal(err)
	}
	bye := call.Signal{Space: wAna.MainSpace(), Call: call.ID(id), To: anaDevice, N: uint64(time.Now().Add(time.Hour).UnixMilli()), Type: call.Bye}
	sealed := func(w *workspace.Workspace, change func(s *call.Signal)) []byte {
		s := bye
		change(&s)
		raw, err := w.SealSignal(s)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	// Ben's payload under Cleo's signature: the signature is the last 64 bytes.
	forged := sealed(wBen, func(*call.Signal) {})
	copy(forged[len(forged)-64:], sealed(wCleo, func(*call.Signal) {})[len(forged)-64:])
	for what, c := range map[string]struct {
		raw     []byte
		refused bool // without a penalty
	}{
		"for another call":      {sealed(wBen, func(s *call.Signal) { s.Call[0]++ }), true},
		"for another space":     {sealed(wBen, func(s *call.Signal) { s.Space[0]++ }), true},
		"swapped to Ben":        {sealed(wCleo, func(s *call.Signal) { s.To = benDevice; s.Call[0]++ }), true},
		"played again":          {sealed(wBen, func(s *call.Signal) { s.N = 1 }), true},
		"an offer by an odd fp": {sealed(wBen, func(s *call.Signal) { s.N -= 1000; s.Type, s.SDP, s.Fingerprint = call.Offer, "v=0\r\n", seal.ID{1} }), true},
		"signed by Cleo":        {forged, false},
	} {
		if err := cleo.SendSignal(t.Context(), ana.Peer(), c.raw); err == nil || errors.Is(err, signal.ErrRefused) != c.refused {
			t.Errorf("%s: %v", what, err)
		}
	}
	before := stat()
	ana.Until("media flows on", func() bool {
		now := stat()
		return now.FramesReceived > before.FramesReceived+10 && now.State == "connected"
	})

	t.Run("a third member may carry what is in order", func(t *testing.T) {
		if err := cleo.SendSignal(t.Context(), ana.Peer(), sealed(wBen, func(*call.Signal) {})); err != nil {
			t.Error(err)
		}
	})
}
