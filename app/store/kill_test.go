package store

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// killChild names the environment variable that makes the test binary the child
// of TestKillLosesNothingAcknowledged; its value is the data folder.
const killChild = "PARVIS_STORE_KILL_CHILD"

// longTests is the environment variable that asks for the long versions.
const longTests = "PARVIS_LONG"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killChild); dir != "" {
		if err := writeUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// writers is how many callers the child has.
const writers = 8

// writeUntilKilled appends to one chain per writer, two things in each
// transaction, and prints a line for each that was acknowledged.
func writeUntilKilled(dir string) error {
	ctx := context.Background()
	db := New(dir)
	if err := db.Open(ctx, testKey); err != nil {
		return err
	}
	ws := testID('w', 0)
	tails, err := db.Tails(ctx, ws)
	if err != nil {
		return err
	}
	next := make([]int, writers)
	for w := range next {
		next[w] = 1
		for _, tail := range tails {
			if tail.Device == testID('d', w) {
				next[w] = int(tail.Seq) + 1
			}
		}
	}
	failed := make(chan error)
	for w := range writers {
		go func() {
			for seq := next[w]; ; seq++ {
				err := db.Write(ctx, func(ctx context.Context) error {
					if err := db.AddEnvelopes(ctx, ws, []workspace.EnvelopeRow{testRow(w, seq)}); err != nil {
						return err
					}
					return db.PutSecret(ctx, ws, strconv.Itoa(w), []byte(strconv.Itoa(seq)))
				})
				if err != nil {
					failed <- err
					return
				}
				fmt.Printf("%d %d\n", w, seq)
			}
		}()
	}
	return <-failed
}

func TestKillLosesNothingAcknowledged(t *testing.T) {
	cycles := 20
	if os.Getenv(longTests) != "" {
		cycles = 100
	}
	if underRace {
		cycles = 3
	}
	dir := filepath.Join(t.TempDir(), "data")
	random := rand.New(rand.NewPCG(1, 2))
	acknowledged := make([]int, writers)
	for cycle := range cycles {
		killInBurst(t, dir, acknowledged, 20+random.IntN(800))
		checkAcknowledged(t, dir, acknowledged)
		if t.Failed() {
			t.Fatalf("in cycle %d", cycle)
		}
	}
	total := 0
	for _, n := range acknowledged {
		total += n
	}
	t.Logf("%d cycles, %d acknowledged writes, none lost", cycles, total)
}

// killInBurst kills the child after so many acknowledgements, in the middle of
// whatever it does, and notes all that it still said.
func killInBurst(t *testing.T, dir string, acknowledged []int, after int) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), killChild+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if n == after {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		var w, seq int
		if _, err := fmt.Sscanf(lines.Text(), "%d %d", &w, &seq); err != nil {
			break // the last line may be cut
		}
		acknowledged[w] = max(acknowledged[w], seq)
	}
	_, _ = child.Process.Wait()
}

// checkAcknowledged opens the store without any repair and looks for every row,
// and for halves of transactions.
func checkAcknowledged(t *testing.T, dir string, acknowledged []int) {
	t.Helper()
	db := New(dir)
	if err := db.Open(t.Context(), testKey); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ws := testID('w', 0)
	for w, seq := range acknowledged {
		rows, err := db.Envelopes(t.Context(), ws, seal.SpaceID{7}, testID('d', w), 1, 1<<30)
		if err != nil || len(rows) < seq {
			t.Errorf("writer %d: %d rows, %d acknowledged, %v", w, len(rows), seq, err)
			continue
		}
		value, _, err := db.Secret(t.Context(), ws, strconv.Itoa(w))
		if err != nil || string(value) != strconv.Itoa(len(rows)) && len(rows) > 0 {
			t.Errorf("writer %d: %d rows, but the other half says %q, %v", w, len(rows), value, err)
		}
	}
	if faults, err := db.integrity(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("integrity: %q, %v", faults, err)
	}
}
