package audit

import (
	"fmt"
	"strconv"
	"strings"

	"parvis/crdt/member"
)

// The sentences are part of a version of the file: a later program writes the same ones
// for it, else old files would not verify any more.

// naming gives people and spaces the names that the teller knows, by id; they are claims.
type naming struct {
	names   map[string]string
	version int
}

// device is a device by its number in the person.
func (n naming) device(number int) string {
	if n.version >= devicesFromOne {
		number++
	}
	return "device " + strconv.Itoa(number)
}

// person is a name with enough of the id that two Annes differ.
func (n naming) person(id string) string {
	if name := n.names[id]; name != "" {
		return name + " " + brief(id)
	}
	return brief(id)
}

func brief(id string) string { return id[:min(len(id), 8)] }

// space is a name with enough of the id that two spaces differ.
func (n naming) space(id string) string {
	switch name := n.names[id]; {
	case n.version < spacesToldApart:
		return brief(id)
	case name != "":
		return name + " " + SpaceMark(id)
	}
	return SpaceMark(id)
}

// SpaceMark is what tells a space from others: the end of its id, because all private
// spaces that one device made begin alike (crdt/member M35).
func SpaceMark(id string) string { return id[max(0, len(id)-8):] }

// word the lines of a story in a given naming.
func (s *story) word(n naming) []Line {
	lines := make([]Line, len(s.lines))
	for i, line := range s.lines {
		line.Text = n.author(line.By) + " " + n.act(line.Did)
		lines[i] = line
	}
	for i, line := range lines {
		if line.Void == nil {
			continue
		}
		void := *line.Void
		by := lines[void.By-1]
		hit := "this"
		if void.RestOn != line.N {
			hit = "line " + strconv.Itoa(void.RestOn) + ", on which this rests"
		}
		void.Text = fmt.Sprintf("%s %s, without having seen %s (line %d)", n.author(by.By), n.act(by.Did), hit, void.By)
		lines[i].Void = &void
	}
	return lines
}

func (n naming) author(a Author) string {
	with := n.device(a.Number)
	if a.Number < 0 {
		with = "recovery key"
	}
	return fmt.Sprintf("%s (%s, %s)", n.person(a.Person), a.Role, with)
}

func (n naming) act(a Act) string {
	switch a.What {
	case Founded:
		return "founded the workspace; " + invitations(a.Kind) + version(a.Number)
	case Admitted:
		how := "after the codes were compared"
		if a.Kind == "instant" {
			how = "with an invitation that needs no codes"
		}
		return fmt.Sprintf("admitted %s as %s %s (invitation %s)", n.person(a.Person), a.Role, how, brief(a.Invite)) + n.opened(a.Added)
	case Joined:
		return fmt.Sprintf("joined as %s with invitation %s of %s", a.Role, brief(a.Invite), n.person(a.Person))
	case Confirmed:
		return fmt.Sprintf("confirmed that %s may stay", n.person(a.Person))
	case AddedDevice:
		return fmt.Sprintf("added %s (%s) of their own", n.device(a.Number), brief(a.Device))
	case RemovedDevice:
		return fmt.Sprintf("removed %s (%s) of %s", n.device(a.Number), brief(a.Device), n.person(a.Person))
	case RenewedDeviceKey:
		return fmt.Sprintf("renewed the encryption key of this device (%d)", a.Count)
	}
	return n.office(a)
}

func (n naming) office(a Act) string {
	switch a.What {
	case SetRole:
		rank := ""
		if a.Role == "owner" {
			rank = " of rank " + strconv.Itoa(a.Number)
		}
		return fmt.Sprintf("made %s, who was %s, %s%s", n.person(a.Person), a.Was, a.Role, rank)
	case RemovedPerson:
		if a.Kind == "left" {
			return fmt.Sprintf("confirmed that %s, who was %s, had left", n.person(a.Person), a.Was)
		}
		lost := ""
		if n.version >= leavesToldApart && a.Count == member.ReasonLost {
			lost = ", whose devices were lost or taken over"
		}
		return fmt.Sprintf("removed %s, who was %s%s", n.person(a.Person), a.Was, lost)
	case Deposed:
		return fmt.Sprintf("made %s, who was %s, a member by the consent of %s", n.person(a.Person), a.Was, n.some(a.Added))
	case HandedOver:
		return fmt.Sprintf("handed the workspace over to %s, who was %s", n.person(a.Person), a.Was)
	case LeftTheTeam:
		return "left the workspace"
	case Invited:
		codes := ""
		if a.Kind == "codes" {
			codes = ", with codes to compare first"
		}
		return fmt.Sprintf("made invitation %s for %s as %s%s", brief(a.Invite), times(a.Count), a.Role, codes) + n.opened(a.Added)
	case WithdrewInvite:
		return fmt.Sprintf("withdrew invitation %s of %s", brief(a.Invite), n.person(a.Person))
	}
	return n.team(a)
}

func (n naming) team(a Act) string {
	switch a.What {
	case MadeSpace:
		return fmt.Sprintf("made the %s space %s, history %s: %s", a.Kind, n.space(a.Space), a.History, n.given(a.Access))
	case ChangedSpace:
		return fmt.Sprintf("changed the %s space %s: %s", a.Kind, n.space(a.Space), n.changes(a))
	case MadeKey:
		return fmt.Sprintf("made key %d of the %s space %s", a.Count, a.Kind, n.space(a.Space))
	case SetPolicy:
		quorum := "nobody can depose an owner"
		if a.Count > 0 {
			quorum = fmt.Sprintf("%d of %s together can depose an owner", a.Count, n.some(a.Added))
		}
		return "set the policy: " + quorum + "; " + invitations(a.Kind) + version(a.Number)
	case ChangedSuperPeers:
		var parts []string
		if len(a.Added) > 0 {
			parts = append(parts, "attached "+keys(a.Added))
		}
		if len(a.Removed) > 0 {
			parts = append(parts, "took away "+keys(a.Removed))
		}
		return "changed the super-peers: " + strings.Join(parts, "; ")
	case Acknowledged:
		return "acknowledged what is above"
	}
	return a.What
}

func (n naming) changes(a Act) string {
	var parts []string
	if len(a.Access) > 0 {
		parts = append(parts, n.given(a.Access))
	}
	if a.History != "" {
		parts = append(parts, "history "+a.History)
	}
	switch a.Closed {
	case "yes":
		parts = append(parts, "closed")
	case "no":
		parts = append(parts, "open again")
	}
	if len(parts) == 0 {
		return "its name"
	}
	return strings.Join(parts, "; ")
}

// maxNamed is how many people one sentence names.
const maxNamed = 20

func (n naming) given(all []Given) string {
	parts := make([]string, 0, min(len(all), maxNamed))
	for _, g := range all[:min(len(all), maxNamed)] {
		parts = append(parts, n.person(g.Person)+" "+g.Access)
	}
	return strings.Join(parts, ", ") + others(len(all))
}

func (n naming) some(ids []string) string {
	parts := make([]string, 0, min(len(ids), maxNamed))
	for _, id := range ids[:min(len(ids), maxNamed)] {
		parts = append(parts, n.person(id))
	}
	return strings.Join(parts, ", ") + others(len(ids))
}

func others(count int) string {
	if count <= maxNamed {
		return ""
	}
	return fmt.Sprintf(" and %d others", count-maxNamed)
}

func times(uses int) string {
	if uses == 1 {
		return "one person"
	}
	return strconv.Itoa(uses) + " people"
}

// opened tells which spaces an invitation opens.
func (n naming) opened(spaces []string) string {
	if len(spaces) == 0 {
		return ""
	}
	parts := make([]string, 0, len(spaces))
	for _, s := range spaces {
		access, space, _ := strings.Cut(s, " ")
		parts = append(parts, access+" "+n.space(space))
	}
	return ", spaces: " + strings.Join(parts, ", ")
}

func keys(ids []string) string {
	parts := make([]string, 0, len(ids))
	for _, id := range ids {
		parts = append(parts, brief(id))
	}
	return strings.Join(parts, ", ")
}

func invitations(kind string) string {
	if kind == "instant" {
		return "invitations without codes are allowed"
	}
	return "every invitation needs codes"
}

func version(oldest int) string {
	if oldest == 0 {
		return ""
	}
	return "; oldest version " + strconv.Itoa(oldest)
}
