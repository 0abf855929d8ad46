package api

// The states of a paper key.
const (
	PaperNone      = "none"      // there is nothing to recover yet
	PaperUnsaved   = "unsaved"   // it is on this computer and was not typed back
	PaperSaved     = "saved"     // it was typed back and is on no computer
	PaperElsewhere = "elsewhere" // it was made on another device, and is not known to be saved
)

// Recovery is how far a person is prepared for the loss of all devices.
type Recovery struct {
	Paper  string `json:"paper"`  // none, unsaved, saved or elsewhere
	Saved  int64  `json:"saved"`  // when it was typed back; 0: never
	Needed bool   `json:"needed"` // nobody can be invited before it is saved

	Backup      int64  `json:"backup"`      // when the last verified backup was made; 0: never
	BackupPath  string `json:"backupPath"`  // where it was written
	BackupBytes int64  `json:"backupBytes"` // its size
	Suggested   string `json:"suggested"`   // a place for the next one

	Returning []string `json:"returning"` // ids of workspaces in which nobody knows of this device yet
}

// PaperKey is a recovery key, to be written down.
type PaperKey struct {
	Words []string `json:"words"`
	Text  string   `json:"text"` // the same in one line, for a QR code
	Ask   []int    `json:"ask"`  // which words are typed back, from 1
}

// NewBackup says where a backup goes.
type NewBackup struct {
	Path       string `json:"path"`
	Passphrase string `json:"passphrase"` // opens it in place of the recovery key; empty: the key does
}

// BackupMade is a backup that was written and read back.
type BackupMade struct {
	Path       string `json:"path"`
	Bytes      int64  `json:"bytes"`
	Made       int64  `json:"made"`
	Workspaces int    `json:"workspaces"`
	Entries    int    `json:"entries"`   // of membership logs
	Envelopes  int    `json:"envelopes"` // messages and changes
	Blocks     int    `json:"blocks"`    // of files
	Omitted    int    `json:"omitted"`   // workspaces that could not go in: this device is still joining them
}

// Restore takes a backup.
type Restore struct {
	Path       string `json:"path"`
	Words      string `json:"words"`      // the recovery key
	Passphrase string `json:"passphrase"` // of a backup that has one
}

// Restored says what became of the workspaces of a backup.
type Restored struct {
	Made       int64               `json:"made"`
	Workspaces []RestoredWorkspace `json:"workspaces"`
}

// RestoredWorkspace is one of them. State is restored; known: it was here already, and
// what it lacked was added; other-key: it needs another recovery key; removed: the person
// is in it no longer.
type RestoredWorkspace struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	State     string `json:"state"`
	Entries   int    `json:"entries"`
	Envelopes int    `json:"envelopes"`
	Blocks    int    `json:"blocks"`
	Refused   int    `json:"refused"`
}

// ReturnLink lets somebody of a workspace come back.
type ReturnLink struct {
	Link    string `json:"link"`
	Expires int64  `json:"expires"`
}

// Return comes back through such a link.
type Return struct {
	Link   string `json:"link"`
	Words  string `json:"words"` // the recovery key
	WaitMs int64  `json:"waitMs"`
}
