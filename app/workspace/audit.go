package workspace

import "parvis/crdt/member"

// Entries are the durable entries of the membership log, parents first.
func (w *Workspace) Entries() []*member.Entry { return w.members.entries() }

func (m *membership) entries() []*member.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]*member.Entry, 0, m.committed)
	for _, id := range m.log.Order()[:m.committed] {
		all = append(all, m.log.Entry(id))
	}
	return all
}
