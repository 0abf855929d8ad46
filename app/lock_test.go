package app_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app"
	"parvis/app/api"
	"parvis/app/apptest"
)

// ring is a keyring in memory.
type ring map[string]string

func (r ring) Set(service, account, secret string) error {
	r[service+"/"+account] = secret
	return nil
}

func (r ring) Get(service, account string) (string, error) {
	secret, ok := r[service+"/"+account]
	if !ok {
		return "", errors.New("not found")
	}
	return secret, nil
}

func (r ring) Delete(service, account string) error {
	delete(r, service+"/"+account)
	return nil
}

// words24 saves the recovery key and returns its words.
func words24(t *testing.T, n *apptest.Node) string {
	t.Helper()
	if _, err := n.API().Workspaces.Create(api.CreateWorkspace{Name: "Atelier", Person: "Ana"}); err != nil {
		t.Fatal(err)
	}
	return n.SavePaper()
}

func TestAForgottenPassphraseIsChangedWithTheRecoveryKey(t *testing.T) {
	ana := apptest.New(t, guarded)
	recovery := words24(t, ana)
	if err := ana.API().Settings.Lock(); err != nil {
		t.Fatal(err)
	}
	if status, err := ana.API().Settings.Status(); err != nil || !status.Recovers || status.Protection != "passphrase" {
		t.Errorf("locked it says %+v, %v", status, err)
	}
	if err := ana.API().Settings.Unlock(strings.Replace(recovery, " ", " xxxx ", 1)); code(err) != api.CodeRefused {
		t.Errorf("25 words: %v", err)
	}
	first, rest, _ := strings.Cut(recovery, " ")
	if err := ana.API().Settings.Unlock("xxxx " + rest); code(err) != api.CodePaperWrong {
		t.Errorf("a word that does not exist, for %s: %v", first, err)
	}
	if err := ana.API().Settings.Unlock(recovery); err != nil {
		t.Fatal(err)
	}
	const next = "another horse, another battery"
	if err := ana.API().Settings.SetPassphrase(api.NewPassphrase{New: next}); code(err) != api.CodeLocked {
		t.Errorf("changed without anything: %v", err)
	}
	if err := ana.API().Settings.SetPassphrase(api.NewPassphrase{Old: recovery, New: next}); err != nil {
		t.Fatal(err)
	}
	if err := ana.API().Settings.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := ana.API().Settings.Unlock(words); code(err) != api.CodeRefused {
		t.Errorf("the forgotten passphrase: %v", err)
	}
	if err := ana.API().Settings.Unlock(next); err != nil {
		t.Fatal(err)
	}
}

// A page that waits for the passphrase hears that it was typed elsewhere.
func TestEveryPageHearsThatParvisWasUnlocked(t *testing.T) {
	ana := apptest.New(t, guarded)
	if err := ana.API().Settings.Lock(); err != nil {
		t.Fatal(err)
	}
	heard := make(chan bool, 64)
	defer ana.API().Events.Subscribe(func(name string, data any) {
		if status, ok := data.(api.Status); name == api.EventStatus && ok {
			heard <- status.Locked
		}
	})()
	if err := ana.API().Settings.Unlock("not the passphrase"); code(err) != api.CodeRefused {
		t.Errorf("another passphrase: %v", err)
	}
	if err := ana.API().Settings.Unlock(words); err != nil {
		t.Fatal(err)
	}
	locked := true
	for len(heard) > 0 {
		locked = <-heard
	}
	if locked {
		t.Error("no page hears that it is unlocked")
	}
}

func TestWhoLostTheKeyringOpensWithTheRecoveryKeyAndGuardsTheKeysAnew(t *testing.T) {
	keys := ring{}
	ana := apptest.New(t, func(c *app.Config) { c.Unprotected, c.Keyring, c.Passphrase = false, keys, nil })
	recovery := words24(t, ana)
	ana.Stop()
	kept := maps.Clone(keys)
	clear(keys)
	ana.Start()
	if status, err := ana.API().Settings.Status(); err != nil || !status.Locked || status.Protection != "keyring" || !status.Recovers {
		t.Fatalf("without the keyring: %+v, %v", status, err)
	}
	if err := ana.API().Settings.Unlock(""); code(err) != api.CodeLocked {
		t.Errorf("opened by nothing: %v", err)
	}
	maps.Copy(keys, kept)
	if err := ana.API().Settings.Unlock(""); err != nil {
		t.Fatalf("the keyring is back: %v", err)
	}
	ana.Stop()
	clear(keys)
	ana.Start()
	if err := ana.API().Settings.Unlock(recovery); err != nil {
		t.Fatal(err)
	}
	if p, err := ana.API().Settings.Protection(); err != nil || p.Kind != "recovery" {
		t.Errorf("protected by %+v, %v", p, err)
	}
	if err := ana.API().Settings.UseKeyring(""); code(err) != api.CodeLocked {
		t.Errorf("the keyring without the recovery key: %v", err)
	}
	if err := ana.API().Settings.UseKeyring(recovery); err != nil {
		t.Fatal(err)
	}
	ana.Stop()
	ana.Start()
	if status, err := ana.API().Settings.Status(); err != nil || status.Locked || status.Protection != "keyring" {
		t.Errorf("started again: %+v, %v", status, err)
	}
}

const words = "corret horse battery stable"

// guarded is a node whose keys are under a passphrase.
func TestTheProtectionSaysWhereAStartTakesThePassphraseFrom(t *testing.T) {
	for from := range map[string]bool{"": true, "/etc/parvis/passphrase": true} {
		ana := apptest.New(t, guarded, func(c *app.Config) { c.PassphraseFrom = from })
		if p, err := ana.API().Settings.Protection(); err != nil || p.From != from || p.Kind != "passphrase" {
			t.Errorf("from %q: %+v, %v", from, p, err)
		}
	}
}

func guarded(c *app.Config) {
	c.Unprotected, c.Keyring = false, apptest.NoKeyring{}
	c.Passphrase = func() (string, error) { return words, nil }
}

// code is that of a failure; empty: none.
func code(err error) string {
	if err == nil {
		return ""
	}
	var failure api.Error
	if json.Unmarshal([]byte(err.Error()), &failure) != nil {
		return err.Error()
	}
	return failure.Code
}

func TestANodeIsLockedAndUnlocked(t *testing.T) {
	ana, ben := apptest.New(t, guarded), apptest.New(t)
	ws := ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	ben.Until("they are connected", func() bool { return ben.Workspace(ws).Online == 2 })
	ana.Say(ws, "before")
	general := ana.General(ws)
	for round := range 3 {
		if err := ana.API().Settings.Lock(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if status, err := ana.API().Settings.Status(); err != nil || !status.Locked || status.Peer != "" || len(status.Workspaces) > 0 {
			t.Errorf("locked it says %+v, %v", status, err)
		}
		if _, err := ana.API().Chat.Messages(api.MessageQuery{Workspace: ws, Channel: general, Limit: 10}); code(err) != api.CodeLocked {
			t.Errorf("locked it shows messages: %v", err)
		}
		if err := ana.API().Settings.Lock(); err != nil {
			t.Errorf("locked twice: %v", err)
		}
		ben.Until("Ben sees that Ana is away", func() bool { return ben.Workspace(ws).Online == 1 })
		text := "while she was away " + string(rune('1'+round))
		ben.Say(ws, text)
		if err := ana.API().Settings.Unlock("something else"); code(err) != api.CodeRefused {
			t.Errorf("a wrong passphrase: %v", err)
		}
		if err := ana.API().Settings.Unlock(words); err != nil {
			t.Fatal(err)
		}
		ana.Until("what came meanwhile is there", func() bool {
			texts := ana.Texts(ws)
			return slices.Contains(texts, text) && slices.Contains(texts, "before")
		})
		answer := "back again " + string(rune('1'+round))
		ana.Say(ws, answer)
		ben.Until("it arrives", func() bool { return slices.Contains(ben.Texts(ws), answer) })
	}
}

func TestANodeLocksItselfWhenNobodyUsesIt(t *testing.T) {
	ana := apptest.New(t, guarded)
	ws := ana.Found("Atelier", "Ana")
	if err := ana.API().Settings.SetAutoLock(-1); code(err) != api.CodeInvalid {
		t.Errorf("after less than no time: %v", err)
	}
	if err := ana.API().Settings.SetAutoLock(5); err != nil {
		t.Fatal(err)
	}
	locked := func() bool {
		status, err := ana.API().Settings.Status()
		return err == nil && status.Locked
	}
	ana.Unused(4 * time.Minute)
	ana.Look()
	if err := ana.API().Settings.Active(); err != nil {
		t.Fatal(err)
	}
	_, err := ana.API().Calls.Start(api.NewCall{Workspace: ws, Channel: ana.General(ws), Media: api.MediaNone})
	if err != nil {
		t.Fatal(err)
	}
	ana.Unused(6 * time.Minute)
	ana.Look()
	if err := ana.API().Settings.Lock(); code(err) != api.CodeInvalid || locked() {
		t.Errorf("locked in a call: %v", err)
	}
	if err := ana.API().Calls.Leave(); err != nil {
		t.Fatal(err)
	}
	ana.Unused(6 * time.Minute)
	ana.Until("it is locked", locked)
	if err := ana.API().Settings.Unlock(words); err != nil {
		t.Fatal(err)
	}
	if p, err := ana.API().Settings.Protection(); err != nil || p.AutoLock != 5 || p.Kind != "passphrase" {
		t.Errorf("after it was unlocked: %+v, %v", p, err)
	}
}

func TestWhatGuardsTheKeysIsChanged(t *testing.T) {
	keys := ring{}
	ana := apptest.New(t, func(c *app.Config) { c.Unprotected, c.Keyring = false, keys })
	ws := ana.Found("Atelier", "Ana")
	kind := func() string {
		t.Helper()
		p, err := ana.API().Settings.Protection()
		if err != nil {
			t.Fatal(err)
		}
		return p.Kind
	}
	if kind() != "keyring" {
		t.Fatalf("protected by %s", kind())
	}
	if err := ana.API().Settings.Lock(); code(err) != api.CodeInvalid {
		t.Errorf("locked, though the keyring opens it: %v", err)
	}
	if err := ana.API().Settings.SetAutoLock(5); code(err) != api.CodeInvalid {
		t.Errorf("it locks itself, though the keyring opens it: %v", err)
	}
	if err := ana.API().Settings.SetPassphrase(api.NewPassphrase{New: "short"}); code(err) != api.CodeInvalid {
		t.Errorf("a short passphrase: %v", err)
	}
	if err := ana.API().Settings.SetPassphrase(api.NewPassphrase{New: words}); err != nil {
		t.Fatal(err)
	}
	if kind() != "passphrase" || len(keys) > 0 {
		t.Errorf("protected by %s, and %d keys in the keyring", kind(), len(keys))
	}
	const next = "another horse, another battery"
	if err := ana.API().Settings.SetPassphrase(api.NewPassphrase{Old: "wrong", New: next}); code(err) != api.CodeRefused {
		t.Errorf("changed with a wrong passphrase: %v", err)
	}
	if err := ana.API().Settings.SetPassphrase(api.NewPassphrase{Old: words, New: next}); err != nil {
		t.Fatal(err)
	}
	if err := ana.API().Settings.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := ana.API().Settings.Unlock(words); code(err) != api.CodeRefused {
		t.Errorf("the old passphrase opens it: %v", err)
	}
	if err := ana.API().Settings.Unlock(next); err != nil {
		t.Fatal(err)
	}
	if err := ana.API().Settings.SetAutoLock(5); err != nil {
		t.Fatal(err)
	}
	if err := ana.API().Settings.UseKeyring(next); err != nil {
		t.Fatal(err)
	}
	if p, err := ana.API().Settings.Protection(); err != nil || p.Kind != "keyring" || p.AutoLock != 0 {
		t.Errorf("protected by %+v, %v", p, err)
	}
	ana.Stop()
	ana.Start()
	if ana.Workspace(ws).Name != "Atelier" {
		t.Error("the keyring does not open it")
	}
}

// What a start is given counts as what is typed later.
func TestAStartTakesALongEnoughPassphraseOrTheWords(t *testing.T) {
	given := "1234567"
	config := app.Config{
		Data: t.TempDir(), Listen: []string{"/ip4/127.0.0.1/tcp/0"}, NoMDNS: true, Keyring: apptest.NoKeyring{}, Version: "test",
		Passphrase: func() (string, error) { return given, nil },
	}
	if err := app.New(config).Start(t.Context()); err == nil || !app.IsNew(config.Data) {
		t.Fatalf("seven characters guard the keys: %v", err)
	}
	ana := apptest.New(t, guarded)
	given = words24(t, ana)
	ana.Stop()
	ana.Config.Passphrase = config.Passphrase
	ana.Start()
	if all, err := ana.API().Workspaces.List(); err != nil || len(all) != 1 {
		t.Errorf("started with the words: %+v, %v", all, err)
	}
}

func TestANodeWithoutAPassphraseSaysThatOneIsToBeChosen(t *testing.T) {
	ana := apptest.New(t, func(c *app.Config) { c.Unprotected, c.Keyring = false, apptest.NoKeyring{} })
	if err := ana.API().Settings.Lock(); code(err) != api.CodeLocked {
		t.Errorf("locked, though nothing guards the keys: %v", err)
	}
	_, err := ana.API().Workspaces.List()
	if code(err) != api.CodeLocked || !strings.Contains(err.Error(), "no passphrase yet") {
		t.Errorf("it says %v", err)
	}
}
