package viewtest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Talk lets devices write and give each other parts of their chains, as rapid draws
// it. host is a device, act does one thing there, restart starts its service anew.
func Talk(rt *rapid.T, t testing.TB, hosts int, host func(i int) *Host, act, restart func(i int)) {
	t.Helper()
	last := hosts - 1
	got := make([]int, hosts) // how much of each chain the others have
	for range rapid.IntRange(5, 25).Draw(rt, "steps") {
		from := rapid.IntRange(0, last).Draw(rt, "who")
		if rapid.Bool().Draw(rt, "acts") {
			act(from)
			continue
		}
		to, chain := rapid.IntRange(0, last).Draw(rt, "to"), host(from).Sent
		if n := min(got[from]+3, len(chain)); to != from { // parts of a chain may come again
			host(to).Deliver(t, chain[min(got[from], n):n]...)
			got[from] = n
		}
		if rapid.IntRange(0, 5).Draw(rt, "restart") == 0 {
			restart(to)
		}
	}
}

// Shuffle delivers envelopes in random order and batches, with restarts between.
func (h *Host) Shuffle(t testing.TB, order *rand.Rand, all []workspace.Opened, restart func()) {
	t.Helper()
	mixed := shuffled(order, all)
	for len(mixed) > 0 {
		n := min(1+order.IntN(6), len(mixed))
		h.Deliver(t, mixed[:n]...)
		mixed = mixed[n:]
		if order.IntN(8) == 0 {
			restart()
		}
	}
}

// ShuffleRemoval delivers envelopes in random order, with restarts between, and
// somewhere among them the removal that hides those beyond: what is there by then is
// judged, what comes later arrives hidden.
func (h *Host) ShuffleRemoval(t testing.TB, order *rand.Rand, all, beyond []workspace.Opened, restart func()) {
	t.Helper()
	hidden := map[seal.ID]bool{}
	for _, o := range beyond {
		hidden[o.ID] = true
	}
	mixed := shuffled(order, all)
	removal := order.IntN(len(mixed) + 1)
	for i, o := range mixed {
		if i == removal {
			h.Judge(t, true, slices.DeleteFunc(slices.Clone(mixed[:i]), func(o workspace.Opened) bool { return !hidden[o.ID] })...)
		}
		o.Hidden = i >= removal && hidden[o.ID]
		h.Deliver(t, o)
		if order.IntN(8) == 0 {
			restart()
		}
	}
	if removal == len(mixed) {
		h.Judge(t, true, beyond...)
	}
}

func shuffled(order *rand.Rand, all []workspace.Opened) []workspace.Opened {
	mixed := slices.Clone(all)
	order.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	return mixed
}
