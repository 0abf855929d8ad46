package app

import (
	"context"
	"slices"

	"parvis/app/api"
	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Rules implements [api.RuleService].
func (m members) Rules(_ context.Context, ws string) (api.Rules, error) {
	w, err := m.teams.get(ws)
	if err != nil {
		return api.Rules{}, err
	}
	st := w.State()
	policy := st.Policy()
	self, _ := w.Self()
	rules := api.Rules{Workspace: ws, Quorum: int(policy.Quorum), Trustees: []string{}, Instant: policy.Instant, Change: st.IsTop(self)}
	for _, person := range policy.Trustees {
		rules.Trustees = append(rules.Trustees, person.String())
	}
	return rules, nil
}

// SetRules implements [api.RuleService].
func (m members) SetRules(ctx context.Context, r api.Rules) error {
	w, err := m.teams.get(r.Workspace)
	if err != nil {
		return err
	}
	trustees, err := parsePeople(r.Trustees)
	if err != nil {
		return err
	}
	slices.SortFunc(trustees, seal.ID.Compare)
	trustees = slices.Compact(trustees)
	if r.Quorum < 0 || r.Quorum > len(trustees) || r.Quorum == 0 && len(trustees) > 0 {
		return &api.Error{Code: api.CodeInvalid, Message: "The number who must agree is at least one, and at most the number of trustees."}
	}
	return w.SetPolicy(ctx, member.Policy{Quorum: uint(r.Quorum), Trustees: trustees, MinVersion: w.State().Policy().MinVersion, Instant: r.Instant})
}

// Consent implements [api.RuleService].
func (m members) Consent(_ context.Context, d api.Deposition) (string, error) {
	w, person, successor, err := m.deposition(d)
	if err != nil {
		return "", err
	}
	return w.Consent(person, successor)
}

// deposition finds whom it is about.
func (m members) deposition(d api.Deposition) (w *workspace.Workspace, person seal.ID, successor *seal.ID, err error) {
	if w, person, err = m.of(d.Workspace, d.Person); err != nil || d.Successor == "" {
		return w, person, nil, err
	}
	_, next, err := m.of(d.Workspace, d.Successor)
	return w, person, &next, err
}

// Depose implements [api.RuleService].
func (m members) Depose(ctx context.Context, d api.Deposition) error {
	w, person, successor, err := m.deposition(d)
	if err != nil {
		return err
	}
	return w.Depose(ctx, person, successor, d.Consents)
}
