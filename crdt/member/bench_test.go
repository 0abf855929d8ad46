package member

import (
	"runtime"
	"testing"
	"time"

	"parvis/crdt/seal"
)

// longLog makes the payloads of a log of n entries without concurrency, by ten
// people: every tenth entry is an epoch, the others change a person or say that
// something was seen.
func longLog(t testing.TB, n int) []*Entry {
	tm, founder, x, y, m := pair(t)
	tm.promote(founder, x, RoleOwner, 1)
	authors := []*human{founder, x}
	for len(tm.log.order) < n {
		who := authors[len(tm.log.order)%len(authors)]
		tm.seeAll(who.id())
		switch i := len(tm.log.order); {
		case i%10 == 0:
			st := tm.log.State()
			number, prev := st.NextEpoch(st.MainSpace())
			body := EpochBody{Space: st.MainSpace(), N: number, EpochID: seal.Sum([]byte{byte(i), byte(i >> 8)}), RecipsHash: recipsHash(st.Recipients(st.MainSpace()))}
			for _, e := range prev {
				body.Prev = append(body.Prev, PrevBox{EpochID: e.ID, Box: make([]byte, boxSize)})
			}
			tm.must(who, body)
		case i%4 == 0:
			tm.must(who, RoleSetBody{Person: y.person, Role: Role(2 + i/4%2)})
		case i%4 == 1:
			tm.must(who, RoleSetBody{Person: m.person, Role: Role(3 + i/4%2)})
		default:
			tm.must(who, AckBody{})
		}
	}
	entries := make([]*Entry, n)
	for i, id := range tm.log.order {
		entries[i] = tm.log.Entry(id)
	}
	return entries
}

func fill(t testing.TB, entries []*Entry, verify bool) *Log {
	log := NewLog()
	for _, e := range entries {
		if verify {
			var err error
			if e, err = ParseEntry(e.Payload, e.Sig); err != nil {
				t.Fatal(err)
			}
		}
		if o, err := log.Add(e); o != seal.OK {
			t.Fatal(o, err)
		}
	}
	log.State()
	return log
}

func TestLongLog(t *testing.T) {
	const n = 10_000
	entries := longLog(t, n)
	t.Run("M28 a long log opens in a time that its signatures determine", func(t *testing.T) {
		start := time.Now()
		fill(t, entries, true)
		whole := time.Since(start)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start = time.Now()
		log := fill(t, entries, false)
		added := time.Since(start)
		runtime.GC()
		runtime.ReadMemStats(&after)
		perEntry := int64(after.HeapAlloc-before.HeapAlloc) / n
		runtime.KeepAlive(log)
		t.Logf("%d entries: %v with signatures, %v without; %d bytes each beyond the entries", n, whole, added, perEntry)
		if added > whole {
			t.Errorf("resolving took %v, more than with the signatures %v", added, whole)
		}
		if perEntry > 4<<10 {
			t.Errorf("%d bytes per entry are kept", perEntry)
		}
	})
	t.Run("M28 an entry on the oldest view makes the whole log concurrent, which is weighed in bounded time", func(t *testing.T) {
		log := fill(t, entries, false)
		stranger := entries[1].Dev
		body, err := AckBody{}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		// The founder's other self, on the view of its second entry: a fork.
		key := people()[0].keys.Sign
		if key.Public() != stranger {
			t.Fatal("not the founder's entry")
		}
		late, err := log.writeAt([]seal.ID{entries[1].ID}, key, TypeAck, body, 1)
		if err != nil {
			t.Fatal(err)
		}
		if o, err := log.Add(late); o != seal.Evidence {
			t.Fatal(o, err)
		}
		start := time.Now()
		log.State()
		t.Logf("%d entries beside one: %v", n, time.Since(start))
	})
	t.Run("M28 the states at known heads do not depend on what was asked before", func(t *testing.T) {
		log := fill(t, entries[:600], false)
		want := map[seal.ID]string{}
		for _, id := range log.order {
			want[id] = picture(log.records[id].after.orElse(func() *State { return log.stateAfter(log.records[id]) }))
		}
		for i := len(log.order) - 1; i >= 0; i -= 7 {
			st, err := log.StateAt([]seal.ID{log.order[i]})
			if err != nil || picture(st) != want[log.order[i]] {
				t.Fatalf("state at entry %d differs (%v)", i, err)
			}
		}
		kept := 0
		for _, r := range log.records {
			if r.after != nil {
				kept++
			}
		}
		if kept > maxStates+len(log.order)/keepEvery+1 {
			t.Errorf("%d states are kept", kept)
		}
	})
}

// orElse is the state, or what make returns when there is none.
func (s *State) orElse(make func() *State) *State {
	if s != nil {
		return s
	}
	return make()
}

func BenchmarkAdd(b *testing.B) {
	entries := longLog(b, 2000)
	for b.Loop() {
		fill(b, entries, false)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(entries)), "ns/entry")
}

func BenchmarkParseAndAdd(b *testing.B) {
	entries := longLog(b, 2000)
	for b.Loop() {
		fill(b, entries, true)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(entries)), "ns/entry")
}
