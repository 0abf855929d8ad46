package api

import (
	"bytes"
	"encoding/base64"
	"maps"
	"slices"

	"parvis/app/docs"
	"parvis/crdt/doc"
	"parvis/crdt/doc/format"
	"parvis/crdt/seal"
)

func docDTO(d docs.Document) Doc {
	return Doc{
		Workspace: d.Workspace.String(), ID: d.ID.String(), Space: d.Space.String(), Title: d.Title, Folder: d.Folder,
		Starred: d.Starred, Trashed: d.Trashed, Created: d.CreatedMs, Changed: d.ChangedMs,
		Author: optionalID(d.Author), ChangedBy: optionalID(d.ChangedBy), Holders: d.Holders, BySuperPeer: d.BySuperPeer, Everywhere: d.Everywhere,
		Unreadable: d.Unreadable, Mentions: d.Mentions,
	}
}

func docChangeDTO(c docs.ChangeInfo) DocChange {
	return DocChange{
		Hash: c.Hash.String(), Actor: c.Actor.String(), Person: c.Author.Person.String(), Seq: number(c.Seq), At: c.AtMs,
		Deps: translateAll(c.Deps, seal.ID.String), Ops: number(c.Ops),
	}
}

func docSessionDTO(s docs.Session) DocSession {
	return DocSession{
		Token: s.Token, Session: int(s.Number), Actor: s.Actor.String(), Heads: translateAll(s.Heads, seal.ID.String),
		ReadOnly: s.ReadOnly, Actors: actorDTOs(s.Actors),
	}
}

// actorDTOs lists actors in a fixed order.
func actorDTOs(actors map[doc.Actor]docs.Author) []DocActor {
	all := make([]DocActor, 0, len(actors))
	for _, actor := range slices.SortedFunc(maps.Keys(actors), func(a, b doc.Actor) int { return bytes.Compare(a[:], b[:]) }) {
		who := actors[actor]
		all = append(all, DocActor{Actor: actor.String(), Person: who.Person.String(), Device: who.Device.String()})
	}
	return all
}

func docArrivalDTO(c docs.Changes) DocArrival {
	return DocArrival{
		Workspace: c.Workspace.String(), ID: c.ID.String(), Own: c.Own, Session: int(c.Session),
		Changes: translateAll(c.Changes, base64.StdEncoding.EncodeToString), Actors: actorDTOs(c.Actors),
	}
}

func docPresenceDTO(c docs.Cursor) DocPresence {
	return DocPresence{
		Workspace: c.Workspace.String(), ID: c.ID.String(), Person: c.Person.String(), Device: c.Device.String(),
		Session: int(c.Session), Anchor: c.Anchor, Head: c.Head, Gone: c.Gone,
	}
}

func docMentionedDTO(m docs.Mentioned) DocMentioned {
	return DocMentioned{Doc: docDTO(m.Document), Comment: m.Comment, Author: m.Author.String(), Text: m.Text, At: m.AtMs}
}

// docReloadDTO: an empty id means every document of the workspace.
func docReloadDTO(r docs.Reload) DocArrival {
	arrival := DocArrival{Workspace: r.Workspace.String(), Changes: []string{}, Actors: []DocActor{}, Reload: true}
	if !r.ID.IsZero() {
		arrival.ID = r.ID.String()
	}
	return arrival
}

func lossDTO(l format.Loss) DocLoss { return DocLoss{l.What, l.Count} }
