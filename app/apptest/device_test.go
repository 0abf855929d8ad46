package apptest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"parvis/app/api"
)

// offer makes a link on the device that a person has.
func (n *Node) offer() string {
	n.t.Helper()
	made, err := n.API().Devices.Link("")
	if err != nil || made.Link == "" {
		n.t.Fatalf("link a device: %+v, %v", made, err)
	}
	return made.Link
}

// linking is how far the adding of a device is.
func (n *Node) linking() api.DeviceLink {
	n.t.Helper()
	l, err := n.API().Devices.Linking()
	if err != nil {
		n.t.Fatalf("linking: %v", err)
	}
	return l
}

// Add adds a device to the person of a node: the person types each device's code on
// the other one.
func (n *Node) Add(other *Node) {
	n.t.Helper()
	if _, err := other.API().Devices.Open(n.offer()); err != nil {
		n.t.Fatalf("open the link: %v", err)
	}
	ours, theirs := n.codes(), other.codes()
	n.enter(ours, theirs.Code)
	other.enter(theirs, ours.Code)
	other.Until("the device is added", func() bool { return other.linking().State == "done" })
	if l := other.linking(); l.Problem != "" {
		n.t.Fatalf("the device is added with a problem: %s", l.Problem)
	}
	n.Until("the other device knows it", func() bool { return n.linking().State == "done" })
}

// devices lists the own devices.
func (n *Node) devices() []api.Device {
	n.t.Helper()
	all, err := n.API().Devices.List()
	if err != nil {
		n.t.Fatalf("devices: %v", err)
	}
	return all
}

// other is the own device that is not this one.
func (n *Node) other() api.Device {
	n.t.Helper()
	all := n.devices()
	i := slices.IndexFunc(all, func(d api.Device) bool { return !d.Self })
	if i < 0 {
		n.t.Fatalf("no other device among %+v", all)
	}
	return all[i]
}

func TestALinkedDeviceTalksAsItsPerson(t *testing.T) {
	ana, ben, phone := New(t), New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	ana.Say(ws, "from the computer")
	ana.Add(phone)
	phone.Until("the phone reads the history", func() bool { return slices.Equal(phone.Texts(ws), []string{"from the computer"}) })
	phone.Say(ws, "from the phone")
	for name, n := range map[string]*Node{"Ana": ana, "Ben": ben} {
		n.Until(name+" reads the phone", func() bool { return slices.Contains(n.Texts(ws), "from the phone") })
	}
	messages := ben.Messages(ws, ben.General(ws))
	if last := messages[len(messages)-1]; last.AuthorName != "Ana" || last.Device == messages[0].Device {
		t.Errorf("Ben reads %+v, want Ana from another device", last)
	}
	ben.Say(ws, "hello you two")
	phone.Until("the phone reads Ben", func() bool { return slices.Contains(phone.Texts(ws), "hello you two") })

	t.Run("and is listed, named and shown as new", func(t *testing.T) {
		if all := phone.devices(); len(all) != 2 || !all[0].Self || all[1].Self {
			t.Fatalf("the phone lists %+v", all)
		}
		if err := ana.API().Devices.Rename(api.DeviceName{Device: ana.other().ID, Name: "Ana's phone"}); err != nil {
			t.Fatal(err)
		}
		phone.Until("the phone knows its name", func() bool { return phone.devices()[0].Name == "Ana's phone" })
		people, err := ben.API().People.List(ws)
		if err != nil || people[slices.IndexFunc(people, func(p api.Person) bool { return p.Name == "Ana" })].State != "new-device" {
			t.Errorf("Ben lists %+v, %v; want Ana with a new device", people, err)
		}
		of, err := ben.API().Devices.Of(ws, people[0].ID)
		if err != nil || len(of) != 2 || of[0].Name != "" {
			t.Errorf("Ben lists %+v, %v; want two devices without names", of, err)
		}
	})

	t.Run("and is named where it is missing", func(t *testing.T) {
		phone.Stop()
		missing := func(n *Node) (names []string) {
			found, err := n.API().Settings.Doctor()
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(found.Checks, func(c api.Check) bool { return c.Name == "members" })
			return found.Checks[at].Values
		}
		for n, want := range map[*Node]string{ana: "Ana (Ana's phone)", ben: "Ana"} {
			n.Until("the phone is gone", func() bool { return slices.Contains(missing(n), want) })
		}
	})
}

// An owner removes a device of somebody, who stays with the others.
func TestAnOwnerRemovesOneDeviceOfSomebody(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben")
	ana, ben, phone := nodes[0], nodes[1], New(t)
	ben.Add(phone)
	ana.known(ws, "Ben", func(p api.Person) bool { return p.Devices == 2 })
	person := ana.person(ws, "Ben")
	all, err := ana.API().Devices.Of(ws, person)
	if err != nil || len(all) != 2 || all[0].Number != 1 || all[1].Number != 2 {
		t.Fatalf("the devices of Ben: %+v, %v", all, err)
	}
	own := ana.devices()[0].ID
	var known *api.Error
	if err := ben.API().Devices.Remove(api.DeviceRemoval{Workspace: ws, Device: own}); !errors.As(err, &known) || known.Code != api.CodeRefused {
		t.Errorf("a member removes a device of an owner: %v", err)
	}
	if err := ana.API().Devices.Remove(api.DeviceRemoval{Workspace: ws, Device: all[1].ID}); err != nil {
		t.Fatal(err)
	}
	phone.Until("the phone knows", func() bool { return phone.workspace(ws).State == "removed" })
	ben.known(ws, "Ben", func(p api.Person) bool { return p.Devices == 1 })
	ben.Say(ws, "still here")
	ana.Until("Ben goes on", func() bool { return slices.Contains(ana.Texts(ws), "still here") })
	if left, err := ana.API().Devices.Of(ws, person); err != nil || left[0].Removed || !left[1].Removed {
		t.Errorf("the devices of Ben: %+v, %v", left, err)
	}
}

func TestARemovedDeviceIsRefusedAtFirstContact(t *testing.T) {
	ana, ben, phone := New(t), New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	ana.Add(phone)
	phone.Say(ws, "before it was lost")
	for _, n := range []*Node{ana, ben} {
		n.Until("everybody reads the phone", func() bool { return slices.Contains(n.Texts(ws), "before it was lost") })
	}
	lost := ana.other()
	phone.Stop()
	if err := ana.API().Devices.Remove(api.DeviceRemoval{Device: lost.ID}); err != nil {
		t.Fatal(err)
	}
	if all := ana.devices(); len(all) != 1 {
		t.Errorf("Ana lists %+v, want one device", all)
	}
	ben.Until("Ben knows", func() bool {
		people, err := ben.API().People.List(ws)
		return err == nil && slices.IndexFunc(people, func(p api.Person) bool { return p.Name == "Ana" && p.Devices == 1 }) >= 0
	})
	ana.Say(ws, "not for the thief")

	begun := time.Now()
	phone.Start()
	// It is refused once the phone knows that it was removed.
	_, _ = phone.API().Chat.Send(api.NewMessage{Workspace: ws, Channel: ana.General(ws), Text: "I am a thief"})
	for time.Since(begun) < 5*time.Second { // what may not happen is told by nothing
		for name, n := range map[string]*Node{"Ana": ana, "Ben": ben} {
			status, err := n.API().Settings.Status()
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(status.Peers, func(p api.Peer) bool { return p.Peer == phone.Peer() }) {
				t.Fatalf("%s is connected to a removed device after %s", name, time.Since(begun))
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	if slices.Contains(ana.Texts(ws), "I am a thief") || slices.Contains(ben.Texts(ws), "I am a thief") {
		t.Error("a removed device was heard")
	}
	phone.Until("the phone knows", func() bool { return phone.workspace(ws).State == "removed" })
	if channels, err := phone.API().Chat.Channels(ws); err != nil || slices.ContainsFunc(channels, func(c api.Channel) bool { return c.Unread > 0 }) {
		t.Errorf("a removed device reads on: %+v, %v", channels, err)
	}
	if !slices.Contains(ben.Texts(ws), "before it was lost") {
		t.Error("what the device wrote before is gone")
	}

	t.Run("also while it is connected", func(t *testing.T) {
		tablet := New(t)
		ana.Add(tablet)
		if err := ana.API().Devices.Remove(api.DeviceRemoval{Device: ana.other().ID}); err != nil {
			t.Fatal(err)
		}
		tablet.Until("nobody talks to it any more", func() bool {
			status, err := tablet.API().Settings.Status()
			return err == nil && len(status.Peers) == 0
		})
	})
	t.Run("and a device does not remove itself", func(t *testing.T) {
		err := ana.API().Devices.Remove(api.DeviceRemoval{Device: ana.devices()[0].ID})
		var known *api.Error
		if !errors.As(err, &known) || known.Code != api.CodeInvalid {
			t.Errorf("remove this device: %v", err)
		}
	})
}

func TestReadMarksDraftsAndSettingsTravel(t *testing.T) {
	ana, ben, phone := New(t), New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	unread := func(n *Node) int {
		channels, err := n.API().Chat.Channels(ws)
		if err != nil {
			t.Fatal(err)
		}
		return channels[0].Unread
	}
	draft := func(n *Node) string {
		channels, err := n.API().Chat.Channels(ws)
		if err != nil {
			t.Fatal(err)
		}
		return channels[0].Draft
	}
	read := func(n *Node, message string) {
		t.Helper()
		if err := n.API().Chat.MarkRead(api.ReadMark{Workspace: ws, Channel: n.General(ws), Message: message}); err != nil {
			t.Fatal(err)
		}
	}
	ben.Say(ws, "one")
	two := ben.Say(ws, "two")
	ana.Until("Ana has both", func() bool { return unread(ana) == 2 })
	read(ana, two)
	if err := ana.API().Settings.SetPreferences(api.Preferences{Language: "fr", Theme: "dark"}); err != nil {
		t.Fatal(err)
	}
	if err := ana.API().Chat.SaveDraft(api.Draft{Workspace: ws, Channel: ana.General(ws), Text: "not yet"}); err != nil {
		t.Fatal(err)
	}
	ana.Add(phone) // what Ana alone knew until now goes to the new device
	phone.Until("the phone has read what Ana has", func() bool { return len(phone.Texts(ws)) == 2 && unread(phone) == 0 })
	phone.Until("the phone has Ana's draft", func() bool { return draft(phone) == "not yet" })
	phone.Until("the phone speaks French", func() bool {
		p, err := phone.API().Settings.Preferences()
		return err == nil && p.Language == "fr" && p.Theme == "dark"
	})

	three := ben.Say(ws, "three")
	for _, n := range []*Node{ana, phone} {
		n.Until("one message is new", func() bool { return unread(n) == 1 })
	}
	read(phone, three)
	ana.Until("Ana has read what the phone has", func() bool { return unread(ana) == 0 })
	if err := phone.API().Chat.SaveDraft(api.Draft{Workspace: ws, Channel: phone.General(ws), Text: ""}); err != nil {
		t.Fatal(err)
	}
	ana.Until("the draft is gone", func() bool { return draft(ana) == "" })
	ben.Say(ws, "four")
	ana.Until("a new message is new", func() bool { return unread(ana) == 1 })
	if people, err := ben.API().People.List(ws); err != nil || len(people) != 2 {
		t.Errorf("Ben lists %+v, %v", people, err)
	}
}
