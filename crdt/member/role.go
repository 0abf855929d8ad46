package member

// Role is what a person may do in a workspace. A smaller number is more.
type Role uint

// The roles. The numbers are the levels of rule M20.
const (
	RoleOwner  Role = 1
	RoleAdmin  Role = 2
	RoleMember Role = 3
	RoleGuest  Role = 4
)

// String returns the role's name in lower case.
func (r Role) String() string {
	switch r {
	case RoleOwner:
		return "owner"
	case RoleAdmin:
		return "admin"
	case RoleMember:
		return "member"
	case RoleGuest:
		return "guest"
	}
	return "unknown"
}

func (r Role) valid() bool { return r >= RoleOwner && r <= RoleGuest }

// Status says whether a person takes part.
type Status uint

// The statuses of a person.
const (
	Active    Status = 0
	Suspended Status = 1 // joined with an invitation used too often: no keys, no writing (rule M33)
	Left      Status = 2 // went by themselves; the role is the former one
	Removed   Status = 3 // for good
)

// String returns the status in lower case.
func (s Status) String() string {
	switch s {
	case Active:
		return "active"
	case Suspended:
		return "suspended"
	case Left:
		return "left"
	case Removed:
		return "removed"
	}
	return "unknown"
}

// Access is what a person may do in a space. A greater number is more.
type Access uint

// The kinds of access.
const (
	AccessNone  Access = 0
	AccessRead  Access = 1
	AccessWrite Access = 2
	AccessAdmin Access = 3 // may also change the space
)

// String returns the access in lower case.
func (a Access) String() string {
	switch a {
	case AccessNone:
		return "none"
	case AccessRead:
		return "read"
	case AccessWrite:
		return "write"
	case AccessAdmin:
		return "admin"
	}
	return "unknown"
}

// SpaceKind says what a space is for.
type SpaceKind uint

// The kinds of spaces.
const (
	SpaceMain    SpaceKind = 0 // everybody but guests; made by the genesis
	SpacePrivate SpaceKind = 1 // listed persons, changed by its admins
	SpaceGroup   SpaceKind = 2 // exactly its persons for ever: direct messages, mail
	SpaceSelf    SpaceKind = 3 // one person's own devices
)

// String returns the kind in lower case.
func (k SpaceKind) String() string {
	switch k {
	case SpaceMain:
		return "main"
	case SpacePrivate:
		return "private"
	case SpaceGroup:
		return "group"
	case SpaceSelf:
		return "self"
	}
	return "unknown"
}

// History says what newcomers to a space may read.
type History uint

// The history policies.
const (
	HistoryFull     History = 0 // everything, through the chain of epochs
	HistoryFromJoin History = 1 // what is written from their joining on
)

// String returns "full" or "from-join".
func (h History) String() string {
	switch h {
	case HistoryFull:
		return "full"
	case HistoryFromJoin:
		return "from-join"
	}
	return "unknown"
}

// The modes of an invitation (protocol 2.3).
const (
	ModeCodes   uint = 0 // keys only after the codes were compared
	ModeInstant uint = 1 // whoever holds the link joins
)
