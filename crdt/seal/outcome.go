package seal

import (
	"errors"
	"fmt"
)

// Outcome is the verdict of a validation (rule S12).
type Outcome int

const (
	// OK means valid: store and apply.
	OK Outcome = iota
	// Drop means ignore and count; nobody is to blame.
	Drop
	// Reject means ignore, and 10 penalty points for the sending peer.
	Reject
	// Pend means keep in the bounded waiting room and ask for what is missing.
	Pend
	// Quarantine means store, do not apply, and show it to the user.
	Quarantine
	// Evidence means store as proof of misbehaviour, and warn.
	Evidence
)

// String returns the outcome in lower case, as the test vectors write it.
func (o Outcome) String() string {
	switch o {
	case OK:
		return "ok"
	case Drop:
		return "drop"
	case Reject:
		return "reject"
	case Pend:
		return "pend"
	case Quarantine:
		return "quarantine"
	case Evidence:
		return "evidence"
	}
	return fmt.Sprintf("outcome(%d)", int(o))
}

// Fault is the error of a validation that did not end with [OK]. Reason is a
// short fixed text for logs and test vectors; it holds no content and no key.
type Fault struct {
	Outcome Outcome
	Reason  string
}

// Error returns "outcome: reason".
func (f *Fault) Error() string { return f.Outcome.String() + ": " + f.Reason }

// OutcomeOf returns [OK] for nil, the outcome of the [Fault] inside err, and
// [Reject] for any other error, because malformed input is the usual cause.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return OK
	}
	if fault, ok := errors.AsType[*Fault](err); ok {
		return fault.Outcome
	}
	return Reject
}
