package app

import (
	"errors"
	"strings"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/member"
)

func TestWhatWasPastedIntoTheWrongPlaceIsNamed(t *testing.T) {
	const invitation, device, setup = "parvis://join#abc", "parvis://device#abc", "parvis://superpeer#abc"
	other := errors.New("something else")
	for name, c := range map[string]struct {
		text      string
		err, want error
	}{
		"an invitation for a set-up code":    {"Join us:\n parvis://JOIN\n#abc", workspace.ErrSetupBroken, errIsInvitation},
		"an invitation for a device":         {invitation, member.ErrDeviceLinkBroken, errIsInvitation},
		"a set-up code for an invitation":    {setup, member.ErrLinkBroken, errIsSetup},
		"a ready line for an invitation":     {`{"event":"ready","setup":"` + setup + `","metrics":""}`, member.ErrLinkBroken, errIsSetup},
		"a device's link for a set-up code":  {device, errors.Join(other, workspace.ErrSetupBroken), errIsDeviceLink},
		"a damaged set-up code":              {setup, workspace.ErrSetupBroken, workspace.ErrSetupBroken},
		"a damaged one beside an invitation": {invitation + " " + setup, workspace.ErrSetupBroken, workspace.ErrSetupBroken},
		"a ready line without code":          {`{"event":"ready","peer":"x","addrs":[],"metrics":"m"}`, workspace.ErrSetupBroken, errSetupHidden},
		"a node's ready line":                {`{"event":"ready","ui":"x","peer":"x","addrs":[]}`, workspace.ErrSetupBroken, workspace.ErrSetupBroken},
		"words":                              {"good morning", member.ErrLinkBroken, member.ErrLinkBroken},
		"an invitation behind too much":      {strings.Repeat("a", maxPasted) + invitation, workspace.ErrSetupBroken, workspace.ErrSetupBroken},
		"another error":                      {invitation, other, other},
		"an invitation of a newer version":   {setup, member.ErrLinkNewer, member.ErrLinkNewer},
		"nothing went wrong":                 {invitation, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := misplaced(c.text, c.err); !errors.Is(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestEveryMisplacedTextHasASentence(t *testing.T) {
	for _, err := range []error{errIsInvitation, errIsDeviceLink, errIsSetup, errSetupHidden} {
		said := false
		for _, m := range meanings() {
			said = said || m.Of == err && m.Code != "" && m.Message != ""
		}
		if !said {
			t.Errorf("nothing is said of: %v", err)
		}
	}
}
