package process

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/app/cli/clitest/replicatest"
)

// TestTwoNodesApartWriteOneDocument: each of two people writes while the other's
// computer is off, and both are killed at random on the way. When they meet, both
// have the same, and no acknowledged word is lost.
func TestTwoNodesApartWriteOneDocument(t *testing.T) {
	t.Parallel()
	count, kills := 400, 4
	if long() {
		count, kills = 10_000, 25
	}
	ana, ben := pair(t)
	clitest.Run[struct{}](t, ana, "doc", "create", "Rapport")
	clitest.Run[struct{}](t, ana, "doc", "append", "Rapport", "begin;")
	engine := replicatest.Engine(t)
	before := openReplica(t, engine, ben, "Rapport", 1)
	until(t, "Ben has the beginning", func() bool {
		return strings.Contains(reading(t, ben, before.Ref.ID).Text, "begin;")
	})
	ben.Stop(t)
	a := openReplica(t, engine, ana, "Rapport", 2)
	a.writeAll("a", count, kills)
	ana.Stop(t)

	ben.Start(t)
	b := openReplica(t, engine, ben, "Rapport", 3)
	if !strings.Contains(b.Text(), "begin;") {
		t.Error("the document does not open offline after a cold start")
	}
	b.writeAll("b", count, kills)
	ana.Start(t)

	begun := time.Now()
	var texts [2]api.DocText
	until(t, "both have the same", func() bool {
		texts[0], texts[1] = reading(t, ana, a.Ref.ID), reading(t, ben, a.Ref.ID)
		return texts[0].Text == texts[1].Text && slices.Equal(texts[0].Heads, texts[1].Heads) && strings.Contains(texts[0].Text, fmt.Sprintf("b%d;", count-1))
	})
	t.Logf("the same after %v: %d characters", time.Since(begun), len(texts[0].Text))
	words := map[string]int{}
	for word := range strings.SplitSeq(strings.TrimSpace(texts[0].Text), ";") {
		words[strings.TrimSpace(word)]++
	}
	for _, name := range []string{"a", "b"} {
		for i := range count {
			if word := fmt.Sprintf("%s%d", name, i); words[word] != 1 {
				t.Errorf("%q is there %d times", word, words[word])
			}
		}
	}
	if len(words) != 2*count+2 { // with the beginning, and nothing behind the last ;
		t.Errorf("%d words, want %d", len(words), 2*count+2)
	}
}
