package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"parvis/app/api"
	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// members changes who is in a workspace.
type members struct {
	teams *teams
	app   *App
}

// of finds the workspace and the person.
func (m members) of(ws, person string) (*workspace.Workspace, seal.ID, error) {
	w, err := m.teams.get(ws)
	if err != nil {
		return nil, seal.ID{}, err
	}
	id, err := seal.ParseID(person)
	if err != nil {
		return nil, id, fmt.Errorf("person %q: %w", person, workspace.ErrNotFound)
	}
	return w, id, nil
}

// RemovePerson implements [api.MemberService].
func (m members) RemovePerson(ctx context.Context, r api.PersonRemoval) error {
	w, person, err := m.of(r.Workspace, r.Person)
	if err != nil {
		return err
	}
	reason := uint(member.ReasonNone)
	if r.Lost {
		reason = member.ReasonLost
	}
	return m.teams.leadersOnly(ctx, w, "remove people", w.RemovePerson(ctx, person, reason))
}

// roles are the roles by their names.
func roles() map[string]member.Role {
	named := map[string]member.Role{}
	for role := member.RoleOwner; role <= member.RoleGuest; role++ {
		named[role.String()] = role
	}
	return named
}

// SetRole implements [api.MemberService].
func (m members) SetRole(ctx context.Context, r api.PersonRole) error {
	w, person, err := m.of(r.Workspace, r.Person)
	if err != nil {
		return err
	}
	role, ok := roles()[r.Role]
	if !ok {
		return &api.Error{Code: api.CodeInvalid, Message: "A role is owner, admin, member or guest. Choose one of them."}
	}
	err = w.SetRole(ctx, person, role)
	switch {
	case errors.Is(err, workspace.ErrSameRole):
		return &api.Error{Code: api.CodeInvalid, Message: m.teams.people.Name(w.ID(), person) + " is already " + aRole(role) + "."}
	case errors.Is(err, workspace.ErrOwnersAppoint):
		ask := "an owner"
		if owners := m.teams.owners(ctx, w); len(owners) > 0 {
			ask = strings.Join(owners, " or ")
		}
		return &api.Error{Code: api.CodeRefused, Message: "Only an owner can make somebody " + aRole(role) + ". Ask " + ask + " to do it."}
	}
	return err
}

// aRole is a role with its article.
func aRole(role member.Role) string {
	if role == member.RoleOwner || role == member.RoleAdmin {
		return "an " + role.String()
	}
	return "a " + role.String()
}

// HandOver implements [api.MemberService].
func (m members) HandOver(ctx context.Context, p api.PersonRef) error {
	w, person, err := m.of(p.Workspace, p.Person)
	if err != nil {
		return err
	}
	return w.Transfer(ctx, person)
}

// Leave implements [api.MemberService].
func (m members) Leave(ctx context.Context, ws string) error {
	w, err := m.teams.get(ws)
	if err != nil {
		return err
	}
	return w.Leave(ctx)
}

// Confirm implements [api.MemberService].
func (m members) Confirm(ctx context.Context, p api.PersonRef) error {
	w, person, err := m.of(p.Workspace, p.Person)
	if err != nil {
		return err
	}
	return m.teams.leadersOnly(ctx, w, "confirm people", w.Confirm(ctx, person))
}

// Matters implements [api.MatterService].
func (m members) Matters(ctx context.Context, ws string) ([]api.Matter, error) {
	w, err := m.teams.get(ws)
	if err != nil {
		return nil, err
	}
	found, err := w.Matters(ctx)
	if err != nil {
		return nil, err
	}
	var list []api.Matter
	for _, one := range found {
		dto := matterDTO(one)
		if person, device := w.Self(); one.Kind == workspace.MatterFork && one.Person == person {
			dto.This = one.Device == device
			dto.DeviceName = m.app.carry.deviceName(ctx, w.ID(), one.Device)
		}
		list = append(list, dto)
	}
	return list, nil
}

// actName is the word for an act that is a matter.
func actName(act member.Type) string {
	names := map[member.Type]string{
		member.TypeInvite: "invitation", member.TypeAdmit: "let-in", member.TypeJoin: "let-in", member.TypeRoleSet: "role",
		member.TypePersonRemove: "removal", member.TypeDeviceRemove: "device-removal", member.TypeDepose: "deposition",
	}
	return names[act]
}

func matterDTO(m workspace.Matter) api.Matter {
	text := func(id seal.ID) string {
		if id.IsZero() {
			return ""
		}
		return id.String()
	}
	dto := api.Matter{
		ID: m.ID.String(), Kind: string(m.Kind), Act: actName(m.Act), By: text(m.By), Person: text(m.Person), Device: text(m.Device),
		Number: m.Number, At: m.AtMs, Decide: m.Decide,
	}
	if _, known := roles()[m.Role.String()]; known {
		dto.Role = m.Role.String()
	}
	if m.Kind == workspace.MatterLowered {
		dto.Was = m.Was.String()
	}
	return dto
}

// PutAside implements [api.MatterService].
func (m members) PutAside(ctx context.Context, r api.MatterRef) error {
	w, err := m.teams.get(r.Workspace)
	if err != nil {
		return err
	}
	id, err := seal.ParseID(r.ID)
	if err != nil {
		return fmt.Errorf("matter %q: %w", r.ID, workspace.ErrNotFound)
	}
	return w.PutAside(ctx, id)
}
