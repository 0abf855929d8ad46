package apptest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
)

// TestEverythingArrivesWithoutGossip: what is lost, sync repairs; without gossip
// everything is lost to it.
func TestEverythingArrivesWithoutGossip(t *testing.T) {
	const count = 200
	nodes, ws := trio(t, NoGossip)
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() { n.burst(ws, fmt.Sprintf("node%d", i), count, 8) })
	}
	wg.Wait()
	for _, n := range nodes {
		n.Until("all messages are there", func() bool { return len(n.Texts(ws)) == 3*count })
	}
	for _, n := range nodes[1:] {
		if !slices.Equal(n.Texts(ws), nodes[0].Texts(ws)) {
			t.Error("the lists differ")
		}
	}
}

// TestAMessageTravelsThroughSomebodyElse: writer and reader are never on together.
func TestAMessageTravelsThroughSomebodyElse(t *testing.T) {
	nodes, ws := trio(t, NoGossip)
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	cleo.Stop()
	ana.Say(ws, "for Cleo")
	ben.Until("Ben carries it", func() bool { return len(ben.Texts(ws)) == 1 })
	ana.Stop()
	cleo.Start()
	cleo.Until("Cleo has it from Ben", func() bool { return slices.Equal(cleo.Texts(ws), []string{"for Cleo"}) })
	cleo.Say(ws, "for Ana")
	ben.Until("Ben carries the answer", func() bool { return len(ben.Texts(ws)) == 2 })
	cleo.Stop()
	ana.Start()
	ana.Until("Ana has the answer from Ben", func() bool { return slices.Equal(ana.Texts(ws), []string{"for Cleo", "for Ana"}) })
}
