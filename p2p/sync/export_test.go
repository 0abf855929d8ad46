package sync

import "parvis/p2p/p2ptest"

// For the tests in package sync_test, which may import package gossip.
type (
	Memory = memory
	Team   = team
	Member = member
)

var NewTeam = newTeam

func (m *member) Node() *p2ptest.Node              { return m.node }
func (m *member) Syncer() *Syncer                  { return m.syncer }
func (m *member) Write(space byte, payload []byte) { m.append(space, payload); m.syncer.Wake() }
func (m *member) Counts() (n, twice, early int)    { return m.stats() }
func (m *member) Gossiping() bool                  { return m.syncer.picture.view.Load().Gossip }
func (tm *team) Members() []*member                { return tm.members }
func (tm *team) Wait(what string, ok func() bool)  { tm.t.Helper(); tm.wait(what, ok) }
func (tm *team) Same() bool                        { return tm.same() }
func (tm *team) Start(m *member, f func(*Config))  { tm.start(m, f) }
