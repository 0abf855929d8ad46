package api

import (
	"context"
	"fmt"

	"parvis/app/audit"
	"parvis/app/docs"
	"parvis/crdt/seal"
)

// AuditQuery chooses lines of the audit log.
type AuditQuery struct {
	Workspace string `json:"workspace"`
	Person    string `json:"person"`  // only what this person did or what was done to them; empty: everybody
	Before    int    `json:"before"`  // only lines before this one; 0: up to the last
	Limit     int    `json:"limit"`   // 1 to 1000; 0: 100
	Routine   bool   `json:"routine"` // also keys and acknowledgements
}

// AuditPage is some lines of the audit log, oldest first.
type AuditPage struct {
	Lines  []AuditLine   `json:"lines"`
	More   bool          `json:"more"` // there are older ones
	Forks  []AuditFork   `json:"forks"`
	People []AuditPerson `json:"people"`
	Whole  bool          `json:"whole"` // false for guests, who see their own part and cannot export
}

// AuditLine is one entry of the membership log. Which fields say something depends on
// What, see app/audit/SPEC.md; Text says all of it in English.
type AuditLine struct {
	N       int          `json:"n"`
	Entry   string       `json:"entry"`
	Clock   int64        `json:"clock"` // the author's clock: a label only
	By      string       `json:"by"`    // person
	ByName  string       `json:"byName"`
	Device  string       `json:"device"`
	Number  int          `json:"number"` // of the device, from 0; -1: the recovery key
	Role    string       `json:"role"`   // of the author then
	What    string       `json:"what"`
	Person  string       `json:"person"` // whom it is about
	Name    string       `json:"name"`
	About   AuditAbout   `json:"about"`
	Given   []AuditGiven `json:"given"`
	Added   []string     `json:"added"`
	Removed []string     `json:"removed"`
	Kept    bool         `json:"kept"`
	Because int          `json:"because"` // of one that is not kept: the line that voids it
	RestsOn int          `json:"restsOn"` // and the line that it hit
	Fork    string       `json:"fork"`    // the device's other entry for the same place, or empty
	Text    string       `json:"text"`
	Reason  string       `json:"reason"` // why it is not kept, or empty

	ReasonBy string `json:"reasonBy"` // the name of who took the right away
}

// AuditAbout is the rest of what an act says.
type AuditAbout struct {
	Device  string `json:"device"`
	Number  int    `json:"number"`
	Role    string `json:"role"`
	Was     string `json:"was"`
	Space   string `json:"space"`
	Kind    string `json:"kind"`
	Invite  string `json:"invite"`
	Count   int    `json:"count"`
	History string `json:"history"`
	Closed  string `json:"closed"`

	SpaceName string `json:"spaceName"` // what tells the space from all others: its name, or the end of its id
}

// AuditGiven is access to a space that somebody got; none takes it away.
type AuditGiven struct {
	Person string `json:"person"`
	Name   string `json:"name"`
	Access string `json:"access"`
}

// AuditFork is proof that a device wrote two entries for one place.
type AuditFork struct {
	Person string `json:"person"`
	Name   string `json:"name"`
	Device string `json:"device"`
	First  int    `json:"first"` // lines
	Second int    `json:"second"`
}

// AuditPerson is somebody in the log, to choose.
type AuditPerson struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Role   string `json:"role"`
	Status string `json:"status"` // active, suspended, left or removed
}

// AuditExported is a finished export that waits under its token.
type AuditExported struct {
	Token   string `json:"token"`
	Name    string `json:"name"`
	Size    int64  `json:"size"`
	Entries int    `json:"entries"`
}

// AuditService tells the membership log.
type AuditService interface {
	List(ctx context.Context, ws seal.ID, q audit.Query) (audit.Page, error)
	Export(ctx context.Context, ws seal.ID) (audit.Exported, error)
}

// Audit is the bound struct for the audit log of a workspace.
type Audit struct {
	edge    *edge
	audit   AuditService
	exports *exports
}

// List returns a page of the log, the newest lines that the query chooses.
func (a *Audit) List(q AuditQuery) (AuditPage, error) {
	return run(a.edge, "Audit.List", func(ctx context.Context) (AuditPage, error) {
		var ids parser
		ws, person := ids.id(q.Workspace), ids.optional(q.Person)
		if q.Limit < 0 || q.Limit > audit.MaxPage || q.Before < 0 {
			ids.err = errInvalid{fmt.Sprintf("A page has 1 to %d lines. Ask for fewer.", audit.MaxPage)}
		}
		if ids.err != nil {
			return AuditPage{}, ids.err
		}
		query := audit.Query{Before: q.Before, Limit: q.Limit, Routine: q.Routine}
		if query.Limit == 0 {
			query.Limit = 100
		}
		if q.Person != "" {
			query.Person = person.String()
		}
		page, err := a.audit.List(ctx, ws, query)
		return auditPageDTO(page), err
	})
}

// Export writes the whole log as one file that verifies without a node; it waits under
// its token.
func (a *Audit) Export(workspace string) (AuditExported, error) {
	return run(a.edge, "Audit.Export", func(ctx context.Context) (AuditExported, error) {
		var ids parser
		ws := ids.id(workspace)
		if ids.err != nil {
			return AuditExported{}, ids.err
		}
		made, err := a.audit.Export(ctx, ws)
		if err != nil {
			return AuditExported{}, err
		}
		token := a.exports.keep(docs.Exported{Name: made.Name, Mime: "application/json", Data: made.Data})
		return AuditExported{Token: token, Name: made.Name, Size: int64(len(made.Data)), Entries: made.Entries}, nil
	})
}

// auditMeanings are the errors of the audit log.
func auditMeanings() []Meaning {
	return []Meaning{
		{audit.ErrNotFound, CodeNotFound, "That workspace is not on this device, or this device has not joined it yet."},
		{audit.ErrGuest, CodeRefused, "Guests cannot export the audit log. Ask a member of the workspace."},
		{audit.ErrTooLarge, CodeInvalid, "The audit log is too large for one file."},
	}
}

func auditPageDTO(p audit.Page) AuditPage {
	called := func(id string) string { // a short id stands in for an unknown name
		if name := p.Names[id]; name != "" {
			return name
		}
		return id[:min(len(id), 8)]
	}
	space := spaceNames(p.Names)
	page := AuditPage{
		More: p.More, Whole: p.Whole,
		Lines: translateAll(p.Lines, func(l audit.Line) AuditLine { return auditLineDTO(l, called, space) }),
		Forks: translateAll(p.Forks, func(f audit.Fork) AuditFork {
			return AuditFork{Person: f.Person, Name: called(f.Person), Device: f.Device, First: f.First, Second: f.Second}
		}),
		People: translateAll(p.People, func(one audit.Person) AuditPerson {
			return AuditPerson{ID: one.ID, Name: called(one.ID), Role: one.Role, Status: one.Status}
		}),
	}
	return page
}

func auditLineDTO(l audit.Line, called, space func(string) string) AuditLine {
	line := AuditLine{
		N: l.N, Entry: l.Entry, Clock: l.ClockMs, By: l.By.Person, ByName: called(l.By.Person), Device: l.By.Device, Number: l.By.Number,
		Role: l.By.Role, What: l.Did.What, Person: l.Did.Person, Name: called(l.Did.Person), Added: l.Did.Added, Removed: l.Did.Removed,
		Kept: l.Kept, Fork: l.Fork, Text: l.Text,
		About: AuditAbout{
			Device: l.Did.Device, Number: l.Did.Number, Role: l.Did.Role, Was: l.Did.Was, Space: l.Did.Space, Kind: l.Did.Kind,
			Invite: l.Did.Invite, Count: l.Did.Count, History: l.Did.History, Closed: l.Did.Closed, SpaceName: space(l.Did.Space),
		},
		Given: translateAll(l.Did.Access, func(g audit.Given) AuditGiven { return AuditGiven{g.Person, called(g.Person), g.Access} }),
	}
	if l.Void != nil {
		line.Because, line.RestsOn, line.Reason, line.ReasonBy = l.Void.By, l.Void.RestOn, l.Void.Text, called(l.Void.Person)
	}
	return line
}

// spaceNames calls a space by its name; by the end of its id where it has none that is
// known, and by both where another one is called alike.
func spaceNames(names map[string]string) func(id string) string {
	const spaceDigits = 2 * len(seal.SpaceID{})
	count := map[string]int{}
	for id, name := range names {
		if len(id) == spaceDigits {
			count[name]++
		}
	}
	return func(id string) string {
		switch name := names[id]; {
		case name == "":
			return audit.SpaceMark(id)
		case count[name] > 1:
			return name + " " + audit.SpaceMark(id)
		default:
			return name
		}
	}
}
