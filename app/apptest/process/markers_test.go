package process

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/app/web/client"
	"parvis/app/web/endpoint"
	"parvis/crdt/seal"
)

// planted is what all markers of a run begin with; the search is for it, so that
// also a part of a marker is found.
type planted struct {
	prefix string
	count  int
}

func (p *planted) next() string {
	p.count++
	return fmt.Sprintf("%sn%04dx", p.prefix, p.count)
}

// forms are the ways in which a marker could lie on the disk.
func (p *planted) forms() map[string][]byte {
	raw := []byte(p.prefix)
	wide := make([]byte, 0, 2*len(raw))
	for _, b := range raw {
		wide = append(wide, b, 0)
	}
	forms := map[string][]byte{
		"plain": raw, "UTF-16": wide, "UTF-32": bytes.Join(bytes.Split(raw, nil), []byte{0, 0, 0}),
		"hex": []byte(hex.EncodeToString(raw)), "reversed": reversed(raw),
	}
	for shift := range 3 { // base64 in each of the three alignments, without the characters that neighbours change
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), raw...))
		forms[fmt.Sprintf("base64, shift %d", shift)] = []byte(text[4 : len(text)-4])
	}
	return forms
}

func reversed(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[len(b)-1-i] = c
	}
	return out
}

// search looks through every file below the folders, letter case apart.
func (p *planted) search(t *testing.T, folders ...string) (hits []string) {
	t.Helper()
	forms := p.forms()
	for _, folder := range folders {
		// A link leads to what tests share, not to what was written here.
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || entry.Type()&fs.ModeSymlink != 0 {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			lower := bytes.ToLower(content)
			for name, form := range forms {
				if bytes.Contains(content, form) || bytes.Contains(lower, bytes.ToLower(form)) {
					hits = append(hits, path+" ("+name+")")
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return hits
}

// talkTo opens a connection to a node's api, as the page does.
func talkTo(t *testing.T, n *clitest.Node) *client.Client {
	t.Helper()
	at, err := endpoint.Read(n.Data)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(t.Context(), at.Host, at.Token, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func ask[R any](t *testing.T, c *client.Client, method string, args ...json.RawMessage) R {
	t.Helper()
	result, err := client.Call[R](t.Context(), c, method, args...)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return result
}

func TestSearchFindsEveryForm(t *testing.T) {
	p := &planted{prefix: "q7zmarkerk4"}
	for name, form := range p.forms() {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "file"), append([]byte("before "), form...), 0o600); err != nil {
			t.Fatal(err)
		}
		if len(p.search(t, dir)) == 0 {
			t.Errorf("%s is not found", name)
		}
	}
	for shift := range 3 {
		dir := t.TempDir()
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("s", shift) + p.next() + " and more"))
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if len(p.search(t, dir)) == 0 {
			t.Errorf("base64 behind %d bytes is not found", shift)
		}
	}
}

// TestTheDataFolderShowsNothing plants 1,000 markers in texts, names, titles and drafts and
// looks for them in the data and temporary folders of writer and reader: while they run,
// killed, stopped, and locked. The writer's keys are under a passphrase.
func TestTheDataFolderShowsNothing(t *testing.T) {
	p := &planted{prefix: "mk" + seal.ID(seal.RandomKey()).String()[:14]}
	temporary := t.TempDir()
	nodes := make([]*clitest.Node, 2)
	for i := range nodes {
		nodes[i] = clitest.New(t, program)
		nodes[i].Env = []string{"TMPDIR=" + temporary, "SQLITE_TMPDIR=" + temporary, "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent"} // no keyring
	}
	ana, ben := nodes[0], nodes[1]
	locked := []string{program, "serve", "--data", ana.Data, "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"}
	ana.Serve = append(locked[:len(locked):len(locked)], "--passphrase-file", passphraseFile(t, "corret horse battery stable"))
	ana.Start(t)
	ben.Start(t)
	found(t, ana, p.next(), p.next())
	enter(t, ben, ana.Invite(t), p.next())
	last := plant(t, ana, p)
	if p.count < 1000 {
		t.Fatalf("only %d markers planted", p.count)
	}
	until(t, "the reader has the last message", func() bool { return firstMissing(ben.Messages(t, "general"), []string{last}) == "" })

	folders := []string{ana.Data, ben.Data, temporary}
	report := func(when string) {
		t.Helper()
		for _, hit := range p.search(t, folders...) {
			t.Errorf("%s: a marker lies in %s", when, hit)
		}
	}
	report("while they run")
	ana.Kill(t)
	report("after a kill")
	ana.Start(t)
	if firstMissing(ana.Messages(t, "general"), []string{last}) != "" {
		t.Error("the writer lost its last message by the kill")
	}
	ana.Stop(t)
	ben.Stop(t)
	report("when stopped")
	ana.Serve = locked
	ana.Start(t)
	refuse(t, ana, "locked", "chat", "list", "general")
	report("locked")
}

// plant puts markers everywhere a person can write and returns the last message of
// general.
func plant(t *testing.T, n *clitest.Node, p *planted) string {
	t.Helper()
	c := talkTo(t, n)
	ws := ask[[]api.Workspace](t, c, "Workspaces.List")[0]
	people := ask[[]api.Person](t, c, "People.List", client.Arg(ws.ID))
	other := people[slices.IndexFunc(people, func(p api.Person) bool { return !p.Self })].ID
	var spaces = []string{""}
	for range 10 {
		space := ask[api.Space](t, c, "Workspaces.CreateSpace", client.Arg(api.NewSpace{Workspace: ws.ID, Name: p.next(), People: []string{other}, History: "full"}))
		spaces = append(spaces, space.ID)
	}
	var channels []string
	for i := range 40 {
		made := ask[api.Channel](t, c, "Chat.CreateChannel", client.Arg(api.NewChannel{Workspace: ws.ID, Space: spaces[i%len(spaces)], Name: p.next()}))
		channels = append(channels, made.ID)
		if i%4 == 0 {
			ask[*client.Nothing](t, c, "Chat.RenameChannel", client.Arg(api.ChannelName{Workspace: ws.ID, Channel: made.ID, Name: p.next()}))
		}
	}
	direct := ask[api.Channel](t, c, "Chat.OpenDirect", client.Arg(api.Direct{Workspace: ws.ID, People: []string{other}}))
	channels = append(channels, direct.ID)
	for i := range 600 {
		m := api.NewMessage{Workspace: ws.ID, Channel: channels[i%len(channels)], Text: "lorem " + p.next() + " ipsum"}
		sent := ask[api.SentMessage](t, c, "Chat.Send", client.Arg(m))
		change := api.MessageChange{Workspace: ws.ID, Channel: m.Channel, ID: sent.ID}
		switch i % 10 {
		case 0:
			change.Text = "edited " + p.next()
			ask[*client.Nothing](t, c, "Chat.Edit", client.Arg(change))
		case 1:
			ask[*client.Nothing](t, c, "Chat.Delete", client.Arg(change))
		case 2:
			m.Thread, m.Text = sent.ID, "answer "+p.next()
			ask[api.SentMessage](t, c, "Chat.Send", client.Arg(m))
		}
		if i < len(channels) {
			ask[*client.Nothing](t, c, "Chat.SaveDraft", client.Arg(api.Draft{Workspace: ws.ID, Channel: channels[i], Text: "unsent " + p.next()}))
		}
	}
	for range 80 {
		made := ask[api.Doc](t, c, "Docs.Create", client.Arg(api.NewDoc{Workspace: ws.ID, Title: p.next()}))
		ask[*client.Nothing](t, c, "Docs.Append", client.Arg(api.DocAppend{Workspace: ws.ID, ID: made.ID, Text: "in a document: " + p.next()}))
	}
	for range 40 {
		ask[*client.Nothing](t, c, "People.Rename", client.Arg(ws.ID), client.Arg(p.next()))
	}
	last := p.next()
	say(t, n, last)
	return last
}
