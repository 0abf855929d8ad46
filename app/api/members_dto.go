package api

// PersonRef names a person of a workspace.
type PersonRef struct {
	Workspace string `json:"workspace"`
	Person    string `json:"person"`
}

// PersonRole gives a person a role.
type PersonRole struct {
	Workspace string `json:"workspace"`
	Person    string `json:"person"`
	Role      string `json:"role"` // owner, admin, member or guest
}

// PersonRemoval removes a person.
type PersonRemoval struct {
	Workspace string `json:"workspace"`
	Person    string `json:"person"`
	Lost      bool   `json:"lost"` // its devices were lost or taken over
}

// MatterRef names a matter.
type MatterRef struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
}

// Matter is something of the membership that people should look at.
type Matter struct {
	ID         string `json:"id"`
	Kind       string `json:"kind"`       // not-kept, lost, suspended, fork or lowered (the own role)
	Act        string `json:"act"`        // what did not count or was lost: invitation, let-in, role, removal or device-removal; of a lowered role how: role or deposition; else empty
	By         string `json:"by"`         // person id; empty: not known
	Person     string `json:"person"`     // whom it is about; empty: nobody
	Device     string `json:"device"`     // of a fork or a removed device; else empty
	Number     int    `json:"number"`     // of the device of a fork among those of the person, from 1; else 0
	DeviceName string `json:"deviceName"` // of an own device that has one; else empty
	This       bool   `json:"this"`       // the device of a fork is this one
	Role       string `json:"role"`       // that the act gave; else empty
	Was        string `json:"was"`        // a lowered role before; else empty
	At         int64  `json:"at"`         // Unix milliseconds, the author's clock
	Decide     bool   `json:"decide"`     // this person may decide it
}
