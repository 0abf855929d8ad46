package member

import (
	"errors"
	"strings"

	"parvis/crdt/seal"
)

// MissingError names the entries that must be known before something can be
// decided. Its outcome is [seal.Pend]: fetch them and ask again.
type MissingError struct{ IDs []seal.ID }

// Error lists the missing entries by their first digits.
func (m *MissingError) Error() string {
	names := make([]string, len(m.IDs))
	for i, id := range m.IDs {
		names[i] = id.Short()
	}
	return "missing entries: " + strings.Join(names, ", ")
}

// Unwrap gives the outcome to [seal.OutcomeOf].
func (m *MissingError) Unwrap() error {
	return &seal.Fault{Outcome: seal.Pend, Reason: "missing entries"}
}

// reject is the verdict on something no honest device makes.
func reject(reason string) error {
	return &seal.Fault{Outcome: seal.Reject, Reason: reason}
}

// outcome is the verdict inside an error.
func outcome(err error) seal.Outcome {
	var missing *MissingError
	if errors.As(err, &missing) {
		return seal.Pend
	}
	return seal.OutcomeOf(err)
}

// form says how one kind of structure is read: its name in reasons, its largest
// size in bytes, and the outcomes of the table in protocol 2.18.
type form struct {
	name      string
	limit     int
	malformed seal.Outcome
	newer     seal.Outcome
}

// decode reads one structure, whose first element is its version (rule M1).
func decode[T any](raw []byte, f form) (T, error) {
	var zero T
	if len(raw) > f.limit {
		return zero, &seal.Fault{Outcome: f.malformed, Reason: f.name + ": too long"}
	}
	switch versionOf(raw) {
	case versionNone:
		return zero, &seal.Fault{Outcome: f.malformed, Reason: f.name + ": malformed"}
	case versionNewer:
		return zero, &seal.Fault{Outcome: f.newer, Reason: f.name + ": newer version"}
	}
	v, err := seal.Decode[T](raw)
	if err != nil {
		return zero, &seal.Fault{Outcome: f.malformed, Reason: f.name + ": malformed"}
	}
	return v, nil
}

// What the first element of a structure says.
type version int

const (
	versionNone  version = iota // nothing readable, or 0
	versionOne                  // possibly this one
	versionNewer                // a well-formed array that begins with 2 or more
)

// versionOf reads the first element of an array without judging the others: a
// newer version may have more of them.
func versionOf(raw []byte) version {
	elements, err := seal.Elements(raw)
	if err != nil || len(elements) == 0 {
		return versionNone
	}
	v, err := seal.Decode[uint8](elements[0])
	switch {
	case err != nil || v == 0:
		return versionNone
	case v == 1:
		return versionOne
	}
	return versionNewer
}
