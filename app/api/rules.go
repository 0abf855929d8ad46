package api

import "context"

// RuleService knows what holds for a whole workspace, and its trustees' power.
type RuleService interface {
	Rules(ctx context.Context, workspace string) (Rules, error)
	SetRules(ctx context.Context, rules Rules) error
	// Consent is the text by which a trustee agrees that somebody is deposed.
	Consent(ctx context.Context, deposition Deposition) (string, error)
	Depose(ctx context.Context, deposition Deposition) error
}

// Rules are what the first owner decides for a workspace.
type Rules struct {
	Workspace string   `json:"workspace"`
	Quorum    int      `json:"quorum"`   // how many trustees together depose an owner or admin; 0: they cannot
	Trustees  []string `json:"trustees"` // person ids
	Instant   bool     `json:"instant"`  // invitations may let people in before codes were compared
	Change    bool     `json:"change"`   // this person may change them
}

// Deposition takes the office of an owner or admin, who becomes a member.
type Deposition struct {
	Workspace string   `json:"workspace"`
	Person    string   `json:"person"`
	Successor string   `json:"successor"` // who takes an owner's place; empty: nobody
	Consents  []string `json:"consents"`  // of the other trustees
}

// Rules says what holds for a workspace.
func (m *Members) Rules(workspace string) (Rules, error) {
	return run(m.edge, "Members.Rules", func(ctx context.Context) (Rules, error) { return m.rules.Rules(ctx, workspace) })
}

// SetRules changes what holds for a workspace; its first owner may.
func (m *Members) SetRules(r Rules) error {
	return act(m.edge, "Members.SetRules", func(ctx context.Context) error { return m.rules.SetRules(ctx, r) })
}

// Consent is the text that a trustee gives to another one, by whatever way they choose, to agree that
// a person is deposed.
func (m *Members) Consent(d Deposition) (string, error) {
	return run(m.edge, "Members.Consent", func(ctx context.Context) (string, error) { return m.rules.Consent(ctx, d) })
}

// Depose takes the office of an owner or admin with the own consent and those of other trustees.
func (m *Members) Depose(d Deposition) error {
	return act(m.edge, "Members.Depose", func(ctx context.Context) error { return m.rules.Depose(ctx, d) })
}
