package cli

import (
	"context"
	"strings"

	"parvis/app/api"
	"parvis/app/web/client"
)

// removed refuses whatever is asked of a workspace that this device is out of: it says
// how that came, and what to do.
func removed(ctx context.Context, c *client.Client, ws api.Workspace) error {
	all, _ := client.Call[[]api.Person](ctx, c, "People.List", client.Arg(ws.ID)) // without, nobody is named
	return &failure{code: api.CodeRefused, exit: ExitFailed, message: removalText(ws, all)}
}

// maxOwners bounds the owners that a sentence names.
const maxOwners = 3

// whomToAsk names some owners besides oneself.
func whomToAsk(people []api.Person) string {
	var owners []string
	for _, p := range people {
		if p.Role == "owner" && !out(p) && !p.Self && len(owners) < maxOwners {
			owners = append(owners, printable(p.Name))
		}
	}
	if len(owners) == 0 {
		return "an owner of the workspace"
	}
	return strings.Join(owners, " or ")
}

// removalText says how this device came to be out of a workspace, and what to do.
func removalText(ws api.Workspace, people []api.Person) string {
	removal := api.Removal{}
	if ws.Removal != nil {
		removal = *ws.Removal
	}
	by, own, ask := "", false, whomToAsk(people)
	for _, p := range people {
		if p.ID == removal.By {
			by, own = " by "+printable(p.Name), p.Self
		}
	}
	name := "the workspace"
	if ws.Name != "" {
		name += " " + quote(ws.Name)
	}
	const gone = " Nothing new arrives here, and nothing is sent, not even what still waited here." +
		" What is here can be read in the window, or deleted with: parvis workspace forget."
	switch {
	case removal.How == "left":
		return "You left " + name + "." + gone + " To come back, ask " + ask + " for an invitation and open it with a new data folder (--data), as a new person."
	case removal.How == "suspended":
		return "You are suspended in " + name + ": the invitation you came with was used more often than it may be, so somebody has to confirm that you are the right person." +
			" Until then nothing new arrives here, and what you wrote waits. Ask whoever invited you, or " + ask + "; this goes on by itself."
	case removal.How == "person":
		return "You were removed from " + name + by + "." + gone + " If you did not expect this, ask " + ask + "."
	case own:
		return "This device was removed from " + name + " by another device of yours." + gone + " To use this computer there again, start Parvis with a new data folder (--data) and add it with: parvis device link"
	}
	return "This device was removed from " + name + by + "." + gone + " If you did not expect this, ask " + ask + "."
}
