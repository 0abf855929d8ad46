package audit

import (
	"testing"

	"parvis/crdt/member"
	"parvis/crdt/member/membertest"
)

// BenchmarkVerify is a log of 4,000 entries, as a team has after some years.
func BenchmarkVerify(b *testing.B) {
	tm := membertest.New(b, 5)
	tm.New(tm.Actors[0], member.RoleAdmin)
	for tm.All.Len() < 4000 {
		if tm.Write(tm.Actors[0], member.TypeAck, member.AckBody{}) == nil {
			b.Fatal("refused")
		}
	}
	data := file(b, tm.Entries(), nil)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := verify(data); err != nil {
			b.Fatal(err)
		}
	}
}
