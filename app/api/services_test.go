package api_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"parvis/app/api"
	"parvis/app/chat"
	"parvis/app/people"
	"parvis/crdt/seal"
)

// services answers every call with what a test put there.
type services struct {
	err   error
	boom  bool
	calls []string
}

func (s *services) call(format string, args ...any) error {
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
	if s.boom {
		panic("boom")
	}
	return s.err
}

type (
	teams  struct{ *services }
	chats  struct{ *services }
	folk   struct{ *services }
	device struct{ *services }
	values struct{ *services }
)

func (s teams) List(context.Context) ([]api.Workspace, error) { return nil, s.call("list") }
func (s teams) Create(_ context.Context, name, person string) (api.Workspace, error) {
	return api.Workspace{Name: name}, s.call("create %s as %s", name, person)
}
func (s teams) Inspect(context.Context, string) (api.LinkInfo, error) {
	return api.LinkInfo{}, s.call("inspect")
}
func (s teams) Join(_ context.Context, _, person string, wait time.Duration) (api.Workspace, error) {
	return api.Workspace{}, s.call("join as %s within %s", person, wait)
}
func (s teams) CancelJoin(context.Context, string) error { return s.call("cancel") }
func (s teams) Forget(context.Context, string) error     { return s.call("forget") }
func (s teams) Invite(context.Context, api.NewInvite) (api.Invite, error) {
	return api.Invite{}, s.call("invite")
}
func (s teams) Invites(context.Context, string) ([]api.Invite, error) { return nil, s.call("invites") }
func (s teams) Revoke(context.Context, string, string) error          { return s.call("revoke") }
func (s teams) Spaces(context.Context, string) ([]api.Space, error)   { return nil, s.call("spaces") }
func (s teams) CreateSpace(_ context.Context, n api.NewSpace) (api.Space, error) {
	return api.Space{}, s.call("space %s", n.Name)
}

func (s teams) AddToSpace(_ context.Context, n api.NewSpacePeople) (api.Space, error) {
	return api.Space{}, s.call("add %s to %s", strings.Join(n.People, " "), n.Space)
}

func (s teams) RemoveFromSpace(_ context.Context, n api.SpacePeople) (api.Space, error) {
	return api.Space{}, s.call("take %s from %s", strings.Join(n.People, " "), n.Space)
}

func (s teams) CloseSpace(_ context.Context, c api.SpaceClosing) (api.Space, error) {
	return api.Space{}, s.call("close %s %t", c.Space, c.Closed)
}

func (s folk) RemovePerson(_ context.Context, r api.PersonRemoval) error {
	return s.call("remove %s %t", r.Person, r.Lost)
}
func (s folk) SetRole(_ context.Context, r api.PersonRole) error {
	return s.call("%s is %s", r.Person, r.Role)
}
func (s folk) HandOver(_ context.Context, p api.PersonRef) error {
	return s.call("hand over to %s", p.Person)
}
func (s folk) Leave(context.Context, string) error { return s.call("leave") }
func (s folk) Confirm(_ context.Context, p api.PersonRef) error {
	return s.call("confirm %s", p.Person)
}
func (s folk) Matters(context.Context, string) ([]api.Matter, error) {
	return nil, s.call("matters")
}
func (s folk) Rules(context.Context, string) (api.Rules, error) { return api.Rules{}, s.call("rules") }
func (s folk) SetRules(_ context.Context, r api.Rules) error    { return s.call("quorum %d", r.Quorum) }
func (s folk) Consent(_ context.Context, d api.Deposition) (string, error) {
	return "yes", s.call("consent %s", d.Person)
}
func (s folk) Depose(_ context.Context, d api.Deposition) error  { return s.call("depose %s", d.Person) }
func (s folk) PutAside(_ context.Context, r api.MatterRef) error { return s.call("aside %s", r.ID) }

func (s teams) Comparisons(context.Context) ([]api.Comparison, error) {
	return nil, s.call("comparisons")
}
func (s teams) EnterCode(_ context.Context, id, code string) error {
	return s.call("code %s for %s", code, id)
}

func (s teams) Verify(_ context.Context, _, person string) (api.Comparison, error) {
	return api.Comparison{ID: "c1"}, s.call("verify %s", person)
}
func (s teams) Vouch(_ context.Context, _, person string) error {
	return s.call("vouch for %s", person)
}

func (s folk) List(context.Context, seal.ID) ([]people.Person, error) { return nil, s.call("people") }
func (s folk) Rename(_ context.Context, _ seal.ID, name string) error {
	return s.call("rename %s", name)
}

func (s chats) Channels(context.Context, seal.ID) ([]chat.Channel, error) {
	return nil, s.call("channels")
}
func (s chats) CreateChannel(_ context.Context, _ seal.ID, space seal.SpaceID, name string) (chat.Channel, error) {
	return chat.Channel{Name: name}, s.call("channel %s in %s", name, space.Short())
}
func (s chats) OpenDirect(_ context.Context, _ seal.ID, others []seal.ID) (chat.Channel, error) {
	return chat.Channel{Direct: true}, s.call("direct with %d", len(others))
}
func (s chats) MarkRead(context.Context, seal.ID, chat.ChannelID, seal.ID) error {
	return s.call("read")
}
func (s chats) SaveDraft(_ context.Context, _ seal.ID, _ chat.ChannelID, text string) error {
	return s.call("draft %s", text)
}
func (s chats) Messages(_ context.Context, _ seal.ID, _ chat.ChannelID, q chat.Query) (chat.Page, error) {
	return chat.Page{Messages: []chat.Message{{Text: "hi"}}}, s.call("messages %d", q.Limit)
}
func (s chats) Send(_ context.Context, _ seal.ID, _ chat.ChannelID, p chat.Post) (chat.Sent, error) {
	return chat.Sent{ID: seal.ID{1}, Seq: 7}, s.call("send %s", p.Text)
}
func (s chats) Typing(context.Context, seal.ID, chat.ChannelID) error { return s.call("typing") }
func (s chats) Edit(_ context.Context, _ seal.ID, _ chat.ChannelID, _ seal.ID, text string) error {
	return s.call("edit %s", text)
}
func (s chats) Delete(context.Context, seal.ID, chat.ChannelID, seal.ID) error {
	return s.call("delete")
}
func (s chats) React(_ context.Context, _ seal.ID, _ chat.ChannelID, _ seal.ID, emoji string, remove bool) error {
	return s.call("react %s %t", emoji, remove)
}
func (s chats) RenameChannel(_ context.Context, _ seal.ID, _ chat.ChannelID, name string) error {
	return s.call("rename channel %s", name)
}

func (s teams) SuperPeers(context.Context, string) ([]api.SuperPeer, error) {
	return nil, s.call("super-peers")
}
func (s teams) AddSuperPeer(_ context.Context, n api.NewSuperPeer) (api.SuperPeer, error) {
	return api.SuperPeer{ID: "12D3"}, s.call("super-peer %s", n.Code)
}
func (s teams) RemoveSuperPeer(_ context.Context, _, id string) error {
	return s.call("no super-peer %s", id)
}

func (s device) Lock(context.Context) error { return s.call("lock") }
func (s device) Active()                    { _ = s.call("active") }
func (s device) Protection(context.Context) (api.Protection, error) {
	return api.Protection{}, s.call("protection")
}
func (s device) SetAutoLock(_ context.Context, minutes int) error {
	return s.call("lock after %d", minutes)
}
func (s device) SetPassphrase(_ context.Context, old, next string) error {
	return s.call("%s becomes %s", old, next)
}
func (s device) UseKeyring(_ context.Context, old string) error { return s.call("keyring for %s", old) }

func (s device) Status(context.Context) (api.Status, error) {
	return api.Status{Version: "1"}, s.call("status")
}
func (s device) Unlock(context.Context, string) error { return s.call("unlock") }
func (s device) Waiting(context.Context) ([]api.Waiting, error) {
	return []api.Waiting{{Name: "Atelier", Count: 3}}, s.call("waiting")
}
func (s device) Diagnose(context.Context) (api.Diagnosis, error) {
	return api.Diagnosis{Checks: []api.Check{{Name: "clock", Result: "ok"}}}, s.call("doctor")
}
func (s device) IsolatedNow() bool                                 { return true }
func (s values) Value(_ context.Context, n string) (string, error) { return "", s.call("value %s", n) }
func (s values) SetValue(_ context.Context, n, v string) error     { return s.call("set %s=%s", n, v) }
