package calls_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/calls"
	"parvis/crdt/call"
	"parvis/crdt/guest"
	"parvis/crdt/seal"
	"parvis/media"
)

// open makes a meeting link and says its secret.
func (d *device) link() (calls.Link, guest.Secret) {
	d.t.Helper()
	made, err := d.calls.MakeLink(d.t.Context(), ws, hall)
	if err != nil {
		d.t.Fatal(err)
	}
	d.world.spread()
	_, fragment, _ := strings.Cut(made.URL, "/meet#")
	secret, err := guest.ParseFragment(fragment)
	if err != nil {
		d.t.Fatal(made.URL, err)
	}
	return made, secret
}

// reception is a call of Ana and Ben with a link, Cleo beside it.
func reception(t *testing.T) (w *world, ana, ben, cleo *device, id call.ID, secret guest.Secret) {
	w, ana, ben, cleo, id = trio(t, hall)
	w.porch.all = []seal.ID{{9}}
	_, secret = ana.link()
	return w, ana, ben, cleo, id, secret
}

// guests is the guests in a call and those who wait, as a device sees them.
func (d *device) guests(id call.ID) string {
	c := d.see(id)
	var in, waiting []string
	for _, p := range c.Participants {
		if p.Guest {
			in = append(in, p.Name)
		}
	}
	for _, k := range c.Lobby {
		waiting = append(waiting, k.Name)
	}
	slices.Sort(in)
	return strings.Join(in, ",") + "|" + strings.Join(waiting, ",")
}

func (w *world) seen(t testing.TB, id call.ID, want string, by ...*device) {
	t.Helper()
	for _, d := range by {
		w.until(t, fmt.Sprintf("%s to see the guests %q", d.person.Short(), want), func() bool { return d.guests(id) == want })
	}
}

func (d *device) admit(g *page) {
	d.t.Helper()
	if err := d.calls.Admit(d.t.Context(), g.id()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *device) remove(g *page) {
	d.t.Helper()
	if err := d.calls.Remove(d.t.Context(), g.id()); err != nil {
		d.t.Fatal(err)
	}
}

// hosts reports whether a device has a guest in its room.
func (d *device) hosts(g *page) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Contains(d.rooms[len(d.rooms)-1].guests, media.ID(g.id()))
}

// slowly lets time go by until something holds.
func (w *world) slowly(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); !holds(); {
		if time.Now().After(limit) {
			t.Fatalf("gave up waiting: %s", what)
		}
		w.pass(500 * time.Millisecond)
		select {
		case <-w.stir:
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestL60LinksAreMadeAndRevoked(t *testing.T) {
	w, ana, ben, cleo, _ := trio(t, hall)
	if _, err := ana.calls.MakeLink(t.Context(), ws, hall); !errors.Is(err, calls.ErrNoDoor) {
		t.Errorf("without a super-peer that receives guests: %v", err)
	}
	w.porch.all = []seal.ID{{9}, {7}}
	made, secret := ben.link()
	if want := secret.URL("https://" + seal.ID{7}.Short()); made.URL != want || made.ID == calls.LinkID(secret) {
		t.Errorf("the link %q, want %q", made.URL, want)
	}
	urls := func(d *device) (all []string) {
		valid, err := d.calls.Links(t.Context(), ws, hall)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range valid {
			all = append(all, l.URL)
		}
		return all
	}
	for _, d := range w.devices {
		if got := urls(d); len(got) != 1 || got[0] != made.URL {
			t.Errorf("%s has %v", d.person.Short(), got)
		}
	}
	if err := cleo.calls.RevokeLink(t.Context(), ws, hall, made.ID); !errors.Is(err, calls.ErrNotYours) {
		t.Errorf("L60 revoked by who neither made it nor moderates: %v", err)
	}
	_, again := ben.link()
	if err := ana.calls.RevokeLink(t.Context(), ws, hall, made.ID); err != nil {
		t.Errorf("L60 by a moderator: %v", err)
	}
	w.spread()
	for _, d := range w.devices {
		if got := urls(d); len(got) != 1 || !strings.HasSuffix(got[0], again.Fragment()) {
			t.Errorf("%s has %v", d.person.Short(), got)
		}
	}
	ana.bar(ben, true)
	if got := urls(ana); len(got) != 0 {
		t.Errorf("L60 who made it has gone, and it is valid: %v", got)
	}
}

func TestL61FourLinksOfAChannelAreValid(t *testing.T) {
	w, ana, ben, _, _ := trio(t, hall)
	w.porch.all = []seal.ID{{9}}
	var made []calls.Link
	for range calls.MaxLinks {
		w.clock.Add(1000)
		l, _ := ana.link()
		made = append(made, l)
	}
	if _, err := ben.calls.MakeLink(t.Context(), ws, hall); !errors.Is(err, calls.ErrLinks) {
		t.Errorf("a fifth: %v", err)
	}
	// Made elsewhere at the same time: the last ones count.
	secret := guest.NewSecret()
	w.clock.Add(1000)
	envelope := ben.envelope(main, encode(t, calls.Body{Op: calls.OpLink, Call: call.ID(secret), Channel: hall}))
	other := ben.envelope(direct, encode(t, calls.Body{Op: calls.OpLink, Call: call.ID(guest.NewSecret()), Channel: hall})) // of another space
	for _, d := range w.devices {
		d.Deliver(t, envelope, other)
		valid, err := d.calls.Links(t.Context(), ws, hall)
		if err != nil || len(valid) != calls.MaxLinks || valid[3].By != ben.person || valid[0].ID != made[1].ID {
			t.Errorf("%s: %d links, %v", d.person.Short(), len(valid), err)
		}
	}
}

func TestL62AGuestWaitsUntilSomebodyLetsItIn(t *testing.T) {
	w, ana, ben, cleo, id, secret := reception(t)
	var told []calls.GuestEvent
	ana.calls.Guests.Subscribe(func(e calls.GuestEvent) { ana.note(func() { told = append(told, e) }) })
	marc := w.visit(t, secret, "Marc\u202e")
	w.seen(t, id, "|Marc", ana, ben)
	w.until(t, "the guest to hear that it waits", func() bool { return marc.state() == guest.Waiting })
	if ana.hosts(marc) || len(cleo.see(id).Lobby) > 0 || marc.of(ana, guest.Hello) > 0 {
		t.Error("a guest who waits has a connection, or is told something, or is shown outside of the call")
	}
	ben.admit(marc)
	w.seen(t, id, "Marc|", ana, ben)
	for _, d := range []*device{ana, ben} {
		w.until(t, "an offer to the guest", func() bool {
			return d.hosts(marc) && marc.of(d, guest.Hello) == 1 && marc.of(d, guest.Status) >= 1 && marc.of(d, guest.Offer) == 1
		})
	}
	marc.says(ana, guest.Message{Type: guest.Reply, Text: "answer", Mark: [32]byte{3}})
	marc.says(ana, guest.Message{Type: guest.Ice, Text: "candidate"})
	marc.says(ana, guest.Message{Type: guest.Status, Text: "Marc Aurel", Flags: guest.Camera | guest.Hand | 32})
	short := guest.Short(marc.id())
	w.until(t, "what the guest answers in the room", func() bool {
		log := ana.log()
		return slices.Contains(log, "answer "+short) && slices.Contains(log, "candidate "+short)
	})
	w.seen(t, id, "Marc Aurel|", ana)
	for _, p := range ana.see(id).Participants {
		if p.Guest && (p.State != calls.State{Camera: true, Hand: true} || p.Device != marc.id()) {
			t.Errorf("Ana sees %+v", p)
		}
	}
	if got := ana.there(id); got != "ab" {
		t.Errorf("the participants are %q", got)
	}
	ana.note(func() {
		if len(told) != 2 || told[0].What != calls.Knocked || told[1].What != calls.LetIn || told[0].Name != "Marc" {
			t.Errorf("Ana was told %+v", told)
		}
	})
	stats, err := ana.calls.Stats(t.Context(), ws, id)
	if err != nil || len(stats.Participants) != 2 || stats.Participants[0].Name != "Marc Aurel" {
		t.Errorf("statistics %+v, %v", stats, err)
	}
	if err := ana.calls.Set(t.Context(), calls.State{Muted: true, Recording: true}); err != nil {
		t.Fatal(err)
	}
	w.until(t, "the guest to hear what Ana does", func() bool {
		marc.mu.Lock()
		defer marc.mu.Unlock()
		all := marc.heard[ana.Device]
		return len(all) > 0 && all[len(all)-1] == guest.Message{Type: guest.Status, Flags: guest.Muted}
	})
	if err := cleo.calls.Admit(t.Context(), marc.id()); !errors.Is(err, calls.ErrNotIn) {
		t.Errorf("let in from outside of the call: %v", err)
	}
	if err := ana.calls.Admit(t.Context(), seal.ID{0, 0, 0, 0, 1}); !errors.Is(err, calls.ErrNoGuest) {
		t.Errorf("nobody: %v", err)
	}
}

func TestL62OnePageIsOneGuest(t *testing.T) {
	w, ana, ben, _, id, secret := reception(t)
	marc := w.visit(t, secret, "Marc")
	w.seen(t, id, "|Marc", ana, ben)
	w.until(t, "an answer of both", func() bool { return marc.answered() == 2 })
	marc.mu.Lock()
	own := marc.key
	marc.key = seal.NewExchangeKey() // its program knocks on with other keys
	marc.name = "Zoé"
	marc.mu.Unlock()
	w.porch.mu.Lock()
	doors := slices.Clone(w.porch.doors)
	w.porch.mu.Unlock()
	done := make(chan struct{})
	for _, d := range doors {
		w.porch.do(func() { marc.meets(d) })
	}
	w.porch.do(func() { close(done) })
	<-done
	if got := ana.guests(id); got != "|Marc" {
		t.Errorf("Ana sees %q", got)
	}
	marc.mu.Lock()
	marc.key = own
	marc.mu.Unlock()
	lea := w.visit(t, secret, "Léa\n\u200b")
	nobody := w.visit(t, secret, "\u202e\u200b")
	w.until(t, "one more", func() bool { return len(ana.see(id).Lobby) == 2 })
	if nobody.state() != 0 || lea.dropped {
		t.Error("who has no name is answered")
	}
}

func TestL63WhoJoinsLaterLearnsWhoWasLetIn(t *testing.T) {
	w, ana, ben, cleo, id, secret := reception(t)
	marc := w.visit(t, secret, "Marc")
	w.seen(t, id, "|Marc", ana, ben)
	ana.admit(marc)
	w.seen(t, id, "Marc|", ana, ben)
	cleo.join(id)
	w.until(t, "Cleo to hear the knock", func() bool { return cleo.guests(id) != "|" })
	w.pass(calls.HintEvery)
	w.seen(t, id, "Marc|", cleo)
	w.until(t, "an offer of Cleo", func() bool { return cleo.hosts(marc) && marc.of(cleo, guest.Offer) == 1 })
	// Notes of who is not in the call do not count, and what is no guest is none.
	for what, n := range map[string]calls.Note{
		"L63 a device":       {V: 1, Call: id, What: 5, Of: ana.Device},
		"L63 nobody":         {V: 1, Call: id, What: 5},
		"L63 removes device": {V: 1, Call: id, What: 6, Of: ana.Device},
	} {
		data, err := n.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := calls.DecodeNote(data); err == nil {
			t.Errorf("%s: it is a note", what)
		}
	}
	cleo.leave()
	w.until(t, "the guest to hear that Cleo left", func() bool { return marc.of(cleo, guest.Gone) == 1 })
	body, err := calls.Note{V: 1, Call: id, What: 6, Of: marc.id()}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	ana.Hear(main, cleo.Device, body)
	if !ana.hosts(marc) {
		t.Error("L63 a note of who is not in the call counts")
	}
}

func TestL64WhoWasRemovedStaysSo(t *testing.T) {
	w, ana, ben, cleo, id, secret := reception(t)
	marc := w.visit(t, secret, "Marc")
	w.seen(t, id, "|Marc", ana)
	w.clock.Add(1)
	lea := w.visit(t, secret, "Léa")
	w.seen(t, id, "|Marc,Léa", ana) // who came first stands first
	w.until(t, "both at Ben's", func() bool { return len(ben.see(id).Lobby) == 2 })
	ana.remove(lea)
	w.until(t, "the refused one to be sent away", func() bool { return lea.state() == guest.Refused && lea.isDropped() })
	ana.admit(marc)
	w.seen(t, id, "Marc|", ana, ben)
	ben.deaf.Store(true)
	ana.remove(marc)
	w.until(t, "the removed one to be told", func() bool { return marc.of(ana, guest.Removed) == 1 && marc.isDropped() && !ana.hosts(marc) })
	ben.deaf.Store(false)
	cleo.join(id)
	w.pass(calls.HintEvery)
	w.until(t, "Ben to know it too", func() bool { return !ben.hosts(marc) && ben.guests(id) == "|" })
	// Ben still said that it was let in, and it comes again with the same key.
	marc.comes()
	w.pass(2 * calls.HintEvery)
	w.until(t, "it to be refused again", func() bool { return marc.state() == guest.Refused })
	for _, d := range []*device{ana, ben, cleo} {
		w.until(t, "nobody to have it", func() bool { return !d.hosts(marc) && d.guests(id) == "|" })
	}
	if err := ana.calls.Admit(t.Context(), marc.id()); !errors.Is(err, calls.ErrNoGuest) {
		t.Errorf("let in again: %v", err)
	}
}

func TestL65AGuestWhoseLineBrokeComesBack(t *testing.T) {
	w, ana, ben, _, id, secret := reception(t)
	marc := w.visit(t, secret, "Marc")
	w.seen(t, id, "|Marc", ana, ben)
	ana.admit(marc)
	w.seen(t, id, "Marc|", ana, ben)
	marc.goAway()
	w.pass(10 * time.Second)
	if ana.guests(id) != "Marc|" {
		t.Fatal("it has gone at once")
	}
	marc.comes()
	w.until(t, "it to be greeted again in the same session", func() bool { return marc.of(ana, guest.Hello) == 2 && marc.of(ben, guest.Hello) == 2 })
	if n := marc.of(ana, guest.Offer); n != 1 {
		t.Errorf("%d offers although the connection is there", n)
	}
	// The super-peer dies and comes back.
	w.porch.mu.Lock()
	doors := slices.Clone(w.porch.doors)
	w.porch.all = nil
	w.porch.mu.Unlock()
	for _, d := range doors {
		d.Close()
	}
	marc.goAway()
	w.pass(calls.GoneAfter)
	w.porch.mu.Lock()
	w.porch.all = []seal.ID{{9}}
	w.porch.mu.Unlock()
	marc.comes()
	w.pass(calls.GoneAfter)
	w.slowly(t, "it to be greeted a third time", func() bool {
		return marc.of(ana, guest.Hello) == 3 && marc.of(ben, guest.Hello) == 3
	})
	// It goes for good: neither its line nor its connection is there.
	ana.note(func() { ana.rooms[0].broken = map[media.ID]bool{media.ID(marc.id()): true} })
	marc.goAway()
	w.slowly(t, "it to be forgotten", func() bool {
		return ana.guests(id) == "|"
	})
	if ben.guests(id) != "Marc|" {
		t.Error("L65 its connection to Ben is still there")
	}
	lea := w.visit(t, secret, "Léa")
	w.until(t, "another one", func() bool { return strings.HasSuffix(ana.guests(id), "|Léa") })
	lea.goAway()
	w.until(t, "who waits to be gone with the page", func() bool { return strings.HasSuffix(ana.guests(id), "|") })
}

func TestL66GuestsChooseNoForwarderAndAreCountedByNobody(t *testing.T) {
	w := newWorld()
	w.porch.all = []seal.ID{{9}}
	for n := byte(1); n <= 5; n++ {
		w.device(t, n, n)
	}
	all, fifth := w.devices[:4], w.devices[4]
	id := all[0].start(hall).ID
	w.pass(calls.HintEvery)
	for _, d := range all[1:] {
		d.join(id)
	}
	_, secret := all[0].link()
	var pages []*page
	for n := range 3 {
		g := w.visit(t, secret, fmt.Sprint("guest ", n))
		w.until(t, "it to wait", func() bool { return len(all[0].see(id).Lobby) == 1 })
		all[0].admit(g)
		pages = append(pages, g)
	}
	for _, d := range all {
		w.until(t, "all guests in", func() bool { return len(d.see(id).Participants) == 7 })
	}
	broken := map[media.ID]bool{media.ID(pages[0].id()): true}
	for _, d := range all {
		d.note(func() { d.rooms[0].broken = broken })
		d.rooms[0].config.Changed()
	}
	w.pass(10 * time.Second)
	route := func(d *device) (via media.ID) {
		d.note(func() { via = d.rooms[0].via })
		return via
	}
	for _, d := range all {
		if got := route(d); got != (media.ID{}) {
			t.Errorf("four members and three guests have the forwarder %v", got)
		}
		for _, said := range d.lives() {
			if n, err := calls.WayMisses(said); err == nil && n > 0 {
				t.Error("a guest is missed")
			}
		}
	}
	fifth.join(id)
	w.slowly(t, "five members to have one of them as forwarder", func() bool {
		via := route(all[0])
		return via != (media.ID{}) && w.number(via) >= 0 && route(fifth) == via
	})
	if c := fifth.see(id); c.Participants[0].Guest {
		t.Error("guests stand before members")
	}
}

func TestL67AtMostEightGuestsAreInACall(t *testing.T) {
	w, ana, ben, _, id, secret := reception(t)
	for n := range calls.MaxGuests {
		g := w.visit(t, secret, fmt.Sprint("guest ", n))
		w.until(t, "it to wait", func() bool { return len(ana.see(id).Lobby) == 1 })
		ana.admit(g)
	}
	w.until(t, "eight at Ben's", func() bool { return len(ben.see(id).Participants) == 10 })
	last := w.visit(t, secret, "one more")
	w.until(t, "it to wait", func() bool { return len(ana.see(id).Lobby) == 1 })
	if err := ana.calls.Admit(t.Context(), last.id()); !errors.Is(err, calls.ErrGuests) {
		t.Errorf("a ninth: %v", err)
	}
	before := len(ana.lives())
	w.clock.Add(2000) // another second for the hints
	ana.calls.Tick()
	if n := len(ana.lives()) - before; n > 20 {
		t.Errorf("%d hints in one go, of which 20 a second are heard", n)
	}
	w.seen(t, id, strings.Split(ana.guests(id), "|")[0]+"|one more", ben)
}

func TestL68ALinkThatIsRevokedLetsNobodyIn(t *testing.T) {
	w, ana, ben, _, id := trio(t, hall)
	w.porch.all = []seal.ID{{9}}
	made, secret := ana.link()
	marc, lea := w.visit(t, secret, "Marc"), w.visit(t, secret, "Léa")
	w.until(t, "both to wait", func() bool { return len(ana.see(id).Lobby) == 2 && len(ben.see(id).Lobby) == 2 })
	ana.admit(marc)
	w.seen(t, id, "Marc|Léa", ana, ben)
	if err := ana.calls.RevokeLink(t.Context(), ws, hall, made.ID); err != nil {
		t.Fatal(err)
	}
	w.spread()
	w.until(t, "who waits to be told", func() bool { return lea.state() == guest.Revoked && lea.isDropped() })
	w.seen(t, id, "Marc|", ana, ben)
	late := w.visit(t, secret, "Zoé")
	w.until(t, "who comes later to be told", func() bool { return late.state() == guest.Revoked })
	marc.goAway()
	w.until(t, "the line to be broken", func() bool { return ana.guests(id) == "Marc|" })
	marc.comes()
	w.until(t, "who was let in to come back", func() bool { return marc.of(ana, guest.Hello) == 2 })
	ana.remove(marc)
	w.slowly(t, "the doors to be shut", func() bool {
		w.porch.mu.Lock()
		defer w.porch.mu.Unlock()
		return len(w.porch.doors) == 0
	})
}

func TestL69ARecordingNeedsTheGuestsToo(t *testing.T) {
	w, ana, ben, _, id, secret := reception(t)
	marc := w.visit(t, secret, "Marc")
	w.seen(t, id, "|Marc", ana, ben)
	ana.ask(true)
	ana.admit(marc)
	w.until(t, "the guest to be asked", func() bool { return marc.of(ana, guest.Asks) == 1 })
	if marc.of(ben, guest.Asks) != 0 {
		t.Error("asked by who does not record")
	}
	consent := func() calls.Answer {
		for _, p := range ana.see(id).Participants {
			if p.Guest {
				return p.Consent
			}
		}
		return calls.Unanswered
	}
	if consent() != calls.Unanswered {
		t.Error("it agrees before it was asked")
	}
	marc.mu.Lock()
	all := marc.heard[ana.Device]
	mark := all[slices.IndexFunc(all, func(m guest.Message) bool { return m.Type == guest.Asks })].Mark
	marc.mu.Unlock()
	marc.says(ana, guest.Message{Type: guest.Consent, Mark: [32]byte{1}, Flags: 1})
	marc.says(ana, guest.Message{Type: guest.Consent, Mark: mark})
	w.until(t, "a refusal", func() bool { return consent() == calls.Refused })
	marc.says(ana, guest.Message{Type: guest.Consent, Mark: mark, Flags: 1})
	w.until(t, "its consent", func() bool { return consent() == calls.Agreed })
	ana.ask(false)
	w.until(t, "the guest to hear that nobody asks any more", func() bool { return marc.of(ana, guest.Asks) == 2 && consent() == calls.Unanswered })
}

func TestL70TheLastMemberEndsTheCallForTheGuests(t *testing.T) {
	w, ana, ben, _, id, secret := reception(t)
	marc := w.visit(t, secret, "Marc")
	w.seen(t, id, "|Marc", ana, ben)
	ana.admit(marc)
	w.seen(t, id, "Marc|", ana, ben)
	w.until(t, "a greeting", func() bool { return marc.of(ben, guest.Offer) == 1 && marc.of(ana, guest.Offer) == 1 })
	marc.says(ben, guest.Message{Type: guest.Bye})
	w.seen(t, id, "|", ben)
	ana.leave()
	w.until(t, "that Ana left", func() bool { return marc.of(ana, guest.Gone) == 1 })
	lea := w.visit(t, secret, "Léa")
	w.seen(t, id, "|Léa", ben)
	ben.admit(lea)
	w.seen(t, id, "Léa|", ben)
	ben.leave()
	w.until(t, "that the call is over", func() bool { return lea.of(ben, guest.Ended) == 1 })
	for _, g := range []*page{marc, lea} {
		if marc.of(ana, guest.Bye)+g.of(ben, guest.Bye) > 0 {
			t.Error("something is said behind a goodbye, which ends the line before it has left")
		}
	}
	if c := ben.see(id); c.EndedMs == 0 || len(c.Participants) > 0 {
		t.Errorf("the call: %+v", c)
	}
}
