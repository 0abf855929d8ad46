package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// callLimit bounds every call that does not say how long it may wait.
const callLimit = 60 * time.Second

// edge is what all bound methods share: the life of the program, the translation
// of errors and the recovery from panics.
type edge struct {
	life     func() (context.Context, error)
	meanings []Meaning
	log      *slog.Logger
}

// always is an edge whose calls are answered before the start and while locked.
func (e *edge) always() *edge {
	return &edge{life: func() (context.Context, error) { return context.Background(), nil }, meanings: e.meanings, log: e.log}
}

// run is one call from a user interface. It waits for nothing but do, bounds it
// in time, and turns every failure, a panic included, into an *Error.
func run[T any](e *edge, method string, do func(ctx context.Context) (T, error)) (result T, err error) {
	return runFor(e, method, callLimit, do)
}

// runFor is run with another bound.
func runFor[T any](e *edge, method string, limit time.Duration, do func(ctx context.Context) (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			e.log.Error("panic in a call", "method", method, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			var zero T
			result, err = zero, internal()
		}
	}()
	life, err := e.life()
	if err != nil {
		return result, e.fail(method, err)
	}
	ctx, cancel := context.WithTimeout(life, limit)
	defer cancel()
	if result, err = do(ctx); err != nil {
		var zero T
		return zero, e.fail(method, err)
	}
	return result, nil
}

// act is run for a call without result.
func act(e *edge, method string, do func(ctx context.Context) error) error {
	_, err := run(e, method, func(ctx context.Context) (struct{}, error) { return struct{}{}, do(ctx) })
	return err
}

// fail translates err; what nobody knows is written to the log, because here its
// journey ends.
func (e *edge) fail(method string, err error) error {
	translated, known := translate(err, e.meanings)
	if !known {
		e.log.Error("call failed", "method", method, "err", err)
	}
	return translated
}

// timeMeanings are the errors of contexts.
func timeMeanings() []Meaning {
	return []Meaning{
		{ErrStarting, CodeTimeout, "Parvis is still starting. Please try again in a moment."},
		{ErrLocked, CodeLocked, "Parvis is locked. Enter your passphrase to unlock it."},
		{ErrNew, CodeLocked, "Parvis has no passphrase yet that keeps its keys. Choose one on its page or with \"parvis unlock\"."},
		{context.DeadlineExceeded, CodeTimeout, "This takes too long. Check the connection and try again; what was saved stays saved."},
		{context.Canceled, CodeTimeout, "Parvis is closing. Open it again to go on."},
	}
}

// What the program's life says before calls can be answered.
var (
	// ErrStarting reports a call before the data folder was opened.
	ErrStarting = errors.New("not started yet")
	// ErrLocked reports a call while the storage key is not known.
	ErrLocked = errors.New("locked")
	// ErrNew reports a call before there is a storage key: a passphrase is to be chosen.
	ErrNew = errors.New("no passphrase was chosen yet")
)
