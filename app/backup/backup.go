// Package backup is the inside of the file that a person keeps for the day on which all
// devices are lost (protocol 2.17): a tar archive of readable JSON and of records as
// they travel. What seals it (age) lies around it; any age tool and tar take it apart.
//
//	README.txt            what this is
//	backup.json           a Manifest
//	settings.json         small settings, by name
//	<workspace>/keys.json Keys
//	<workspace>/NNNNNN.records
//	end.json              what there is, and a hash over all of it
//
// A record is kind (u8) ‖ length (u32, big-endian) ‖ body, of the kinds of a bundle:
// log entries, blobs beside them, envelopes, blocks of files.
package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"parvis/app/bundle"
	"parvis/crdt/seal"
)

// Kind says what a record is.
type Kind = bundle.Kind

// Version is the version of the format.
const Version = 1

// Sizes in bytes.
const (
	// MaxRecord bounds the body of a record.
	MaxRecord = bundle.MaxRecord

	partSize   = 4 << 20 // of records, after which a new member of the archive begins
	maxPart    = partSize + MaxRecord + recordHead
	maxJSON    = 32 << 20
	recordHead = 5

	// MaxWorkspaces bounds the workspaces of a backup.
	MaxWorkspaces = 1000
)

// What callers tell apart. Whatever else a reader fails with comes from below it.
var (
	// ErrVersion reports a backup that a later version of the program made.
	ErrVersion = errors.New("a backup of a later version")
	// ErrDamaged reports a file that is no whole backup.
	ErrDamaged = errors.New("a damaged or incomplete backup")
)

const (
	nameReadme   = "README.txt"
	nameManifest = "backup.json"
	nameSettings = "settings.json"
	nameKeys     = "keys.json"
	nameEnd      = "end.json"
	endRecords   = ".records"
)

const readme = `This is a backup of Parvis. To use it, install Parvis and choose "Restore", or run: parvis restore FILE

backup.json says what it holds. In the folder of each workspace, keys.json has its keys and with whom codes were
compared, and the *.records have its membership log and everything that was written, encrypted with these keys, as it travelled between the members:
one byte of kind, four bytes of length (most significant first), the record; kinds: 0 log entry, 1 blob beside it,
2 envelope, 3 block of a file (16 bytes space, 32 bytes name of the file, the block).
The keys of the device that made it are not in it: whoever restores it is a new device.
`

// Manifest says what a backup holds.
type Manifest struct {
	Version    int         `json:"version"`
	Made       int64       `json:"made"` // Unix milliseconds
	Program    string      `json:"program"`
	Device     string      `json:"device"` // that made it
	Workspaces []Workspace `json:"workspaces"`
}

// Workspace names a workspace of a backup.
type Workspace struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Person   string `json:"person"`   // whose backup it is
	Recovery string `json:"recovery"` // the public part of the paper key; empty: there is none
}

// Keys open what was written in a workspace. Beside them lies what else only the own
// devices know.
type Keys struct {
	LogKey   []byte     `json:"logKey"`
	Genesis  []byte     `json:"personGenesis"`
	Epochs   []Epoch    `json:"epochs"`
	Members  []Addrs    `json:"members"`
	Compared []Compared `json:"compared,omitempty"`
}

// Compared says with whom the person compared codes (people P10).
type Compared struct {
	Person string `json:"person"`
	Record []byte `json:"record"` // as people.Trust encodes it
}

// Epoch is the secret of an epoch of a space.
type Epoch struct {
	Space  string `json:"space"`
	Epoch  string `json:"epoch"`
	Secret []byte `json:"secret"`
}

// Addrs says where a member was last.
type Addrs struct {
	Peer  string   `json:"peer"`
	Addrs []string `json:"addrs"`
}

// end is the last member.
type end struct {
	Files   int    `json:"files"`
	Records int    `json:"records"`
	Hash    string `json:"hash"`
}

// Summary is what a whole backup holds; two are equal when the files say the same.
type Summary struct {
	Files   int
	Records int
	Hash    seal.ID
}

// run goes on with the hash over all members before the last.
func (s *Summary) run(name string, content []byte) {
	s.Files++
	s.Hash = seal.Hash("parvis1/backup", s.Hash[:], []byte(name), content)
}

func parseJSON[T any](content []byte) (v T, err error) {
	if err := json.Unmarshal(content, &v); err != nil {
		return v, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return v, nil
}

func parseManifest(content []byte) (Manifest, error) {
	m, err := parseJSON[Manifest](content)
	switch {
	case err != nil:
		return m, err
	case m.Version > Version:
		return m, ErrVersion
	case m.Version != Version || len(m.Workspaces) > MaxWorkspaces:
		return m, ErrDamaged
	}
	for _, w := range m.Workspaces {
		if _, err := seal.ParseID(w.ID); err != nil {
			return m, ErrDamaged
		}
		if _, err := seal.ParseID(w.Recovery); err != nil && w.Recovery != "" {
			return m, ErrDamaged
		}
	}
	return m, nil
}

func parseKeys(content []byte) (Keys, error) {
	k, err := parseJSON[Keys](content)
	if err != nil {
		return k, err
	}
	if len(k.LogKey) != len(seal.Key{}) {
		return k, ErrDamaged
	}
	for _, e := range k.Epochs {
		_, bad := seal.ParseSpaceID(e.Space)
		_, worse := seal.ParseID(e.Epoch)
		if bad != nil || worse != nil || len(e.Secret) != len(seal.Key{}) {
			return k, ErrDamaged
		}
	}
	for _, m := range k.Members {
		if _, err := seal.ParseID(m.Peer); err != nil {
			return k, ErrDamaged
		}
	}
	for _, c := range k.Compared {
		if _, err := seal.ParseID(c.Person); err != nil {
			return k, ErrDamaged
		}
	}
	return k, nil
}

// split takes a name apart: the workspace, or none, and the member.
func split(name string) (ws seal.ID, member string, err error) {
	folder, member, found := strings.Cut(name, "/")
	if !found {
		return ws, name, nil
	}
	ws, err = seal.ParseID(folder)
	if err != nil || strings.Contains(member, "/") {
		return ws, "", ErrDamaged
	}
	return ws, member, nil
}
