// Package mailbox carries /parvis/box/1, /parvis/acl/1 and /parvis/door/1: devices
// put sealed objects at a super-peer and fetch those of the others, admins tell it
// who may, and who holds an invitation is let in while nobody else is there
// (../SPEC.md names SPEC-mailbox.md, rules X1 and on).
//
// The super-peer knows nothing of what it keeps. An object has a name and bytes;
// it lies under a workspace and a tag, and gets the next number there, the
// cursor. What the bytes are is the business of whoever seals them.
//
// [Client] is a device's side, [Serve] the super-peer's; what the super-peer
// keeps and whom it lets in, the [Keeper] decides. [Knock] is a newcomer's side,
// [ServeDoors] the super-peer's.
package mailbox

// The ids of the protocols, with their major version.
const (
	Protocol     = "/parvis/box/1"
	ListProtocol = "/parvis/acl/1"
	DoorProtocol = "/parvis/door/1"
)
