package apptest

import "testing"

// A node that comes back knows how much it lacks, from colleagues and from a
// super-peer alike, and lacks nothing once everything is there.
func TestCatchingUpCountsDown(t *testing.T) {
	for _, with := range []string{"a colleague", "a super-peer"} {
		t.Run(with, func(t *testing.T) {
			ana, ben := New(t), New(t)
			ws := ana.Found("Atelier", "Ana")
			if with == "a super-peer" {
				ana.Attach(ws, NewSuperPeer(t))
			}
			ben.Join(ana.Invite(ws), "Ben")
			if with == "a super-peer" {
				ben.Up(ws, 1) // will be there when Ana is not
			}
			ben.Stop()
			const written = 2000
			ana.burst(ws, "m", written, 16)
			if with == "a super-peer" {
				ana.Until("the super-peer has everything", func() bool { return ana.Workspace(ws).Queued == 0 })
				ana.Stop()
			}
			ben.Start()
			most := 0
			ben.Until("everything is there", func() bool { // looked at with every event
				now := ben.Workspace(ws).Behind
				most = max(most, now)
				return most > written/4 && now == 0
			})
			t.Logf("lacked %d at most", most)
		})
	}
}
