package chat_test

import (
	"errors"
	"strings"
	"testing"

	"parvis/app/chat"
	"parvis/crdt/seal"
)

// damage closes a replica, changes its database behind its back and opens it.
func (r *replica) damage(t *testing.T, statement string) {
	t.Helper()
	r.Damage(t, statement)
	r.open()
}

func TestT23ADamagedRowIsRestoredFromItsEnvelope(t *testing.T) {
	for what, statement := range map[string]string{
		"text":    `UPDATE chat_message SET content = zeroblob(length(content)) WHERE op = 0`,
		"a bit":   `UPDATE chat_message SET content = CAST(substr(content, 1, 40) || CASE substr(content, 41, 1) WHEN x'00' THEN x'01' ELSE x'00' END || substr(content, 42) AS BLOB) WHERE op = 0`,
		"place":   `UPDATE chat_message SET lamport = lamport + 4 WHERE op = 0`,
		"time":    `UPDATE chat_message SET sent = sent + 1 WHERE op = 0`,
		"flags":   `UPDATE chat_message SET flags = 3 WHERE op = 0`,
		"state":   `UPDATE chat_message SET state = state + 1 WHERE op = 0`,
		"an edit": `UPDATE chat_message SET content = zeroblob(100) WHERE op = 1`,
	} {
		t.Run(what, func(t *testing.T) {
			r := newWorld(2).replica(t, 1)
			id := r.send(t, "first")
			if err := r.chat.Edit(t.Context(), r.ws, r.general(), id, "last words"); err != nil {
				t.Fatal(err)
			}
			want := r.page(t)[0]
			r.damage(t, statement)

			wantTexts(t, r, "last words")
			if len(r.trouble) != 1 || !strings.Contains(r.trouble[0], "“general”") || !strings.Contains(r.trouble[0], "restored") {
				t.Errorf("told %q, want one sentence with the channel's name", r.trouble)
			}
			if got := r.page(t)[0]; got.Place != want.Place || got.SentMs != want.SentMs || len(r.trouble) != 1 {
				t.Errorf("restored as %+v, told %q", got, r.trouble)
			}
		})
	}
}

func TestT23WhatCannotBeRestoredIsLeftOutAndNamed(t *testing.T) {
	r := newWorld(2).replica(t, 1)
	r.send(t, "first")
	r.Forget()
	r.damage(t, `UPDATE chat_message SET content = zeroblob(100)`)
	wantTexts(t, r)
	if len(r.trouble) != 1 || !strings.Contains(r.trouble[0], "could not be restored") {
		t.Errorf("told %q", r.trouble)
	}
}

func TestT23ADamagedChannelNameIsRestored(t *testing.T) {
	r := newWorld(2).replica(t, 1)
	channel, err := r.chat.CreateChannel(t.Context(), r.ws, seal.SpaceID{}, "design")
	err = errors.Join(err, r.chat.RenameChannel(t.Context(), r.ws, channel.ID, "drafts"))
	if err != nil {
		t.Fatal(err)
	}
	r.damage(t, `UPDATE chat_channel SET made = 0, name = zeroblob(50) WHERE made = 1`)
	if got := r.channel(t, channel.ID).Name; got != "drafts" {
		t.Errorf("the channel is called %q", got)
	}
	r.open()
	if got := r.channel(t, channel.ID).Name; got != "drafts" || len(r.trouble) != 1 {
		t.Errorf("after a restart it is called %q, told %q", got, r.trouble)
	}
	if _, err := r.chat.Send(t.Context(), r.ws, channel.ID, chat.Post{Text: "x"}); err != nil {
		t.Error(err)
	}
}

func TestT23AScrubFindsWhatDamageHid(t *testing.T) {
	for what, statement := range map[string]string{
		"channel":     `UPDATE chat_message SET chan = 77`,
		"operation":   `UPDATE chat_message SET op = 3`,
		"short id":    `UPDATE chat_message SET short = short + 1`,
		"a target":    `UPDATE chat_message SET about = 5, target = zeroblob(32)`,
		"bad for now": `UPDATE chat_message SET state = 3`,
	} {
		t.Run(what, func(t *testing.T) {
			r := newWorld(2).replica(t, 1)
			r.send(t, "first")
			r.damage(t, statement)
			if err := r.chat.Scrub(t.Context(), r.ws); err != nil {
				t.Fatal(err)
			}
			wantTexts(t, r, "first")
			if len(r.trouble) != 1 || !strings.Contains(r.trouble[0], "restored") {
				t.Errorf("told %q", r.trouble)
			}
			if err := r.chat.Scrub(t.Context(), r.ws); err != nil || len(r.trouble) != 1 {
				t.Errorf("a second scrub gives %v and told %q", err, r.trouble)
			}
		})
	}
}
