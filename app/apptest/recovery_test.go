package apptest

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"parvis/app"
	"parvis/app/api"
	"parvis/crdt/paper"
)

// founder is a node with a workspace, whose recovery key is on paper.
func founder(t *testing.T) (n *Node, ws, words string) {
	t.Helper()
	n = New(t)
	w, err := n.API().Workspaces.Create(api.CreateWorkspace{Name: "Lab", Person: "Ana"})
	if err != nil {
		t.Fatal(err)
	}
	return n, w.ID, n.SavePaper()
}

func codeOf(err error) string {
	known := (*api.Error)(nil)
	if errors.As(err, &known) {
		return known.Code
	}
	return ""
}

func (n *Node) recovery() api.Recovery {
	n.t.Helper()
	status, err := n.API().Recoveries.Status()
	if err != nil {
		n.t.Fatal(err)
	}
	return status
}

func (n *Node) backup(path string) api.BackupMade {
	n.t.Helper()
	made, err := n.API().Recoveries.Backup(api.NewBackup{Path: path})
	if err != nil {
		n.t.Fatal(err)
	}
	return made
}

func TestNobodyIsInvitedBeforeTheRecoveryKeyWasSaved(t *testing.T) {
	ana := New(t)
	if got := ana.recovery().Paper; got != api.PaperNone {
		t.Errorf("without a workspace the key is %q", got)
	}
	w, err := ana.API().Workspaces.Create(api.CreateWorkspace{Name: "Lab", Person: "Ana"})
	if err != nil {
		t.Fatal(err)
	}
	invite := api.NewInvite{Workspace: w.ID, Role: "member", Uses: 1, ExpiresMs: time.Hour.Milliseconds()}
	if _, err := ana.API().Workspaces.Invite(invite); codeOf(err) != api.CodePaperUnsaved {
		t.Fatalf("an invitation before the key was saved: %v", err)
	}
	if status := ana.recovery(); status.Paper != api.PaperUnsaved || !status.Needed {
		t.Errorf("status is %+v", status)
	}
	key, err := ana.API().Recoveries.Show("fr")
	if err != nil {
		t.Fatal(err)
	}
	for name, typed := range map[string]string{"nothing": "", "two words": key.Words[0] + " " + key.Words[1], "wrong words": "abaisser abaisser abaisser", "another key": paper.New().Text()} {
		if err := ana.API().Recoveries.Confirm(typed); codeOf(err) != api.CodePaperWrong {
			t.Errorf("%s: %v", name, err)
		}
	}
	ana.Stop()
	ana.Start() // it can be shown until it was saved
	if again, err := ana.API().Recoveries.Show("fr"); err != nil || !slices.Equal(again.Words, key.Words) || !slices.Equal(again.Ask, key.Ask) {
		t.Fatalf("after a restart another key is shown: %v", err)
	}
	if err := ana.API().Recoveries.Confirm(strings.Join(key.Words, " ")); err != nil {
		t.Fatal(err)
	}
	if _, err := ana.API().Recoveries.Show("fr"); codeOf(err) != api.CodeNotFound {
		t.Errorf("a saved key is shown again: %v", err)
	}
	if status := ana.recovery(); status.Paper != api.PaperSaved || status.Needed || status.Saved == 0 {
		t.Errorf("status is %+v", status)
	}
	if _, err := ana.API().Workspaces.Invite(invite); err != nil {
		t.Fatal(err)
	}
	ben := New(t)
	ben.Join(ana.Invite(w.ID), "Ben")
	if status := ben.recovery(); status.Paper != api.PaperUnsaved || status.Needed {
		t.Errorf("who joined: %+v", status) // a reminder, no block
	}
}

func TestALinkedDeviceKnowsThatTheKeyWasSaved(t *testing.T) {
	ana, ws, _ := founder(t)
	laptop := New(t)
	ana.Add(laptop)
	laptop.Until("the laptop hears of the key", func() bool { return laptop.recovery().Paper == api.PaperSaved })
	if _, err := laptop.API().Workspaces.Invite(api.NewInvite{Workspace: ws, Role: "member", Uses: 1, ExpiresMs: time.Hour.Milliseconds()}); err != nil {
		t.Error(err)
	}
	laptop.backup(filepath.Join(t.TempDir(), "b.age"))
	second, err := laptop.API().Workspaces.Create(api.CreateWorkspace{Name: "Second", Person: "Ana"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := laptop.API().Workspaces.Invite(api.NewInvite{Workspace: second.ID, Role: "member", Uses: 1, ExpiresMs: time.Hour.Milliseconds()}); err != nil {
		t.Errorf("the same key serves a workspace that the laptop founds: %v", err)
	}
}

func TestABackupOpensWithTheAgeIdentityOfTheRecoveryKey(t *testing.T) {
	ana, ws, words := founder(t)
	ana.Say(ws, "hello")
	path := filepath.Join(t.TempDir(), "ana.age")
	made := ana.backup(path)
	if info, err := os.Stat(path); err != nil || info.Size() != made.Bytes || made.Envelopes == 0 {
		t.Fatalf("%+v, %v", made, err)
	}
	if status := ana.recovery(); status.Backup != made.Made || status.BackupPath != path {
		t.Errorf("status is %+v", status)
	}
	key, err := paper.Parse(words)
	if err != nil {
		t.Fatal(err)
	}
	identities, err := age.ParseIdentities(strings.NewReader(key.Identity()))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := age.Decrypt(file, identities...)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(plain)
	if err != nil || !strings.HasPrefix(string(all), "README.txt") || !strings.Contains(string(all), `"name": "Lab"`) {
		t.Errorf("%d bytes, %v", len(all), err)
	}
}

func TestABackupRestoresOnAnEmptyFolderAsANewDevice(t *testing.T) {
	ana, ws, words := founder(t)
	ben := New(t)
	ben.Join(ana.Invite(ws), "Ben")
	for _, text := range []string{"one", "two", "three"} {
		ana.Say(ws, text)
	}
	doc, err := ana.API().Docs.Create(api.NewDoc{Workspace: ws, Title: "Plan"})
	if err != nil {
		t.Fatal(err)
	}
	ben.Until("Ben has all", func() bool { return len(ben.Texts(ws)) == 3 })
	ana.knows(ws, "Ben")
	ben.knows(ws, "Ana")
	ours, theirs := ana.begin(ws, "Ben", ben)
	ana.enter(ours, theirs.Code)
	ben.enter(theirs, ours.Code)
	ana.shows(ws, "Ben", "verified")
	path := filepath.Join(t.TempDir(), "ana.age")
	made := ana.backup(path)
	devices := ana.deviceIDs(ws)
	ana.Stop()

	again := New(t)
	restored, err := again.API().Recoveries.Restore(api.Restore{Path: path, Words: words})
	if err != nil {
		t.Fatal(err)
	}
	if len(restored.Workspaces) != 1 || restored.Workspaces[0].State != "restored" || restored.Workspaces[0].Envelopes != made.Envelopes || restored.Workspaces[0].Refused != 0 {
		t.Fatalf("restored %+v of %+v", restored, made)
	}
	if got := again.Texts(ws); !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Errorf("messages are %q", got)
	}
	if got := again.recovery(); got.Backup != made.Made || got.BackupBytes != made.Bytes || got.BackupPath != path {
		t.Errorf("the backup that was read is not the last one: %+v of %+v", got, made)
	}
	if guard, err := again.API().Settings.Protection(); err != nil || !guard.Recovery {
		t.Errorf("the words that were typed do not open the keys: %+v, %v", guard, err)
	}
	if state := again.named(ws, "Ben").State; state != "verified" {
		t.Errorf("with whom codes were compared is %s", state)
	}
	docs, err := again.API().Docs.List(ws)
	if err != nil || len(docs) != 1 || docs[0].ID != doc.ID || docs[0].Title != "Plan" {
		t.Errorf("documents are %+v, %v", docs, err)
	}
	if now := again.deviceIDs(ws); len(now) != 2 || !slices.Contains(now, devices[0]) {
		t.Errorf("devices are %q, were %q", now, devices)
	}
	if status := again.recovery(); status.Paper != api.PaperSaved || len(status.Returning) != 1 {
		t.Errorf("status is %+v", status)
	}
	// Ben lets it in through a link; from there on all is as ever.
	link, err := ben.API().Recoveries.Offer(ws)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.API().Recoveries.Return(api.Return{Link: link.Link, Words: words, WaitMs: Patience.Milliseconds()}); err != nil && len(again.recovery().Returning) > 0 {
		t.Fatal(err)
	}
	ben.Say(ws, "welcome back")
	again.Until("Ben's message comes", func() bool { return slices.Contains(again.Texts(ws), "welcome back") })
	again.Say(ws, "thanks")
	ben.Until("the answer comes", func() bool { return slices.Contains(ben.Texts(ws), "thanks") })
	if left := again.recovery().Returning; len(left) > 0 {
		t.Errorf("still returning: %q", left)
	}
}

// deviceIDs are the own devices.
func (n *Node) deviceIDs(ws string) (ids []string) {
	n.t.Helper()
	all, err := n.API().Devices.List()
	if err != nil {
		n.t.Fatal(err)
	}
	for _, d := range all {
		if slices.Contains(d.Workspaces, ws) {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

func TestThePaperKeyAloneBringsAPersonBack(t *testing.T) {
	ana, ws, words := founder(t)
	ben, cleo := New(t), New(t)
	ben.Join(ana.Invite(ws), "Ben")
	cleo.Join(ana.Invite(ws), "Cleo")
	space, err := ana.API().Workspaces.CreateSpace(api.NewSpace{Workspace: ws, Name: "Board", People: []string{ben.self(ws)}, History: "full"})
	if err != nil {
		t.Fatal(err)
	}
	channel, err := ana.API().Chat.CreateChannel(api.NewChannel{Workspace: ws, Space: space.ID, Name: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ana.API().Chat.Send(api.NewMessage{Workspace: ws, Channel: channel.ID, Text: "between us"}); err != nil {
		t.Fatal(err)
	}
	ana.Say(ws, "before")
	ben.Until("Ben has all", func() bool { return len(ben.Texts(ws)) == 1 && len(ben.Messages(ws, channel.ID)) == 1 })
	cleo.Until("Cleo has all", func() bool { return len(cleo.Texts(ws)) == 1 })
	old := ana.deviceIDs(ws)[0]
	ana.Stop()

	link, err := ben.API().Recoveries.Offer(ws)
	if err != nil {
		t.Fatal(err)
	}
	again := New(t)
	if _, err := again.API().Recoveries.Return(api.Return{Link: link.Link, Words: strings.Join(paper.New().Words(paper.English), " "), WaitMs: 2000}); codeOf(err) != api.CodeRefused {
		t.Errorf("with somebody else's key: %v", err)
	}
	w, err := again.API().Recoveries.Return(api.Return{Link: link.Link, Words: words, WaitMs: Patience.Milliseconds()})
	if err != nil {
		t.Fatal(err)
	}
	if w.ID != ws || w.Self != ben.person(ws, "Ana") {
		t.Errorf("came back as %+v", w)
	}
	again.Until("all comes back", func() bool { return slices.Equal(again.Texts(ws), []string{"before"}) })
	again.Until("the private space comes back", func() bool {
		page, err := again.API().Chat.Messages(api.MessageQuery{Workspace: ws, Channel: channel.ID, Limit: 10})
		return err == nil && len(page.Messages) == 1 && page.Messages[0].Text == "between us"
	})
	if now := again.deviceIDs(ws); len(now) != 2 {
		t.Errorf("devices are %q", now)
	}
	again.Say(ws, "after")
	cleo.Until("Cleo hears", func() bool { return slices.Contains(cleo.Texts(ws), "after") })

	// The lost device goes, by the paper key, which outranks it.
	if err := again.API().Recoveries.RemoveLost(old, "abandon "+words); codeOf(err) != api.CodePaperWrong {
		t.Errorf("with wrong words: %v", err)
	}
	ben.Stop()
	cleo.Stop()
	if err := again.API().Recoveries.RemoveLost(old, words); err != nil {
		t.Fatal(err)
	}
	again.Stop()
	for _, n := range []*Node{ben, cleo, ana} { // nobody knows yet that Ana's was lost
		n.Start()
	}
	ana.Say(ws, "from the lost one")
	for _, n := range []*Node{ben, cleo} {
		n.Until("it is believed", func() bool { return slices.Contains(n.Texts(ws), "from the lost one") })
	}
	again.Start()
	for _, n := range []*Node{ben, cleo, again} {
		n.Until("what the lost one wrote goes, and what Ana wrote stays", func() bool {
			return n == again || !slices.Contains(n.Texts(ws), "from the lost one")
		})
		if texts := n.Texts(ws); !slices.Contains(texts, "before") || slices.Contains(texts, "from the lost one") {
			t.Errorf("shown are %q", texts)
		}
	}
	ana.Stop()
	cleo.Until("Cleo knows", func() bool {
		devices, err := cleo.API().Devices.Of(ws, w.Self)
		return err == nil && slices.ContainsFunc(devices, func(d api.Device) bool { return d.ID == old && d.Removed })
	})
	if status, err := again.API().Settings.Status(); err != nil || len(status.Problems) > 0 {
		t.Errorf("told of %q, %v", status.Problems, err)
	}
	if err := again.API().Chat.SaveDraft(api.Draft{Workspace: ws, Channel: again.General(ws), Text: "a draft"}); err != nil {
		t.Errorf("the own space: %v", err)
	}
	again.Say(ws, "alone again")
	ben.Until("Ben reads on", func() bool { return slices.Contains(ben.Texts(ws), "alone again") })
}

func (n *Node) self(ws string) string {
	n.t.Helper()
	all, err := n.API().Workspaces.List()
	if err != nil {
		n.t.Fatal(err)
	}
	for _, w := range all {
		if w.ID == ws {
			return w.Self
		}
	}
	n.t.Fatal("not in the workspace")
	return ""
}

func TestWhatIsNoGoodBackupChangesNothing(t *testing.T) {
	ana, ws, words := founder(t)
	ana.Say(ws, "hello")
	folder := t.TempDir()
	path := filepath.Join(folder, "ana.age")
	ana.backup(path)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again := New(t)
	try := func(name string, content []byte, words, want string) {
		t.Helper()
		bad := filepath.Join(folder, "bad.age")
		if err := os.WriteFile(bad, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := again.API().Recoveries.Restore(api.Restore{Path: bad, Words: words}); codeOf(err) != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
		if all, err := again.API().Workspaces.List(); err != nil || len(all) > 0 {
			t.Fatalf("%s left %+v, %v", name, all, err)
		}
	}
	try("another key", file, paper.New().Text(), api.CodePaperWrong)
	try("wrong words", file, "abandon "+words, api.CodePaperWrong)
	for at := 0; at < len(file); at += 1000 {
		bad := slices.Clone(file)
		bad[at] ^= 1
		want := api.CodeInvalid
		if _, err := openStanza(bad, words); err != nil {
			want = codeOfOpen(err)
		}
		try("byte "+time.Duration(at).String()+" flipped", bad, words, want)
	}
	try("cut", file[:len(file)-20], words, api.CodeInvalid)
	try("empty", nil, words, api.CodeInvalid)
	noise := make([]byte, 5000)
	_, _ = rand.Read(noise)
	try("noise", noise, words, api.CodeInvalid)
	if _, err := again.API().Recoveries.Restore(api.Restore{Path: filepath.Join(folder, "none"), Words: words}); codeOf(err) != api.CodeInvalid {
		t.Errorf("no file: %v", err)
	}
	if _, err := again.API().Recoveries.Restore(api.Restore{Path: path, Words: words}); err != nil {
		t.Errorf("the right one at last: %v", err)
	}
	if _, err := again.API().Recoveries.Restore(api.Restore{Path: path, Words: words}); err != nil {
		t.Errorf("once more: %v", err)
	}
	other, _, _ := founder(t)
	if _, err := other.API().Recoveries.Restore(api.Restore{Path: path, Words: words}); codeOf(err) != api.CodeInvalid {
		t.Errorf("into somebody else's folder: %v", err)
	}
}

// openStanza opens the header of a file as age does.
func openStanza(file []byte, words string) (any, error) {
	key, err := paper.Parse(words)
	if err != nil {
		return nil, err
	}
	identity, err := age.ParseHybridIdentity(key.Identity())
	if err != nil {
		return nil, err
	}
	return age.Decrypt(strings.NewReader(string(file)), identity)
}

// codeOfOpen: a header whose key does not open it looks like another person's.
func codeOfOpen(err error) string {
	if errors.As(err, new(*age.NoIdentityMatchError)) {
		return api.CodePaperWrong
	}
	return api.CodeInvalid
}

func TestTheRecoveryKeyOpensAFolderWhosePassphraseIsForgotten(t *testing.T) {
	ana := New(t, func(c *app.Config) {
		c.Unprotected, c.Keyring = false, NoKeyring{}
		c.Passphrase = func() (string, error) { return "correct horse", nil }
	})
	status, err := ana.API().Settings.Status()
	if err != nil || status.Protection != "passphrase" {
		t.Fatalf("the keys are protected by %q, %v", status.Protection, err)
	}
	ws := ana.API().Workspaces
	w, err := ws.Create(api.CreateWorkspace{Name: "Lab", Person: "Ana"})
	if err != nil {
		t.Fatal(err)
	}
	words := ana.SavePaper()
	ana.Say(w.ID, "hello")
	ana.Stop()
	ana.Config.Passphrase = nil
	ana.Start()
	for name, typed := range map[string]string{"a wrong passphrase": "wrong horse", "another key": paper.New().Text(), "wrong words": "abandon " + words} {
		if err := ana.API().Settings.Unlock(typed); codeOf(err) != api.CodeRefused {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := ana.API().Settings.Unlock(words); err != nil {
		t.Fatal(err)
	}
	if got := ana.Texts(w.ID); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("messages are %q", got)
	}
}

func TestABackupWithAPassphraseNeedsBoth(t *testing.T) {
	ana, ws, words := founder(t)
	ana.Say(ws, "hello")
	path := filepath.Join(t.TempDir(), "ana.age")
	if _, err := ana.API().Recoveries.Backup(api.NewBackup{Path: path, Passphrase: "short"}); codeOf(err) != api.CodeInvalid {
		t.Errorf("a short passphrase: %v", err)
	}
	if _, err := ana.API().Recoveries.Backup(api.NewBackup{Path: path, Passphrase: "correct horse"}); err != nil {
		t.Fatal(err)
	}
	again := New(t)
	for _, passphrase := range []string{"", "wrong horse"} {
		if _, err := again.API().Recoveries.Restore(api.Restore{Path: path, Words: words, Passphrase: passphrase}); codeOf(err) != api.CodePassphrase {
			t.Errorf("passphrase %q: %v", passphrase, err)
		}
	}
	if _, err := again.API().Recoveries.Restore(api.Restore{Path: path, Words: words, Passphrase: "correct horse"}); err != nil {
		t.Fatal(err)
	}
	if got := again.Texts(ws); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("messages are %q", got)
	}
}

func TestTheFirstWorkspaceTellsThatItsKeyIsNotSaved(t *testing.T) {
	ana := New(t)
	last := lastStatus(t, ana)
	if _, err := ana.API().Workspaces.Create(api.CreateWorkspace{Name: "Lab", Person: "Ana"}); err != nil {
		t.Fatal(err)
	}
	ana.Until("a status that says so", func() bool {
		status, ok := last()
		return ok && status.Recovery != nil && status.Recovery.Paper == api.PaperUnsaved
	})
}

func TestTheWordsOfSomebodyElseRemoveNothing(t *testing.T) {
	ana, ws, _ := founder(t)
	ben := New(t)
	ben.Join(ana.Invite(ws), "Ben")
	words := ben.SavePaper()
	ana.knows(ws, "Ben")
	device, err := ana.API().Devices.Of(ws, ana.person(ws, "Ben"))
	if err != nil || len(device) != 1 || words == "" {
		t.Fatalf("devices %+v, %v", device, err)
	}
	err = ana.API().Recoveries.RemoveLost(device[0].ID, words)
	if codeOf(err) != api.CodeRefused || !strings.Contains(err.Error(), "belongs to somebody else in this workspace") {
		t.Errorf("the words of Ben on a computer of Ana: %v", err)
	}
}
