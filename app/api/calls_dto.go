package api

import (
	"parvis/app/calls"
	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// What captures and plays in a call.
const (
	MediaPage = "page" // camera and microphone of the page that is open
	MediaTest = "test" // a generated picture and tone, which the others count
	MediaNone = "none" // nothing
)

// Call is one call as it stands now. It goes on while it has participants.
type Call struct {
	Workspace    string            `json:"workspace"`
	ID           string            `json:"id"`
	Channel      string            `json:"channel"`
	Direct       bool              `json:"direct"`  // in a direct conversation
	By           string            `json:"by"`      // person id
	Started      int64             `json:"started"` // the starter's clock: a label
	Ended        int64             `json:"ended"`   // 0: nobody has said so
	People       []string          `json:"people"`  // ids of all who were in it
	Participants []CallParticipant `json:"participants"`
	Lost         []CallLost        `json:"lost"`     // of the own call: who is gone without a goodbye
	Declined     []string          `json:"declined"` // ids of people who do not want to join, as far as heard
	Lobby        []CallKnock       `json:"lobby"`    // guests who wait to be let in; while this device takes part
	Ringing      bool              `json:"ringing"`  // here, now
	Missed       bool              `json:"missed"`   // it was for oneself, who was not there
	Here         bool              `json:"here"`     // this device takes part
	Rejoin       bool              `json:"rejoin"`   // it goes on, and this device was in it until the program or its page ended
	MovedTo      string            `json:"movedTo"`  // call that this device went over to by itself; empty: it did not
}

// CallLost is a participant of the own call who is gone without a goodbye.
type CallLost struct {
	Device string `json:"device"`
	Person string `json:"person"`
	At     int64  `json:"at"` // when it was heard last, by the clock of this device
}

// CallParticipant is a device that takes part in a call.
type CallParticipant struct {
	Device    string `json:"device"`
	Person    string `json:"person"`
	Muted     bool   `json:"muted"`
	Camera    bool   `json:"camera"`
	Screen    bool   `json:"screen"`
	Hand      bool   `json:"hand"`
	Recording bool   `json:"recording"`
	Uplink    int    `json:"uplink"` // kbit/s that its line carries, as it says; 0: not known
	Self      bool   `json:"self"`   // this device
	NoPage    bool   `json:"noPage"` // nothing captures and plays there: its page is closed, or there never was one

	Asks    bool   `json:"asks"`    // to record the call, or records it
	Answer  string `json:"answer"`  // of this device to that: agreed, refused; out: it is left out; empty: none yet
	Consent string `json:"consent"` // likewise, to the recording that this device asks for

	Guest bool   `json:"guest"` // in a browser, let in by somebody: device is its id, person too
	Name  string `json:"name"`  // of a guest, as it calls itself; else empty
}

// CallQuery asks for the calls of a channel; with an empty one for all.
type CallQuery struct {
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
}

// NewCall starts a call in a channel.
type NewCall struct {
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
	Media     string `json:"media"`  // page, test or none; empty: page
	Muted     bool   `json:"muted"`  // with page: how it is entered
	Camera    bool   `json:"camera"` // likewise

	// Without a page: agrees to being recorded. Else it is left out of recordings.
	AllowRecording bool `json:"allowRecording"`
}

// JoinCall enters a call.
type JoinCall struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Media     string `json:"media"`  // page, test or none; empty: page
	Muted     bool   `json:"muted"`  // with page: how it is entered
	Camera    bool   `json:"camera"` // likewise

	// Without a page: agrees to being recorded. Else it is left out of recordings.
	AllowRecording bool `json:"allowRecording"`
}

// CallRecord says whether this device asks to record its call.
type CallRecord struct {
	Asks bool `json:"asks"`
}

// CallAnswer is what is said to being recorded by a participant.
type CallAnswer struct {
	Device string `json:"device"` // who asks
	Agrees bool   `json:"agrees"`
}

// NewReaction is a reaction to show.
type NewReaction struct {
	Reaction string `json:"reaction"` // one of 👍 ❤️ 😂 👏 🎉 😮 😢 🤔
}

// CallReaction says that a participant of the own call shows a reaction.
type CallReaction struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Device    string `json:"device"`
	Reaction  string `json:"reaction"`
}

// CallRef names a call.
type CallRef struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
}

// CallState is what this device does in its call, all of it.
type CallState struct {
	Muted     bool `json:"muted"`
	Camera    bool `json:"camera"`
	Screen    bool `json:"screen"`
	Hand      bool `json:"hand"`
	Recording bool `json:"recording"`
}

// CallRing says that a call rings on this device, or has stopped to.
type CallRing struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Channel   string `json:"channel"`
	By        string `json:"by"` // person id
	Ringing   bool   `json:"ringing"`
	Stopped   string `json:"stopped"` // joined, declined, ended or unheard; empty while it rings
}

// CallStats is how the connections to the other participants of the own call are.
type CallStats struct {
	Workspace    string     `json:"workspace"`
	ID           string     `json:"id"`
	Participants []CallStat `json:"participants"`
	Forwarder    string     `json:"forwarder"`   // device that carries the sound and pictures of all; empty: none
	BySuperPeer  bool       `json:"bySuperPeer"` // a super-peer carries them
}

// CallStat is how the connection to one participant is.
type CallStat struct {
	Name           string `json:"name"`
	FramesReceived int64  `json:"framesReceived"`
	FramesBad      int64  `json:"framesBad"` // lost, broken, or not what was sent
	AudioPackets   int64  `json:"audioPackets"`
	AudioLost      int64  `json:"audioLost"` // that no repair brought in time
	RTTMs          int64  `json:"rttMs"`
	Kbps           int    `json:"kbps"` // received
	Path           string `json:"path"` // lan, direct or tunnel; empty: not connected

	Device string `json:"device"`
	Person string `json:"person"`
	State  string `json:"state"` // waiting, connecting, connected or interrupted

	Line  CallLine  `json:"line"`
	Fault CallFault `json:"fault"`
}

// CallFault is what spoils the way to or from a participant, and whose line it is.
type CallFault struct {
	Kind     string `json:"kind"`     // loss or narrow; empty: nothing is wrong
	From     string `json:"from"`     // the line leads from this device
	To       string `json:"to"`       // to this one
	Whose    string `json:"whose"`    // from: its upload, to: its download, empty: the line between the two
	Amount   int    `json:"amount"`   // per mille that are lost; kbit/s that are carried
	Incoming bool   `json:"incoming"` // it spoils what comes from the participant; else what goes there
}

// CallLine is what the line to a participant carries.
type CallLine struct {
	KbpsOut  int    `json:"kbpsOut"`  // sent
	Estimate int    `json:"estimate"` // kbit/s that the line to the participant carries
	LossIn   int    `json:"lossIn"`   // of their packets, per mille, before repair
	LossOut  int    `json:"lossOut"`  // of ours, as they say
	LayerIn  string `json:"layerIn"`  // video or small: what comes of the camera; else empty
	LayerOut string `json:"layerOut"` // likewise, what is sent to them
}

func callDTO(c calls.Call) Call {
	return Call{
		Workspace: c.Workspace.String(), ID: calls.IDText(c.ID), Channel: c.Channel.String(), Direct: c.Direct, By: optionalID(c.By),
		Started: clamp(c.StartedMs), Ended: clamp(c.EndedMs), People: translateAll(c.People, seal.ID.String),
		Participants: translateAll(c.Participants, participantDTO), Lost: translateAll(c.Lost, lostDTO), Declined: translateAll(c.Declined, seal.ID.String),
		Lobby: translateAll(c.Lobby, callKnockDTO), Ringing: c.Ringing, Missed: c.Missed, Here: c.Here, Rejoin: c.Rejoin, MovedTo: optionalCall(c.MovedTo),
	}
}

func lostDTO(l calls.Lost) CallLost {
	return CallLost{Device: l.Device.String(), Person: l.Person.String(), At: clamp(l.AtMs)}
}

// optionalCall writes the id of a call; none is empty.
func optionalCall(id call.ID) string {
	if id == (call.ID{}) {
		return ""
	}
	return calls.IDText(id)
}

func participantDTO(p calls.Participant) CallParticipant {
	return CallParticipant{
		Device: p.Device.String(), Person: p.Person.String(), Muted: p.Muted, Camera: p.Camera, Screen: p.Screen, Hand: p.Hand,
		Recording: p.Recording, Uplink: p.UplinkKbps, Self: p.Self, NoPage: p.NoPage,
		Asks: p.Asks, Answer: p.Answer.String(), Consent: p.Consent.String(), Guest: p.Guest, Name: p.Name,
	}
}

func ringDTO(r calls.Ring) CallRing {
	return CallRing{
		Workspace: r.Workspace.String(), ID: calls.IDText(r.ID), Channel: r.Channel.String(), By: r.By.String(),
		Ringing: r.Ringing, Stopped: string(r.Stopped),
	}
}

func callReactionDTO(r calls.Reaction) CallReaction {
	return CallReaction{Workspace: r.Workspace.String(), ID: calls.IDText(r.ID), Device: r.Device.String(), Reaction: r.Reaction}
}

func callStatsDTO(s calls.Stats) CallStats {
	return CallStats{Workspace: s.Workspace.String(), ID: calls.IDText(s.ID), Participants: translateAll(s.Participants, callStatDTO), Forwarder: optionalID(s.Forwarder), BySuperPeer: s.BySuperPeer}
}

func callStatDTO(s calls.Stat) CallStat {
	in, out := s.Layers()
	return CallStat{
		Name: s.Name, FramesReceived: number(s.Frames), FramesBad: number(s.Bad), AudioPackets: number(s.AudioPackets), AudioLost: number(s.AudioLost),
		RTTMs: int64(s.RTTMs), Kbps: s.KbpsIn, Path: s.Path, Device: seal.ID(s.ID).String(), Person: s.Person.String(), State: s.State.String(),
		Line: CallLine{
			KbpsOut: s.KbpsOut, Estimate: s.Estimate, LossIn: int(s.LossIn * 1000), LossOut: int(s.LossOut * 1000), LayerIn: in, LayerOut: out,
		},
		Fault: callFaultDTO(s.Fault),
	}
}

func callFaultDTO(f calls.Fault) CallFault {
	return CallFault{
		Kind: string(f.Kind), From: optionalID(f.From), To: optionalID(f.To), Whose: optionalID(f.Whose), Amount: f.Amount, Incoming: f.Incoming,
	}
}

// clamp makes a time a number that JSON readers can hold.
func clamp(ms int64) int64 { return min(max(ms, 0), 1<<53) }
