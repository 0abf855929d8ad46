package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/chat"
	"parvis/app/people"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

var errOwn = errors.New("something of ours")

func build(t *testing.T) (*api.API, *services, *bytes.Buffer, *error) {
	t.Helper()
	s, log, life := &services{}, &bytes.Buffer{}, new(error)
	a := api.New(api.Config{
		Workspaces: teams{s}, Invitations: teams{s}, Spaces: teams{s}, Codes: teams{s}, SuperPeers: teams{s}, People: folk{s}, Members: folk{s}, Verify: teams{s}, Matters: folk{s}, Rules: folk{s}, Channels: chats{s},
		Messages: chats{s}, Changes: chats{s}, Docs: documents(s), Device: device{s}, Values: values{s}, Doctor: device{s}, Lock: device{s}, Protection: device{s},
		Life:     func() (context.Context, error) { return t.Context(), *life },
		Meanings: []api.Meaning{{Of: errOwn, Code: api.CodeDiskFull, Message: "Free some space."}},
		Log:      slog.New(slog.NewTextHandler(log, nil)),
	})
	return a, s, log, life
}

const (
	ws      = "00000000000000000000000000000000000000000000000000000000000000aa"
	channel = "000000000000000000000000000000bb"
)

// call calls a method over the wire with JSON arguments.
func call(a *api.API, method string, args ...string) (result string, failure *api.Error) {
	raw := make([]json.RawMessage, len(args))
	for i, arg := range args {
		raw[i] = json.RawMessage(arg)
	}
	out, bad := a.Wire().Call(method, raw)
	if bad == nil {
		return string(out), nil
	}
	failure = &api.Error{}
	if err := json.Unmarshal(bad, failure); err != nil {
		panic(err)
	}
	return string(out), failure
}

func TestCallsReachTheServices(t *testing.T) {
	change := fmt.Sprintf(`{"workspace":%q,"channel":%q,"id":%q,"text":"👍","remove":true}`, ws, channel, ws)
	for _, c := range []struct {
		method, result, reached string
		args                    []string
	}{
		{"Workspaces.List", "[]", "list", nil},
		{"Workspaces.Create", `{"id":"","name":"Atelier"`, "create Atelier as Ana", []string{`{"name":" Atelier ","person":"Ana\u202e"}`}},
		{"Workspaces.Inspect", `{"workspace":""`, "inspect", []string{`"parvis://join#x"`}},
		{"Workspaces.Join", `{"id":""`, "join as Ben within 2s", []string{`{"link":"x","person":"Ben","waitMs":2000}`}},
		{"Workspaces.Invite", `{"id":""`, "invite", []string{`{"role":"member","uses":1,"expiresMs":604800000}`}},
		{"Workspaces.Invites", "[]", "invites", []string{`"` + ws + `"`}},
		{"Workspaces.RevokeInvite", "null", "revoke", []string{`"` + ws + `"`, `"x"`}},
		{"Workspaces.Spaces", "[]", "spaces", []string{`"` + ws + `"`}},
		{"Workspaces.CreateSpace", `{"id":""`, "space Board", []string{`{"name":"Board"}`}},
		{"Workspaces.AddToSpace", `{"id":""`, "add p1 p2 to s1", []string{`{"space":"s1","people":["p1","p2"]}`}},
		{"Workspaces.RemoveFromSpace", `{"id":""`, "take p1 from s1", []string{`{"space":"s1","people":["p1"]}`}},
		{"Workspaces.CloseSpace", `{"id":""`, "close s1 true", []string{`{"space":"s1","closed":true}`}},
		{"Settings.Lock", `null`, "lock", nil},
		{"Settings.Active", `null`, "active", nil},
		{"Settings.Protection", `{"kind":""`, "protection", nil},
		{"Settings.SetAutoLock", `null`, "lock after 5", []string{`5`}},
		{"Settings.SetPassphrase", `null`, "old becomes new", []string{`{"old":"old","new":"new"}`}},
		{"Settings.UseKeyring", `null`, "keyring for words", []string{`"words"`}},
		{"Members.Remove", `null`, "remove p1 true", []string{`{"person":"p1","lost":true}`}},
		{"Members.SetRole", `null`, "p1 is admin", []string{`{"person":"p1","role":"admin"}`}},
		{"Members.HandOver", `null`, "hand over to p1", []string{`{"person":"p1"}`}},
		{"Members.Leave", `null`, "leave", []string{`"w"`}},
		{"Members.Confirm", `null`, "confirm p1", []string{`{"person":"p1"}`}},
		{"Members.Matters", `[]`, "matters", []string{`"w"`}},
		{"Members.Rules", `{"workspace":""`, "rules", []string{`"w"`}},
		{"Members.SetRules", `null`, "quorum 2", []string{`{"quorum":2}`}},
		{"Members.Consent", `"yes"`, "consent p1", []string{`{"person":"p1"}`}},
		{"Members.Depose", `null`, "depose p1", []string{`{"person":"p1"}`}},
		{"Members.PutAside", `null`, "aside m1", []string{`{"id":"m1"}`}},
		{"Workspaces.Comparisons", "[]", "comparisons", nil},
		{"Workspaces.CancelJoin", "null", "cancel", []string{`"w1"`}},
		{"Workspaces.Forget", "null", "forget", []string{`"w1"`}},
		{"Workspaces.EnterCode", "null", "code 123456 for x", []string{`"x"`, `"123456"`}},
		{"People.List", "[]", "people", []string{`"` + ws + `"`}},
		{"People.Verify", `{"id":"c1"`, "verify 0000", []string{`"` + ws + `"`, `"0000"`}},
		{"People.Vouch", "null", "vouch for 0000", []string{`"` + ws + `"`, `"0000"`}},
		{"People.Rename", "null", "rename Bo", []string{`"` + ws + `"`, `"Bo"`}},
		{"Chat.Channels", "[]", "channels", []string{`"` + ws + `"`}},
		{"Chat.CreateChannel", `{"workspace":`, "channel design in 00000000", []string{`{"workspace":"` + ws + `","space":"","name":"design"}`}},
		{"Chat.RenameChannel", "null", "rename channel drafts", []string{`{"workspace":"` + ws + `","channel":"` + channel + `","name":"drafts"}`}},
		{"Chat.OpenDirect", `{"workspace":`, "direct with 1", []string{`{"workspace":"` + ws + `","people":["` + ws + `"]}`}},
		{"Chat.Messages", `{"messages":[{`, "messages 50", []string{`{"workspace":"` + ws + `","channel":"` + channel + `"}`}},
		{"Chat.Send", `{"id":"01000000`, "send hi", []string{`{"workspace":"` + ws + `","channel":"` + channel + `","text":"hi"}`}},
		{"Chat.Edit", "null", "edit 👍", []string{change}},
		{"Chat.Delete", "null", "delete", []string{change}},
		{"Chat.React", "null", "react 👍 true", []string{change}},
		{"Chat.MarkRead", "null", "read", []string{`{"workspace":"` + ws + `","channel":"` + channel + `","message":"` + ws + `"}`}},
		{"Chat.SaveDraft", "null", "draft hm", []string{`{"workspace":"` + ws + `","channel":"` + channel + `","text":"hm"}`}},
		{"Chat.Typing", "null", "typing", []string{`{"workspace":"` + ws + `","channel":"` + channel + `"}`}},
		{"SuperPeers.List", "[]", "super-peers", []string{`"` + ws + `"`}},
		{"SuperPeers.Add", `{"workspace":"","id":"12D3"`, "super-peer parvis://superpeer#x", []string{`{"workspace":"` + ws + `","code":"parvis://superpeer#x"}`}},
		{"SuperPeers.Remove", "null", "no super-peer 12D3", []string{`"` + ws + `"`, `"12D3"`}},
		{"Settings.Status", `{"peer":"","addrs":[],"version":"1"`, "status", nil},
		{"Settings.Preferences", `{"language":"","theme":"","dismissed":""}`, "value language", nil},
		{"Settings.SetPreferences", "null", "set dismissed=super-peer", []string{`{"language":"fr","theme":"dark","dismissed":"super-peer"}`}},
		{"Settings.Waiting", `[{"workspace":"","name":"Atelier","count":3,"people":[]}]`, "waiting", nil},
		{"Settings.Doctor", `{"checks":[{"name":"clock","result":"ok","detail":"","remedy":"","code":"","values":[]}]`, "doctor", nil},
		{"Settings.Network", `{"isolated":false,"isolatedNow":true}`, "value isolated", nil},
		{"Settings.SetIsolated", "null", "set isolated=yes", []string{"true"}},
		{"Settings.Unlock", "null", "unlock", []string{`"secret"`}},
	} {
		t.Run(c.method, func(t *testing.T) {
			a, s, _, _ := build(t)
			got, failure := call(a, c.method, c.args...)
			if failure != nil || !strings.HasPrefix(got, c.result) {
				t.Errorf("got %s, %v, want %s…", got, failure, c.result)
			}
			if !slices.Contains(s.calls, c.reached) {
				t.Errorf("reached %q, want %q", s.calls, c.reached)
			}
		})
	}
}

func TestEveryBoundMethodIsTested(t *testing.T) {
	a, _, _, _ := build(t)
	if got := len(api.Methods(a.Bound()...)); got != 114 {
		t.Errorf("%d bound methods, want 114: add the new ones to the tests of calls that reach the services", got)
	}
}

func TestBadArgumentsReachNothing(t *testing.T) {
	for what, c := range map[string]struct {
		method string
		args   []string
	}{
		"too few":             {"Chat.Channels", nil},
		"too many":            {"Chat.Channels", []string{`"a"`, `"b"`}},
		"a number for a text": {"Chat.Channels", []string{`1`}},
		"no JSON":             {"Chat.Channels", []string{`{`}},
		"no id":               {"Chat.Channels", []string{`"abc"`}},
		"upper case":          {"Chat.Channels", []string{`"` + strings.ToUpper(ws) + `"`}},
		"a short channel":     {"Chat.Send", []string{`{"workspace":"` + ws + `","channel":"bb","text":"x"}`}},
		"a page too long":     {"Chat.Messages", []string{`{"workspace":"` + ws + `","channel":"` + channel + `","limit":501}`}},
		"a negative page":     {"Chat.Messages", []string{`{"workspace":"` + ws + `","channel":"` + channel + `","limit":-1}`}},
		"no person":           {"Chat.OpenDirect", []string{`{"workspace":"` + ws + `","people":["me"]}`}},
		"601 people":          {"Chat.OpenDirect", []string{`{"workspace":"` + ws + `","people":[` + strings.Repeat(`"x",`, 600) + `"x"]}`}},
		"no name":             {"Workspaces.Create", []string{`{"name":"\u200b","person":"Ana"}`}},
		"a long workspace":    {"Workspaces.Create", []string{`{"name":"` + strings.Repeat("x", 65) + `","person":"Ana"}`}},
		"a long person":       {"Workspaces.Create", []string{`{"name":"Team","person":"` + strings.Repeat("é", 300) + `"}`}},
		"a long joiner":       {"Workspaces.Join", []string{`{"link":"x","person":"` + strings.Repeat("x", 65) + `"}`}},
		"a long space":        {"Workspaces.CreateSpace", []string{`{"name":"` + strings.Repeat("x", 65) + `"}`}},
		"a long device":       {"Devices.Rename", []string{`{"device":"` + ws + `","name":"` + strings.Repeat("x", 300) + `"}`}},
		"an unknown role":     {"Workspaces.Invite", []string{`{"role":"owner","uses":1,"expiresMs":600000}`}},
		"no use":              {"Workspaces.Invite", []string{`{"role":"member","uses":0,"expiresMs":600000}`}},
		"no time":             {"Workspaces.Invite", []string{`{"role":"member","uses":1,"expiresMs":0}`}},
		"a language":          {"Settings.SetPreferences", []string{`{"language":"xx"}`}},
		"too many hints":      {"Settings.SetPreferences", []string{`{"dismissed":"` + strings.Repeat("x", 9<<10) + `"}`}},
	} {
		t.Run(what, func(t *testing.T) {
			a, s, _, _ := build(t)
			_, failure := call(a, c.method, c.args...)
			if failure == nil || failure.Code != api.CodeInvalid || !strings.HasSuffix(failure.Message, ".") {
				t.Errorf("got %+v, want code invalid and a sentence", failure)
			}
			if len(s.calls) > 0 {
				t.Errorf("reached %q", s.calls)
			}
		})
	}
	a, _, _, _ := build(t)
	if _, failure := call(a, "Chat.Explode"); failure == nil || failure.Code != api.CodeNotFound {
		t.Errorf("an unknown method gives %+v", failure)
	}
}

func TestErrorsBecomeACodeAndASentence(t *testing.T) {
	for _, c := range []struct {
		err  error
		code string
	}{
		{chat.ErrNotFound, api.CodeNotFound}, {chat.ErrTooLong, api.CodeInvalid}, {chat.ErrExists, api.CodeInvalid},
		{chat.ErrGuest, api.CodeRefused}, {chat.ErrRefused, api.CodeRefused}, {chat.ErrInvalid, api.CodeInvalid},
		{people.ErrInvalid, api.CodeInvalid}, {people.ErrTaken, api.CodeInvalid}, {people.ErrRefused, api.CodeRefused}, {people.ErrNotFound, api.CodeNotFound},
		{workspace.ErrRefused, api.CodeRefused}, {workspace.ErrNoKey, api.CodeOffline}, {workspace.ErrNotFound, api.CodeNotFound},
		{workspace.ErrNotReady, api.CodeOffline}, {context.DeadlineExceeded, api.CodeTimeout}, {context.Canceled, api.CodeTimeout},
		{errOwn, api.CodeDiskFull}, {&api.Error{Code: api.CodeLinkUsed, Message: "Used."}, api.CodeLinkUsed},
	} {
		a, s, log, _ := build(t)
		s.err = fmt.Errorf("deep inside: %w", c.err)
		_, err := a.Chat.Channels(ws)
		var known *api.Error
		if !errors.As(err, &known) || known.Code != c.code || !strings.HasSuffix(known.Message, ".") {
			t.Errorf("%v becomes %v, want code %s", c.err, err, c.code)
		}
		var text struct{ Code, Message string }
		if json.Unmarshal([]byte(err.Error()), &text) != nil || text.Code != c.code {
			t.Errorf("the text of the error is %s, want JSON", err)
		}
		if log.Len() > 0 {
			t.Errorf("a known error was logged: %s", log)
		}
	}
}

func TestUnknownErrorsAndPanicsStayInTheLog(t *testing.T) {
	for _, boom := range []bool{false, true} {
		a, s, log, _ := build(t)
		s.err, s.boom = errors.New("secret detail"), boom
		result, failure := call(a, "Chat.Channels", `"`+ws+`"`)
		if result != "" || failure == nil || failure.Code != api.CodeInternal || strings.Contains(failure.Message, "secret") {
			t.Errorf("got %q and %+v, want internal without details", result, failure)
		}
		want := "secret detail"
		if boom {
			want = "boom"
		}
		if !strings.Contains(log.String(), want) || !strings.Contains(log.String(), "Chat.Channels") {
			t.Errorf("the log says %s", log)
		}
	}
}

func TestCallsBeforeTheStartAndWhileLocked(t *testing.T) {
	for life, code := range map[error]string{api.ErrStarting: api.CodeTimeout, api.ErrLocked: api.CodeLocked} {
		a, s, _, now := build(t)
		*now = life
		if _, failure := call(a, "Chat.Channels", `"`+ws+`"`); failure == nil || failure.Code != code {
			t.Errorf("%v gives %+v", life, failure)
		}
		if len(s.calls) > 0 {
			t.Errorf("%v: reached %q", life, s.calls)
		}
		if _, failure := call(a, "Settings.Status"); failure != nil {
			t.Errorf("status does not answer: %+v", failure)
		}
		if _, failure := call(a, "Settings.Unlock", `"x"`); failure != nil {
			t.Errorf("unlock does not answer: %+v", failure)
		}
		if _, failure := call(a, "Settings.Preferences"); (failure == nil) != (life == api.ErrLocked) {
			t.Errorf("%v: preferences give %+v", life, failure)
		}
	}
}

func TestEventsReachEverySubscriberUntilItCancels(t *testing.T) {
	a, _, _, _ := build(t)
	var names []string
	cancel := a.Subscribe(func(name string, data any) { names = append(names, fmt.Sprintf("%s %T", name, data)) })
	var wire []string
	stop := a.Wire().Subscribe(func(name string, data json.RawMessage) { wire = append(wire, name+" "+string(data)) })
	a.Publish(api.EventReload, api.Notice{Workspace: "x"})
	cancel()
	stop()
	a.Publish(api.EventReload, api.Notice{Workspace: "y"})
	if !slices.Equal(names, []string{"reload api.Notice"}) || !slices.Equal(wire, []string{`reload {"workspace":"x"}`}) {
		t.Errorf("heard %q and %q", names, wire)
	}
}

func TestFactsAreForwarded(t *testing.T) {
	a, _, _, _ := build(t)
	c, p, w := chat.New(chat.Config{}), people.New(people.Config{}), &workspace.Events{}
	a.Forward(c, p, w)
	var heard []string
	a.Wire().Subscribe(func(name string, data json.RawMessage) {
		if bytes.Contains(data, []byte("null")) {
			t.Errorf("%s carries null: %s", name, data)
		}
		heard = append(heard, name)
	})
	publish := func() {
		c.MessageChanged.Publish(chat.Message{})
		c.ChannelChanged.Publish(chat.Channel{})
		c.SomebodyTypes.Publish(chat.Typing{})
		c.Reload.Publish(seal.ID{})
		p.PersonChanged.Publish(people.Person{})
		p.SpaceRenamed.Publish(people.NamedSpace{})
		w.Custody.Publish(workspace.CustodyChanged{Delivered: ^uint64(0)})
	}
	publish()
	want := []string{"chat.message", "chat.channel", "chat.typing", "reload", "person", "reload", "chat.custody"}
	if !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
	a.Close()
	publish()
	if len(heard) != len(want) {
		t.Error("heard something after Close")
	}
}

// The event names of the code and those of the catalogue are the same.
func TestTheCatalogueOfEventsIsComplete(t *testing.T) {
	data, err := json.Marshal(api.EventMap{
		Workspace: &api.Workspace{}, Person: &api.Person{}, Channel: &api.Channel{}, Message: &api.Message{}, Custody: &api.Custody{},
		Typing: &api.Typing{}, Invites: &api.Notice{}, Members: &api.Notice{}, Codes: &api.Comparison{}, Status: &api.Status{}, Reload: &api.Notice{},
	})
	if err != nil {
		t.Fatal(err)
	}
	var catalogue map[string]json.RawMessage
	if err := json.Unmarshal(data, &catalogue); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		api.EventWorkspace, api.EventPerson, api.EventChannel, api.EventMessage, api.EventCustody, api.EventTyping,
		api.EventInvites, api.EventMembers, api.EventCodes, api.EventStatus, api.EventReload,
	} {
		if _, ok := catalogue[name]; !ok {
			t.Errorf("%s is not in EventMap", name)
		}
		delete(catalogue, name)
	}
	if len(catalogue) > 0 {
		t.Errorf("without a constant: %v", catalogue)
	}
}
