package api

import "context"

// MemberService changes who is in a workspace and what they may do there.
type MemberService interface {
	// RemovePerson removes somebody with all devices, for good.
	RemovePerson(ctx context.Context, removal PersonRemoval) error
	SetRole(ctx context.Context, role PersonRole) error
	// HandOver makes somebody the first owner in one's own place.
	HandOver(ctx context.Context, person PersonRef) error
	Leave(ctx context.Context, workspace string) error
	// Confirm lets somebody in whose invitation was used too often.
	Confirm(ctx context.Context, person PersonRef) error
}

// MatterService knows what of the membership people should look at.
type MatterService interface {
	Matters(ctx context.Context, workspace string) ([]Matter, error)
	PutAside(ctx context.Context, matter MatterRef) error
}

// Members is the bound struct for who is in a workspace and what they may do.
type Members struct {
	edge    *edge
	members MemberService
	matters MatterService
	rules   RuleService
}

// Remove removes a person from a workspace with all devices, for good: nothing that is
// written from now on can be read there. What the person wrote until now stays.
func (m *Members) Remove(r PersonRemoval) error {
	return act(m.edge, "Members.Remove", func(ctx context.Context) error { return m.members.RemovePerson(ctx, r) })
}

// SetRole makes a person an owner, admin, member or guest. A guest reads only the spaces
// that it is let into.
func (m *Members) SetRole(r PersonRole) error {
	return act(m.edge, "Members.SetRole", func(ctx context.Context) error { return m.members.SetRole(ctx, r) })
}

// HandOver makes a person the first owner of the workspace, whom nobody can remove.
func (m *Members) HandOver(p PersonRef) error {
	return act(m.edge, "Members.HandOver", func(ctx context.Context) error { return m.members.HandOver(ctx, p) })
}

// Leave takes this person out of a workspace, on all devices.
func (m *Members) Leave(workspace string) error {
	return act(m.edge, "Members.Leave", func(ctx context.Context) error { return m.members.Leave(ctx, workspace) })
}

// Confirm says that a person whose invitation was used too often is the right one.
func (m *Members) Confirm(p PersonRef) error {
	return act(m.edge, "Members.Confirm", func(ctx context.Context) error { return m.members.Confirm(ctx, p) })
}

// Matters lists what did not count, was lost or wants a decision, the newest first.
func (m *Members) Matters(workspace string) ([]Matter, error) {
	return run(m.edge, "Members.Matters", func(ctx context.Context) ([]Matter, error) { return list(m.matters.Matters(ctx, workspace)) })
}

// PutAside takes a matter off the list of this device.
func (m *Members) PutAside(r MatterRef) error {
	return act(m.edge, "Members.PutAside", func(ctx context.Context) error { return m.matters.PutAside(ctx, r) })
}
