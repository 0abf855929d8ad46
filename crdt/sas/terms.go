package sas

import (
	"encoding/binary"
	"fmt"
	"strings"

	"parvis/crdt/seal"
)

const (
	labelTranscript = "parvis1/sas/tr"
	labelCommit     = "parvis1/sas/commit"
	labelCode       = "parvis1/sas/code"
)

// Purpose says what a comparison is for. It is part of the codes, so that a run
// for one purpose cannot serve another.
type Purpose uint

// The purposes.
const (
	PurposeJoin   Purpose = 1 // an invited person joins
	PurposeDevice Purpose = 2 // a person adds a device
	PurposeVerify Purpose = 3 // two members compare afterwards
)

// Party is one side: a person and the device they sit at.
type Party struct {
	Person seal.ID
	Device seal.ID
}

// Terms is all that the codes vouch for. Both sides must hold the same.
type Terms struct {
	WS      seal.ID
	Invite  seal.ID // zero without an invitation
	Purpose Purpose
	A, B    Party   // A starts the run: the inviter, or the older device
	LogHead seal.ID // the newest log entry A knows
}

// transcript is tr of rule C2.
func (t *Terms) transcript() seal.ID {
	var purpose [8]byte
	binary.BigEndian.PutUint64(purpose[:], uint64(t.Purpose))
	return seal.Hash(labelTranscript, t.WS[:], t.Invite[:], purpose[:],
		t.A.Person[:], t.A.Device[:], t.B.Person[:], t.B.Device[:], t.LogHead[:])
}

// valid reports whether the purpose is known and the sides are two devices.
func (t *Terms) valid() error {
	if t.Purpose < PurposeJoin || t.Purpose > PurposeVerify {
		return reject(reasonPurpose)
	}
	if t.A.Device == t.B.Device || t.A.Device.IsZero() || t.B.Device.IsZero() {
		return reject(reasonParty)
	}
	return nil
}

func commitment(transcript, random seal.ID) seal.ID {
	return seal.Hash(labelCommit, transcript[:], random[:])
}

// codes returns the numbers that A and B show (rule C5), written with the given
// number of digits.
func codes(transcript, randomA, randomB seal.ID, digits int) (codeA, codeB string) {
	secret := append(append(make([]byte, 0, 64), randomA[:]...), randomB[:]...)
	derived := seal.KDF(secret, transcript[:], labelCode)
	modulus := uint64(1)
	for range digits {
		modulus *= 10
	}
	write := func(b []byte) string {
		return fmt.Sprintf("%0*d", digits, binary.BigEndian.Uint64(b)%modulus)
	}
	return write(derived[0:8]), write(derived[8:16])
}

// plainCode removes the spaces that people type between groups of digits.
func plainCode(typed string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\u00a0' || r == '\t' {
			return -1
		}
		return r
	}, typed)
}
