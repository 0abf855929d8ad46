package api

// Device is one computer or telephone of a person.
type Device struct {
	ID         string   `json:"id"`
	Person     string   `json:"person"`   // in the first of Workspaces
	Number     int      `json:"number"`   // among those of the person, also removed ones, from 1
	Name       string   `json:"name"`     // empty for those of other people
	Platform   string   `json:"platform"` // linux, windows, macos or empty
	Added      int64    `json:"added"`
	LastSeen   int64    `json:"lastSeen"` // 0: never
	Online     bool     `json:"online"`
	Self       bool     `json:"self"`       // this one
	Removed    bool     `json:"removed"`    // it cannot connect any more
	Workspaces []string `json:"workspaces"` // ids
	// Older says that it is an own device which was added before this one. Whoever holds
	// it can undo its removal by this device, by acting at the same moment.
	Older bool `json:"older,omitempty"`
}

// DeviceName names a device.
type DeviceName struct {
	Device string `json:"device"`
	Name   string `json:"name"`
}

// DeviceRemoval removes a device from a workspace; with none named one of the own
// devices from all of them. The removal of an older device (Device.Older) does not count
// where that one removed this device at the same moment.
type DeviceRemoval struct {
	Workspace string `json:"workspace"`
	Device    string `json:"device"`
}

// DeviceLink is how far the adding of a device is, on either side.
type DeviceLink struct {
	Link    string `json:"link"`  // to show; only where it was made, and while it is open
	New     bool   `json:"new"`   // this device is the one that is added
	State   string `json:"state"` // open, codes, copying, done, failed, or empty: none
	Expires int64  `json:"expires"`
	Device  string `json:"device"` // the other one, once codes were compared
	Done    int    `json:"done"`   // workspaces that arrived, of Total
	Total   int    `json:"total"`
	Problem string `json:"problem"` // a sentence: why it failed, or what could not be added
	Code    string `json:"code"`    // says the same as Problem, for translation
}
