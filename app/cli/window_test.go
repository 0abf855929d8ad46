package cli

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestTheWindowSaysOnTheTerminalWhatServeSays: about keys in the clear, and at the end
// what waits.
func TestTheWindowSaysOnTheTerminalWhatServeSays(t *testing.T) {
	var out, errs strings.Builder
	shown := false
	program := Program{Stdout: &out, Stderr: &errs, Stdin: strings.NewReader(""), Getenv: func(string) string { return "" }}
	program.Window = func(ctx context.Context, w Window) (err error) {
		shown = true
		defer func() { err = errors.Join(err, w.Node.Close()) }()
		if err := w.Node.Start(ctx); err != nil {
			return err
		}
		w.Started()
		if !strings.Contains(errs.String(), "UNPROTECTED") {
			t.Errorf("after the start stderr is %q, want that the keys lie unprotected", errs.String())
		}
		errs.Reset()
		began := time.Now()
		w.Ended()
		if took := time.Since(began); took > time.Second || errs.Len() > 0 {
			t.Errorf("the end of a node for which nothing waits took %v and said %q", took, errs.String())
		}
		return nil
	}
	exit := program.Run(t.Context(), []string{"--data", t.TempDir(), "--unprotected", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"})
	if exit != ExitDone || !shown {
		t.Errorf("exit %d, shown %v, %s", exit, shown, errs.String())
	}
}
