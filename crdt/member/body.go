package member

import (
	"fmt"

	"parvis/crdt/seal"
)

// content is the decoded body of an entry. shape judges it by itself; check
// judges it in the state of the entry's past and notes what the entry does.
type content interface {
	shape() error
	check(c *check) error
}

// encodeBody writes a body. [Log.Write] checks its shape, so that this program
// never signs what others refuse.
func encodeBody[T content](body T) ([]byte, error) {
	raw, err := seal.Encode(body)
	if err != nil {
		return nil, fmt.Errorf("encode body: %w", err)
	}
	return raw, nil
}

// decodeBody reads one kind of body (rule M13).
func decodeBody[T content](raw []byte) (T, error) {
	body, err := decode[T](raw, form{"body", MaxEntry, seal.Reject, seal.Pend})
	if err != nil {
		return body, err
	}
	return body, body.shape()
}

func asContent[T content](raw []byte) (content, error) {
	body, err := decodeBody[T](raw)
	if err != nil {
		return nil, err
	}
	return body, nil
}

// decodeContent reads the body of an entry of a known type.
func decodeContent(t Type, raw []byte) (content, error) {
	switch t {
	case TypeGenesis:
		return asContent[GenesisBody](raw)
	case TypeAdmit:
		return asContent[AdmitBody](raw)
	case TypeDeviceAdd:
		return asContent[DeviceAddBody](raw)
	case TypeDeviceRemove:
		return asContent[DeviceRemoveBody](raw)
	case TypeRoleSet:
		return asContent[RoleSetBody](raw)
	case TypePersonRemove:
		return asContent[PersonRemoveBody](raw)
	case TypeInvite:
		return asContent[InviteBody](raw)
	case TypeInviteRevoke:
		return asContent[InviteRevokeBody](raw)
	case TypeSpaceCreate:
		return asContent[SpaceCreateBody](raw)
	case TypeSpaceSet:
		return asContent[SpaceSetBody](raw)
	default:
		return decodeLater(t, raw)
	}
}

func decodeLater(t Type, raw []byte) (content, error) {
	switch t {
	case TypeEpoch:
		return asContent[EpochBody](raw)
	case TypeKemUpdate:
		return asContent[KemUpdateBody](raw)
	case TypePolicy:
		return asContent[PolicyBody](raw)
	case TypeDepose:
		return asContent[DeposeBody](raw)
	case TypeLeave:
		return asContent[LeaveBody](raw)
	case TypeTransfer:
		return asContent[TransferBody](raw)
	case TypeRelaySet:
		return asContent[RelaySetBody](raw)
	case TypeAck:
		return asContent[AckBody](raw)
	case TypeJoin:
		return asContent[JoinBody](raw)
	case TypeConfirm:
		return asContent[ConfirmBody](raw)
	}
	return nil, &seal.Fault{Outcome: seal.Pend, Reason: "entry: newer type"}
}
