package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"parvis/app/api"
	"parvis/app/web/client"
)

// minPrefix is how many digits of an id name a thing.
const minPrefix = 4

// named is a thing with an id and a name.
type named struct{ id, name string }

// find picks one of the things by its id, its name or the beginning of its id;
// what is not the only one is refused. kind is its word in sentences.
func find(kind, wanted string, all []named) (int, error) {
	for i, thing := range all {
		if thing.id == wanted {
			return i, nil
		}
	}
	tests := []func(named) bool{
		func(n named) bool { return n.name == wanted },
		func(n named) bool { return strings.EqualFold(n.name, wanted) },
		func(n named) bool {
			return len(wanted) >= minPrefix && strings.HasPrefix(n.id, strings.ToLower(wanted))
		},
	}
	for _, fits := range tests {
		var found []int
		for i, thing := range all {
			if fits(thing) {
				found = append(found, i)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return 0, several(kind, wanted, found, all)
		}
	}
	return 0, &failure{code: api.CodeNotFound, message: "There is no " + kind + " " + quote(wanted) + ". See: " + listing(kind), exit: ExitFailed}
}

// listing is the command that shows what there is of a kind.
func listing(kind string) string {
	switch kind {
	case "person":
		return "parvis people list"
	case "invitation":
		return "parvis invite list"
	case "matter":
		return "parvis people matters"
	case "document":
		return "parvis doc list"
	case "message":
		return "parvis chat list CHANNEL"
	case "guest":
		return "parvis call guests"
	}
	return "parvis " + kind + " list"
}

// several asks for an id, and says some.
func several(kind, wanted string, found []int, all []named) error {
	distinct := make([]string, len(all))
	for i, thing := range all {
		distinct[i] = thing.id
	}
	distinct = distinctly(distinct)
	var ids []string
	for _, i := range found[:min(len(found), 8)] {
		ids = append(ids, distinct[i])
	}
	if len(found) > len(ids) {
		ids = append(ids, "…")
	}
	return invalid("Several %ss are meant by %s: name one by its id (%s).", kind, quote(wanted), strings.Join(ids, ", "))
}

func quote(text string) string { return `"` + printable(text) + `"` }

// theWorkspace is the one that --workspace names, or the only one.
func (s *session) theWorkspace(ctx context.Context, c *client.Client) (api.Workspace, error) {
	all, err := client.Call[[]api.Workspace](ctx, c, "Workspaces.List")
	if err != nil {
		return api.Workspace{}, err
	}
	ws, err := s.choose(all)
	switch {
	case err != nil:
		return api.Workspace{}, err
	case ws.State == "removed":
		return api.Workspace{}, removed(ctx, c, ws)
	case ws.Stopped != "":
		return api.Workspace{}, &failure{code: api.CodeOffline, message: "The codes were not compared, so this device was not let in. Open the invitation again when you can talk to the person who sent it, or ask for a new one: parvis join LINK --as \"Your name\"", exit: ExitFailed}
	case ws.State == "joining":
		return api.Workspace{}, &failure{code: api.CodeOffline, message: "This device has not finished joining a workspace: it goes on by itself as soon as a computer of the workspace answers. See: parvis workspace list", exit: ExitFailed}
	}
	return ws, nil
}

// choose picks the workspace that --workspace names, or the only one.
func (s *session) choose(all []api.Workspace) (api.Workspace, error) {
	if s.workspace == "" && len(all) > 1 { // a join that came to nothing is not meant
		all = slices.DeleteFunc(slices.Clone(all), func(ws api.Workspace) bool { return ws.Stopped != "" })
	}
	switch {
	case len(all) == 0:
		return api.Workspace{}, &failure{code: api.CodeNotFound, message: "This node has no workspace yet. Make one with: parvis workspace create NAME --as \"Your name\", or join with: parvis join LINK --as \"Your name\"", exit: ExitFailed}
	case s.workspace == "" && len(all) > 1:
		return api.Workspace{}, invalid("This node has several workspaces: say which with --workspace.")
	case s.workspace == "":
		return all[0], nil
	}
	return theOne(s.workspace, all)
}

// theOne is the workspace of an id or name.
func theOne(wanted string, all []api.Workspace) (api.Workspace, error) {
	things := make([]named, len(all))
	for i, w := range all {
		things[i] = named{w.ID, w.Name}
	}
	i, err := find("workspace", wanted, things)
	if err != nil {
		return api.Workspace{}, err
	}
	return all[i], nil
}

// check refuses a --workspace that is not on the node, for commands that are about all of
// them. A node that is locked knows none and says so itself.
func (s *session) check(ctx context.Context, c *client.Client) error {
	if s.workspace == "" {
		return nil
	}
	all, err := client.Call[[]api.Workspace](ctx, c, "Workspaces.List")
	if e, ok := errors.AsType[*api.Error](err); ok && e.Code == api.CodeLocked {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.choose(all)
	return err
}

// in runs a command inside the chosen workspace.
func (s *session) in(ctx context.Context, do func(ctx context.Context, c *client.Client, ws api.Workspace) error) error {
	return s.reach(ctx, func(ctx context.Context, c *client.Client) error {
		ws, err := s.theWorkspace(ctx, c)
		if err != nil {
			return err
		}
		return do(ctx, c, ws)
	})
}

// person finds one person of the workspace.
func person(ctx context.Context, c *client.Client, ws, wanted string) (api.Person, error) {
	all, err := client.Call[[]api.Person](ctx, c, "People.List", client.Arg(ws))
	if err != nil {
		return api.Person{}, err
	}
	things := make([]named, len(all))
	for i, p := range all {
		things[i] = named{p.ID, p.Name}
	}
	i, err := find("person", strings.TrimPrefix(wanted, "@"), things)
	if err != nil {
		return api.Person{}, err
	}
	return all[i], nil
}

// persons finds the ids of several people; who is named twice is one.
func persons(ctx context.Context, c *client.Client, ws string, wanted []string) (ids []string, err error) {
	for _, name := range wanted {
		p, err := person(ctx, c, ws, name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, p.ID) {
			ids = append(ids, p.ID)
		}
	}
	return ids, nil
}

// space finds the id of one space of the workspace; no name is the main one too.
func space(ctx context.Context, c *client.Client, ws api.Workspace, wanted string) (string, error) {
	if wanted == "" {
		return ws.Main, nil
	}
	found, err := oneSpace(ctx, c, ws, wanted)
	return found.ID, err
}

// oneSpace finds one space of the workspace; "main" is the main one.
func oneSpace(ctx context.Context, c *client.Client, ws api.Workspace, wanted string) (api.Space, error) {
	if wanted == mainSpace {
		return api.Space{ID: ws.Main, Kind: "main"}, nil
	}
	all, err := client.Call[[]api.Space](ctx, c, "Workspaces.Spaces", client.Arg(ws.ID))
	if err != nil {
		return api.Space{}, err
	}
	things := make([]named, len(all))
	for i, s := range all {
		things[i] = named{s.ID, s.Name}
	}
	i, err := find("space", wanted, things)
	if err != nil {
		return api.Space{}, err
	}
	return all[i], nil
}

// channel finds one channel or direct conversation. Where several spaces have a channel of that name, the main space's is meant.
func channel(ctx context.Context, c *client.Client, ws api.Workspace, wanted string) (api.Channel, error) {
	all, err := client.Call[[]api.Channel](ctx, c, "Chat.Channels", client.Arg(ws.ID))
	if err != nil {
		return api.Channel{}, err
	}
	wanted = strings.TrimPrefix(wanted, "#")
	things := make([]named, len(all))
	for i, ch := range all {
		things[i] = named{ch.ID, ch.Name}
		if ch.Space == ws.Main && ch.Name == wanted {
			return ch, nil
		}
	}
	i, err := find("channel", wanted, things)
	if err != nil {
		return api.Channel{}, err
	}
	return all[i], nil
}
