package api_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/calls"
	id "parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
)

// phones answers the calls about calls.
type phones struct{ *services }

func (s phones) List(_ context.Context, _ seal.ID, channel calls.ChannelID) ([]calls.Call, error) {
	return nil, s.call("calls of %s", channel)
}
func (s phones) Decline(_ context.Context, _ seal.ID, call id.ID) error {
	return s.call("decline %s", calls.IDText(call))
}
func (s phones) Seen(_ context.Context, _ seal.ID, channel calls.ChannelID) error {
	return s.call("seen in %s", channel)
}
func (s phones) Stats(_ context.Context, _ seal.ID, call id.ID) (calls.Stats, error) {
	stat := media.Stat{Frames: 7, Bad: 1, AudioPackets: 1 << 60, LayerOut: media.Small, KbpsIn: 9, Path: "lan", State: media.Connected, Wire: media.Wire{LossIn: 0.125}}
	fault := calls.Fault{Kind: calls.Loses, From: seal.ID{1}, To: seal.ID{2}, Whose: seal.ID{1}, Amount: 125, Incoming: true}
	return calls.Stats{Participants: []calls.Stat{{Name: "Ben", Stat: stat, Fault: fault}}}, s.call("stats of %s", calls.IDText(call))
}
func (s phones) StartCall(_ context.Context, _ seal.ID, channel calls.ChannelID, e calls.Entry) (calls.Call, error) {
	return calls.Call{StartedMs: -5, EndedMs: 1 << 60, Participants: []calls.Participant{{Self: true}}}, s.call("start in %s %+v", channel, e)
}
func (s phones) Join(_ context.Context, _ seal.ID, call id.ID, e calls.Entry) (calls.Call, error) {
	return calls.Call{ID: call}, s.call("join %s %+v", calls.IDText(call), e)
}
func (s phones) Leave(context.Context) error { return s.call("leave") }
func (s phones) Set(_ context.Context, state calls.State) error {
	return s.call("set %+v", state)
}

func (s phones) AskToRecord(_ context.Context, asks bool) error { return s.call("record %v", asks) }
func (s phones) Answer(_ context.Context, device seal.ID, agrees bool) error {
	return s.call("answer %s %v", device, agrees)
}
func (s phones) React(_ context.Context, reaction string) error { return s.call("react %s", reaction) }

func (s phones) Links(_ context.Context, _ seal.ID, channel calls.ChannelID) ([]calls.Link, error) {
	return []calls.Link{{ID: calls.LinkID{1}, URL: "https://meet.example.org/meet#x", MadeMs: 1 << 60}}, s.call("links of %s", channel)
}
func (s phones) MakeLink(_ context.Context, _ seal.ID, channel calls.ChannelID) (calls.Link, error) {
	return calls.Link{ID: calls.LinkID{2}, Revocable: true}, s.call("link to %s", channel)
}
func (s phones) RevokeLink(_ context.Context, _ seal.ID, channel calls.ChannelID, link calls.LinkID) error {
	return s.call("revoke %s of %s", link, channel)
}
func (s phones) Admit(_ context.Context, guest seal.ID) error  { return s.call("admit %s", guest) }
func (s phones) Remove(_ context.Context, guest seal.ID) error { return s.call("remove %s", guest) }

func TestCallsAboutCallsReachTheServices(t *testing.T) {
	s := &services{}
	a := api.New(api.Config{Calls: phones{s}, Entries: phones{s}, Recordings: phones{s}, Guests: phones{s}, Life: func() (context.Context, error) { return t.Context(), nil }})
	const callID = "000000000000000000000000000000cc"
	ref := fmt.Sprintf(`{"workspace":%q,"id":%q}`, ws, callID)
	with := func(more string) string {
		return fmt.Sprintf(`{"workspace":%q,"channel":%q,"id":%q,%s}`, ws, channel, callID, more)
	}
	page := calls.Entry{State: calls.State{Muted: true, Camera: true}}
	none := calls.Entry{State: calls.State{Muted: true}, Answers: calls.LeftOut}
	test := calls.Entry{State: calls.State{Camera: true}, Test: true, Answers: calls.Agreed}
	for _, c := range []struct {
		method, result, reached string
		args                    []string
	}{
		{"Calls.List", "[]", "calls of " + channel, []string{with(`"x":1`)}},
		{"Calls.List", "[]", "calls of " + strings.Repeat("0", 32), []string{ref}},
		{"Calls.Start", `{"workspace":"`, fmt.Sprintf("start in %s %+v", channel, page), []string{with(`"muted":true,"camera":true`)}},
		{"Calls.Start", `{"workspace":"`, fmt.Sprintf("start in %s %+v", channel, test), []string{with(`"media":"test","muted":true,"allowRecording":true`)}},
		{"Calls.Join", `{"workspace":"`, fmt.Sprintf("join %s %+v", callID, none), []string{with(`"media":"none","camera":true`)}},
		{"Calls.Leave", "null", "leave", nil},
		{"Calls.Set", "null", fmt.Sprintf("set %+v", calls.State{Hand: true, Recording: true}), []string{`{"hand":true,"recording":true}`}},
		{"Calls.Record", "null", "record true", []string{`{"asks":true}`}},
		{"Calls.Answer", "null", "answer " + ws + " true", []string{fmt.Sprintf(`{"device":%q,"agrees":true}`, ws)}},
		{"Calls.React", "null", "react 👍", []string{`{"reaction":"👍"}`}},
		{"Calls.Decline", "null", "decline " + callID, []string{ref}},
		{"Calls.Seen", "null", "seen in " + channel, []string{with(`"x":1`)}},
		{"Calls.Links", `[{"id":"01000000000000000000000000000000","channel":"`, "links of " + channel, []string{with(`"x":1`)}},
		{"Calls.MakeLink", `{"id":"02000000000000000000000000000000","channel":"`, "link to " + channel, []string{with(`"x":1`)}},
		{"Calls.RevokeLink", "null", "revoke " + callID + " of " + channel, []string{with(`"x":1`)}},
		{"Calls.Admit", "null", "admit " + ws, []string{fmt.Sprintf(`{"guest":%q}`, ws)}},
		{"Calls.Remove", "null", "remove " + ws, []string{fmt.Sprintf(`{"guest":%q}`, ws)}},
		{"Calls.Stats", `{"workspace":"`, "stats of " + callID, []string{ref}},
	} {
		s.calls = nil
		result, failure := call(a, c.method, c.args...)
		if failure != nil || !strings.HasPrefix(result, c.result) || !slices.Equal(s.calls, []string{c.reached}) {
			t.Errorf("%s: %s, %v, reached %q; want %s and %q", c.method, result, failure, s.calls, c.result, c.reached)
		}
	}
	for method, arg := range map[string]string{
		"Calls.Start": with(`"media":"film"`), "Calls.Join": fmt.Sprintf(`{"workspace":%q,"id":"zz"}`, ws), "Calls.Decline": `{}`,
		"Calls.RevokeLink": fmt.Sprintf(`{"workspace":%q,"channel":%q,"id":"zz"}`, ws, channel), "Calls.Admit": `{}`, "Calls.Remove": `{}`, "Calls.Links": `{}`,
	} {
		s.calls = nil
		if _, failure := call(a, method, arg); failure == nil || failure.Code != api.CodeInvalid || len(s.calls) > 0 {
			t.Errorf("%s %s: %v, reached %q", method, arg, failure, s.calls)
		}
	}
	started, _ := call(a, "Calls.Start", with(`"media":""`))
	for _, want := range []string{`"started":0`, `"ended":9007199254740992`, `"people":[]`, `"self":true`, `"lost":[]`, `"declined":[]`, `"movedTo":""`, `"lobby":[]`, `"guest":false`} {
		if !strings.Contains(started, want) {
			t.Errorf("%s is not in %s", want, started)
		}
	}
	stats, _ := call(a, "Calls.Stats", ref)
	for _, want := range []string{
		`"name":"Ben","framesReceived":7,"framesBad":1,"audioPackets":9007199254740992,"audioLost":0,"rttMs":0,"kbps":9,"path":"lan"`,
		`"state":"connected"`, `"lossIn":125`, `"layerIn":"","layerOut":"small"`,
		`"fault":{"kind":"loss","from":"01`, `"amount":125,"incoming":true`, `"forwarder":""`,
	} {
		if !strings.Contains(stats, want) {
			t.Errorf("%s is not in %s", want, stats)
		}
	}
}
