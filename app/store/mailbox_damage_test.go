package store

import (
	"slices"
	"testing"

	"parvis/crdt/seal"
)

func TestMailboxRenamesItselfOnDamage(t *testing.T) {
	m := openMailbox(t, MailboxLimits{})
	if _, err := m.Put(t.Context(), deposit(1, testObjects(0, 30, 500))); err != nil {
		t.Fatal(err)
	}
	name, _ := m.ID(t.Context())
	for _, change := range []string{
		`UPDATE object SET bytes = zeroblob(500) WHERE n & 1099511627775 = 4`,
		`UPDATE object SET n = n + 1000 WHERE n & 1099511627775 = 5`,
		`UPDATE object SET sum = x'00' WHERE n & 1099511627775 = 6`,
	} {
		if _, err := m.db.querier(t.Context()).ExecContext(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	found, rest, damaged, err := m.Get(t.Context(), testBox, testIDs(testObjects(0, 30, 1)), 1<<20)
	if err != nil || len(found) != 27 || len(rest) != 0 || damaged != 3 {
		t.Fatalf("%d found, %d left, %d damaged, %v", len(found), len(rest), damaged, err)
	}
	again, err := m.ID(t.Context())
	if again == name || err != nil {
		t.Errorf("the name stays: %v", err)
	}
	if last, err := m.Put(t.Context(), deposit(1, testObjects(0, 30, 500))); last != 33 || err != nil {
		t.Errorf("brought again: last %d, %v", last, err)
	}
	found, _, damaged, err = m.Get(t.Context(), testBox, testIDs(testObjects(0, 30, 1)), 1<<20)
	if err != nil || len(found) != 30 || damaged != 0 {
		t.Errorf("%d found, %d damaged, %v", len(found), damaged, err)
	}
}

func TestMailboxMendsADamagedBox(t *testing.T) {
	for name, change := range map[string]string{
		"too low": `UPDATE box SET last = 3`, "too high": `UPDATE box SET last = 1 << 41`, "negative": `UPDATE box SET last = -1`,
		"a wrong sum": `UPDATE box SET sum = x'00'`,
	} {
		for first, use := range map[string]func(m *Mailbox) error{
			"put":   func(m *Mailbox) error { _, err := m.Put(t.Context(), deposit(1, testObjects(0, 1, 500))); return err },
			"list":  func(m *Mailbox) error { _, _, err := m.List(t.Context(), testBox, 0, 10); return err },
			"watch": func(m *Mailbox) error { _, err := m.Last(t.Context(), testBox); return err },
			"fetch": func(m *Mailbox) error {
				_, _, _, err := m.Get(t.Context(), testBox, testIDs(testObjects(0, 1, 1)), 1<<20)
				return err
			},
		} {
			t.Run(name+", found by a "+first, func(t *testing.T) {
				m := openMailbox(t, MailboxLimits{})
				var told []seal.ID
				m.OnLoss(func(ws seal.ID) { told = append(told, ws) })
				if _, err := m.Put(t.Context(), deposit(1, testObjects(0, 30, 500))); err != nil {
					t.Fatal(err)
				}
				store, _ := m.ID(t.Context())
				if _, err := m.db.querier(t.Context()).ExecContext(t.Context(), change); err != nil {
					t.Fatal(err)
				}
				if err := use(m); err != nil {
					t.Fatal(err)
				}
				if again, _ := m.ID(t.Context()); again == store || !slices.Equal(told, []seal.ID{testBox.Workspace}) {
					t.Errorf("the mailbox kept its name, or told of %v", told)
				}
				if refs, _, err := m.List(t.Context(), testBox, 0, 100); len(refs) != 30 || err != nil {
					t.Errorf("%d objects, %v", len(refs), err)
				}
				if last, err := m.Put(t.Context(), deposit(1, testObjects(30, 1, 500))); last != 31 || err != nil {
					t.Errorf("a further one has number %d, %v", last, err)
				}
			})
		}
	}
}
