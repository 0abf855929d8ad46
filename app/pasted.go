package app

import (
	"errors"
	"strings"

	"parvis/app/api"
	"parvis/app/workspace"
	"parvis/crdt/member"
)

// What people paste where something else is asked for.
var (
	errIsInvitation = errors.New("this is an invitation")
	errIsDeviceLink = errors.New("this is a link for a device")
	errIsSetup      = errors.New("this is a set-up code")
	errSetupHidden  = errors.New("this is the first line of a super-peer that does not show its set-up code")
)

// maxPasted bounds the text in which another kind of link is looked for, in bytes.
const maxPasted = 16 << 10

// pastedKinds are the links and codes of the program, and what is said of a text that
// should contain one and does not.
func pastedKinds() []pastedKind {
	return []pastedKind{
		{"parvis://join#", member.ErrLinkBroken, errIsInvitation},
		{"parvis://device#", member.ErrDeviceLinkBroken, errIsDeviceLink},
		{"parvis://superpeer#", workspace.ErrSetupBroken, errIsSetup},
	}
}

type pastedKind struct {
	prefix     string
	broken, is error
}

// misplaced says of a text that could not be read what it is instead, where that is
// known; every other error stays.
func misplaced(text string, err error) error {
	wanted := false
	for _, kind := range pastedKinds() {
		wanted = wanted || errors.Is(err, kind.broken)
	}
	if !wanted {
		return err
	}
	text = strings.ToLower(strings.Join(strings.Fields(text[:min(len(text), maxPasted)]), ""))
	is := err
	for _, kind := range pastedKinds() {
		if !strings.Contains(text, kind.prefix) {
			continue
		}
		if errors.Is(err, kind.broken) {
			return err // what was asked for, but damaged
		}
		is = kind.is
	}
	if is == err && errors.Is(err, workspace.ErrSetupBroken) && strings.Contains(text, `"event":"ready"`) && strings.Contains(text, `"metrics":`) {
		return errSetupHidden
	}
	return is
}

// pastedMeanings are the sentences for what was pasted into the wrong place.
func pastedMeanings() []api.Meaning {
	return []api.Meaning{
		{Of: errIsInvitation, Code: api.CodeIsInvitation, Message: "This is an invitation to a workspace, not what is asked for here. Use it with \"Join with an invitation\", or with: parvis join LINK"},
		{Of: errIsDeviceLink, Code: api.CodeIsDeviceLink, Message: "This link adds a device of yours; it is not what is asked for here. Use it with \"Add this computer to my devices\", or with: parvis device link LINK"},
		{Of: errIsSetup, Code: api.CodeIsSetup, Message: "This is the set-up code of a super-peer, not what is asked for here. An owner uses it in the network settings with \"Add a super-peer\", or with: parvis superpeer add -"},
		{Of: errSetupHidden, Code: api.CodeSetupHidden, Message: "This super-peer does not show its set-up code any more, because a workspace has it already. Start it with --show-code and copy its first line again."},
	}
}
