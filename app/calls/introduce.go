package calls

import (
	"parvis/crdt/guest"
	"parvis/crdt/seal"
)

// Guests see and hear each other over connections of their own (L71). Members tell them of
// each other and carry what they need for it; nothing of it concerns the media room here.

// others are the guests who were let in, but for one.
func (b *lobby) others(but *visitor) (all []*visitor) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range b.visitors {
		if v.in && v != but {
			all = append(all, v)
		}
	}
	return all
}

// card is what other guests are told of one.
func (b *lobby) card(v *visitor) guest.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return guest.Message{Type: guest.Other, Mark: v.id, Text: v.name, Flags: v.state.flags() & guestFlags}
}

// introduce tells a guest who was let in of the others, and them of it.
func (b *lobby) introduce(v *visitor) {
	for _, other := range b.others(v) {
		v.say(b.card(other))
	}
	b.present(v)
}

// present tells the other guests how one is now.
func (b *lobby) present(v *visitor) {
	card := b.card(v)
	for _, other := range b.others(v) {
		other.say(card)
	}
}

// withdraw tells the other guests that one is there no more.
func (b *lobby) withdraw(v *visitor) {
	for _, other := range b.others(v) {
		other.say(guest.Message{Type: guest.OtherGone, Mark: v.id})
	}
}

// relay carries what one guest says to another. What is in it is for that one to judge.
func (b *lobby) relay(from *visitor, m guest.Message) {
	b.mu.Lock()
	to := b.visitors[seal.ID(m.Mark)]
	in := to != nil && to.in && to != from
	b.mu.Unlock()
	if in {
		to.say(guest.Message{Type: guest.Relay, Mark: from.id, Text: m.Text})
	}
}
