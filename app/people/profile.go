package people

import (
	"bytes"
	"errors"
	"fmt"

	"parvis/app/name"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// What says whose name a profile body gives (rule P2).
type What uint

// The things that have names, and what else is said of people and spaces.
const (
	PersonName    What = 0
	WorkspaceName What = 1
	SpaceName     What = 2
	Vouch         What = 3 // not a name: the author verified a person
	Demand        What = 4 // not a name: whom a space lets in
)

// Limits of a profile body.
const (
	version    = 1
	maxLamport = 1 << 53
)

var errNewer = errors.New("made by a newer version of Parvis")

// Profile is the content of a profile envelope (rule P1).
type Profile struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	What    What
	Target  []byte // the person's or the space's id; empty for the workspace; of a Vouch the person and the devices
	Lamport uint64 // 1 + the greatest that the author knew of this name
	Name    string
}

// Encode writes a profile body.
func (p Profile) Encode() ([]byte, error) {
	p.V = version
	return seal.Encode(p)
}

// Decode reads and checks the profile body of an envelope (rules P1 to P5).
func Decode(o workspace.Opened) (Profile, error) {
	p, err := seal.Decode[Profile](o.Body)
	if err != nil {
		if newer(o.Body) {
			return Profile{}, errNewer
		}
		return Profile{}, err
	}
	switch {
	case p.V > version || p.What > Demand:
		return Profile{}, errNewer
	case p.V != version:
		return Profile{}, fmt.Errorf("version %d does not exist", p.V)
	case p.What == PersonName && !bytes.Equal(p.Target, o.Person[:]):
		return Profile{}, errors.New("it names another person")
	case p.What == WorkspaceName && len(p.Target) != 0:
		return Profile{}, errors.New("a workspace name with a target")
	case (p.What == SpaceName || p.What == Demand) && !bytes.Equal(p.Target, o.Space[:]):
		return Profile{}, errors.New("it names another space")
	case p.Lamport == 0 || p.Lamport > maxLamport:
		return Profile{}, fmt.Errorf("lamport %d", p.Lamport)
	case p.What == Vouch:
		return p, checkVouch(p, o.Person)
	case p.Name == "" || name.Clean(p.Name) != p.Name:
		return Profile{}, errors.New("a name that is not clean")
	case p.What == Demand && p.Name != onlyVerified && p.Name != anyone:
		return Profile{}, errNewer
	}
	return p, nil
}

// newer reports whether data is an array with a version that only a later
// program knows.
func newer(data []byte) bool {
	elements, err := seal.Elements(data)
	if err != nil || len(elements) < 2 {
		return false
	}
	v, err := seal.Decode[uint](elements[0])
	return err == nil && v > version
}
