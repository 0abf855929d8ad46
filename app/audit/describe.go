package audit

import (
	"errors"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// describe says what an entry does; before is the state that its author knew.
func describe(before *member.State, e *member.Entry) (Act, error) {
	switch e.Type {
	case member.TypeAdmit, member.TypeJoin, member.TypeConfirm:
		return describeComing(before, e)
	case member.TypeDeviceAdd, member.TypeDeviceRemove, member.TypeKemUpdate:
		return describeDevice(before, e)
	case member.TypeRoleSet, member.TypePersonRemove, member.TypeDepose, member.TypeTransfer, member.TypeLeave:
		return describeOffice(before, e)
	case member.TypeInvite, member.TypeInviteRevoke:
		return describeInvite(before, e)
	case member.TypeSpaceCreate, member.TypeSpaceSet, member.TypeEpoch:
		return describeSpace(before, e)
	case member.TypeGenesis, member.TypePolicy, member.TypeRelaySet, member.TypeAck:
		return describeTeam(e)
	}
	return Act{}, errors.New("an entry of a newer type")
}

// describeComing is about people who come.
func describeComing(before *member.State, e *member.Entry) (Act, error) {
	switch e.Type {
	case member.TypeAdmit:
		b, err := member.DecodeAdmit(e.Body)
		if err != nil {
			return Act{}, err
		}
		act := Act{What: Admitted, Person: member.PersonID(b.PersonGenesis).String(), Role: b.Role.String(), Invite: b.InviteID.String(), Added: granted(b.Spaces)}
		if invite, ok := before.Invite(b.InviteID); ok {
			act.Kind = mode(invite.Mode)
		}
		return act, nil
	case member.TypeJoin:
		b, err := member.DecodeJoin(e.Body)
		if err != nil {
			return Act{}, err
		}
		act := Act{What: Joined, Invite: b.InviteID.String()}
		if invite, ok := before.Invite(b.InviteID); ok {
			act.Person, act.Role, act.Kind = invite.By.String(), invite.Role.String(), mode(invite.Mode)
		}
		return act, nil
	default:
		b, err := member.DecodeConfirm(e.Body)
		return Act{What: Confirmed, Person: b.Person.String()}, err
	}
}

// granted are the spaces that come with an invitation, each behind its access.
func granted(spaces []member.SpaceGrant) []string {
	var all []string
	for _, g := range spaces {
		all = append(all, g.Access.String()+" "+g.Space.String())
	}
	return all
}

func mode(m uint) string {
	if m == member.ModeCodes {
		return "codes"
	}
	return "instant"
}

func describeDevice(before *member.State, e *member.Entry) (Act, error) {
	switch e.Type {
	case member.TypeDeviceAdd:
		b, err := member.DecodeDeviceAdd(e.Body)
		if err != nil {
			return Act{}, err
		}
		record, err := member.ParseDeviceRecord(b.Record, b.Person)
		return Act{What: AddedDevice, Person: b.Person.String(), Device: record.SignPK.String(), Number: record.Idx}, err
	case member.TypeDeviceRemove:
		b, err := member.DecodeDeviceRemove(e.Body)
		act := Act{What: RemovedDevice, Device: b.Device.String()}
		if d, ok := before.Device(b.Device); ok {
			act.Person, act.Number = d.Person.String(), d.Idx
		}
		return act, err
	default:
		b, err := member.DecodeKemUpdate(e.Body)
		return Act{What: RenewedDeviceKey, Device: e.Dev.String(), Count: int(b.KEMGen)}, err
	}
}

// describeOffice is about people's roles and how they go.
func describeOffice(before *member.State, e *member.Entry) (act Act, err error) {
	var target seal.ID
	switch e.Type {
	case member.TypeRoleSet:
		var b member.RoleSetBody
		b, err = member.DecodeRoleSet(e.Body)
		target, act = b.Person, Act{What: SetRole, Role: b.Role.String(), Number: int(b.OwnerRank)}
	case member.TypePersonRemove:
		var b member.PersonRemoveBody
		b, err = member.DecodePersonRemove(e.Body)
		target, act = b.Person, Act{What: RemovedPerson, Count: int(b.Reason)}
	case member.TypeDepose:
		var b member.DeposeBody
		b, err = member.DecodeDepose(e.Body)
		target, act = b.Person, Act{What: Deposed, Role: member.RoleMember.String(), Count: len(b.Sigs)}
		for _, s := range b.Sigs {
			if d, ok := before.Device(s.Device); ok {
				act.Added = append(act.Added, d.Person.String())
			}
		}
	case member.TypeTransfer:
		var b member.TransferBody
		b, err = member.DecodeTransfer(e.Body)
		target, act = b.Person, Act{What: HandedOver, Role: member.RoleOwner.String()}
	default:
		return Act{What: LeftTheTeam}, nil
	}
	act.Person = target.String()
	if p, ok := before.Person(target); ok {
		act.Was = p.Role.String()
		if act.What == RemovedPerson && p.Status == member.Left {
			act.Kind = p.Status.String() // by the person's own entry, which this one confirms
		}
	}
	return act, err
}

func describeInvite(before *member.State, e *member.Entry) (Act, error) {
	if e.Type == member.TypeInviteRevoke {
		b, err := member.DecodeInviteRevoke(e.Body)
		act := Act{What: WithdrewInvite, Invite: b.InviteID.String()}
		if invite, ok := before.Invite(b.InviteID); ok {
			act.Person = invite.By.String()
		}
		return act, err
	}
	b, err := member.DecodeInvite(e.Body)
	act := Act{What: Invited, Invite: member.InviteID(b.InvPK).String(), Role: b.Role.String(), Kind: mode(b.Mode), Count: int(b.Uses), Added: granted(b.Spaces)}
	return act, err
}

func describeSpace(before *member.State, e *member.Entry) (Act, error) {
	switch e.Type {
	case member.TypeSpaceCreate:
		b, err := member.DecodeSpaceCreate(e.Body)
		return Act{
			What: MadeSpace, Space: b.Space.String(), Kind: b.Kind.String(), Count: len(b.Members), Access: access(b.Members), History: b.History.String(),
		}, err
	case member.TypeSpaceSet:
		b, err := member.DecodeSpaceSet(e.Body)
		act := Act{What: ChangedSpace, Space: b.Space.String(), Kind: kindOf(before, b.Space), Count: len(b.Members), Access: access(b.Members)}
		if b.History != nil {
			act.History = b.History.String()
		}
		if b.Closed != nil {
			act.Closed = map[bool]string{true: "yes", false: "no"}[*b.Closed]
		}
		return act, err
	default:
		b, err := member.DecodeEpoch(e.Body)
		return Act{What: MadeKey, Space: b.Space.String(), Kind: kindOf(before, b.Space), Count: int(b.N), Number: int(b.Reason)}, err
	}
}

func access(members []member.SpaceMember) []Given {
	var given []Given
	for _, m := range members {
		given = append(given, Given{m.Person.String(), m.Access.String()})
	}
	return given
}

func kindOf(st *member.State, id seal.SpaceID) string {
	space, _ := st.Space(id)
	return space.Kind.String()
}

// describeTeam is about the whole workspace.
func describeTeam(e *member.Entry) (Act, error) {
	switch e.Type {
	case member.TypeGenesis:
		b, err := member.DecodeGenesis(e.Body)
		return Act{What: Founded, Kind: opening(b.Policy), Number: int(b.Policy.MinVersion)}, err
	case member.TypePolicy:
		b, err := member.DecodePolicy(e.Body)
		return Act{
			What: SetPolicy, Kind: opening(b.Policy), Number: int(b.Policy.MinVersion), Count: int(b.Policy.Quorum), Added: texts(b.Policy.Trustees),
		}, err
	case member.TypeRelaySet:
		b, err := member.DecodeRelaySet(e.Body)
		return Act{What: ChangedSuperPeers, Added: texts(b.Add), Removed: texts(b.Remove)}, err
	default:
		return Act{What: Acknowledged}, nil
	}
}

// opening is how strict invitations have to be.
func opening(p member.Policy) string {
	if p.Instant {
		return mode(member.ModeInstant)
	}
	return mode(member.ModeCodes)
}

func texts(ids []seal.ID) []string {
	var all []string
	for _, id := range ids {
		all = append(all, id.String())
	}
	return all
}
