package docs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parvis/app/name"
	"parvis/crdt/doc"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// Op says what a body does (rule D2).
type Op uint

// The operations.
const (
	OpChange  Op = 0
	OpCard    Op = 1
	OpMention Op = 2
	OpFiles   Op = 3
)

// Field says which part of a document's card a card operation sets (rule D7).
type Field uint

// The fields of a card.
const (
	FieldCreated Field = 0 // title and folder of a new document
	FieldTitle   Field = 1
	FieldFolder  Field = 2
	FieldTrashed Field = 3
)

// Limits of a body (rules D3 to D9).
const (
	MaxSession   = 1<<16 - 1
	MaxTitle     = 200 // characters
	MaxFolder    = 512 // bytes
	MaxPeople    = 64
	MaxMention   = 1024 // bytes of the text of a mention
	MaxFiles     = 16
	maxDeps      = 16 // envelopes named by an envelope
	maxCommentID = 64
	maxLamport   = 1 << 53 // exact in every language
	version      = 1
)

// errNewer reports a body of a later version (rules D1, D2).
var errNewer = errors.New("made by a newer version of Parvis")

// Body is the content of a document envelope (protocol 2.10, rule D1).
type Body struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Doc     doc.ID
	Op      Op
	Session uint32   // whose replica wrote Change
	Change  []byte   // one Automerge change
	Hash    *seal.ID // of Change
	Card    *Card
	Mention *Mention
	Files   []file.Ref
}

// Card says how a document is called and where it lies. Field tells which of the
// others count.
type Card struct {
	_       struct{} `cbor:",toarray"`
	Field   Field
	Lamport uint64   // 1 + the greatest of the cards that the author knew
	Nonce   *seal.ID // of a new document
	Title   string
	Folder  string
	Trashed bool
}

// Mention tells people that a comment names them.
type Mention struct {
	_       struct{}  `cbor:",toarray"`
	Comment string    // its id in the document
	People  []seal.ID // ascending
	Text    string    // what the comment says, or its beginning
}

// NewID is the id of the document that a device makes in a space with a nonce
// (rule D6). It covers the space and the device, so that no document can pretend
// to be one of another space, and nobody to have made somebody else's.
func NewID(space seal.SpaceID, device, nonce seal.ID) doc.ID {
	hash := seal.Hash("parvis1/doc", space[:], device[:], nonce[:])
	return doc.ID(hash[:len(doc.ID{})])
}

// Encode writes a body.
func (b Body) Encode() ([]byte, error) {
	b.V = version
	return seal.Encode(b)
}

// Decode reads and checks a body that a device wrote in a space. What depends on
// other envelopes, or on what its change says, is checked later.
func Decode(data []byte, space seal.SpaceID, device seal.ID) (Body, error) {
	b, err := seal.Decode[Body](data)
	if err != nil {
		if newer(data) {
			return Body{}, errNewer
		}
		return Body{}, err
	}
	if b.V > version || b.Op > OpFiles || b.Card != nil && b.Card.Field > FieldTrashed {
		return Body{}, errNewer
	}
	if b.V != version {
		return Body{}, fmt.Errorf("version %d does not exist", b.V)
	}
	if err := checkParts(b); err != nil {
		return Body{}, err
	}
	switch b.Op {
	case OpChange:
		err = checkChange(b)
	case OpCard:
		err = checkCard(*b.Card, b.Doc, space, device)
	case OpMention:
		err = checkMention(*b.Mention)
	case OpFiles:
		err = checkFiles(b.Files)
	}
	return b, err
}

// newer reports whether data is an array whose version only a later program knows.
func newer(data []byte) bool {
	elements, err := seal.Elements(data)
	if err != nil || len(elements) < 3 {
		return false
	}
	v, err := seal.Decode[uint](elements[0])
	return err == nil && v > version
}

// checkParts is rule D3: a body has what its operation needs and nothing else.
func checkParts(b Body) error {
	has := map[Op]bool{
		OpChange: len(b.Change) > 0 || b.Hash != nil || b.Session != 0, OpCard: b.Card != nil,
		OpMention: b.Mention != nil, OpFiles: len(b.Files) > 0,
	}
	for op := OpChange; op <= OpFiles; op++ {
		if has[op] != (op == b.Op) {
			return fmt.Errorf("operation %d with the parts of operation %d, or without its own", b.Op, op)
		}
	}
	return nil
}

// checkChange is rule D4, as far as it can be seen without reading the change.
func checkChange(b Body) error {
	switch {
	case len(b.Change) == 0 || b.Hash == nil:
		return errors.New("a change without its bytes or its hash")
	case len(b.Change) > MaxChange:
		return fmt.Errorf("a change of %d bytes", len(b.Change))
	case b.Session > MaxSession:
		return fmt.Errorf("session %d", b.Session)
	}
	return nil
}

// checkCard is rules D6 and D7.
func checkCard(c Card, id doc.ID, space seal.SpaceID, device seal.ID) error {
	created := c.Field == FieldCreated
	switch {
	case c.Lamport < 1 || c.Lamport > maxLamport || created && c.Lamport != 1 || !created && c.Lamport < 2:
		return fmt.Errorf("lamport %d", c.Lamport)
	case created != (c.Nonce != nil):
		return errors.New("a nonce where none belongs, or none where one does")
	case created && NewID(space, device, *c.Nonce) != id:
		return errors.New("the new document's id does not belong to this space and device")
	case c.Title != CleanTitle(c.Title) || c.Folder != CleanFolder(c.Folder):
		return errors.New("a title or folder that is not clean")
	case c.Title != "" && !created && c.Field != FieldTitle,
		c.Folder != "" && !created && c.Field != FieldFolder,
		c.Trashed && c.Field != FieldTrashed:
		return errors.New("a card that sets more than its field")
	}
	return nil
}

// checkMention is rule D8.
func checkMention(m Mention) error {
	switch {
	case m.Comment == "" || len(m.Comment) > maxCommentID:
		return errors.New("a mention without comment")
	case len(m.People) == 0 || len(m.People) > MaxPeople || !ascending(m.People):
		return errors.New("the people of a mention are none, too many or not in ascending order")
	case len(m.Text) > MaxMention:
		return fmt.Errorf("a mention of %d bytes", len(m.Text))
	}
	return nil
}

// checkFiles is rule D9.
func checkFiles(refs []file.Ref) error {
	if len(refs) > MaxFiles {
		return fmt.Errorf("%d files", len(refs))
	}
	for _, ref := range refs {
		if err := ref.Check(); err != nil {
			return err
		}
	}
	return nil
}

// ascending reports whether ids are sorted and different.
func ascending(ids []seal.ID) bool {
	for i := 1; i < len(ids); i++ {
		if ids[i-1].Compare(ids[i]) >= 0 {
			return false
		}
	}
	return true
}

// sorted returns the different ids in ascending order.
func sorted(ids []seal.ID) []seal.ID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, seal.ID.Compare)
	return slices.Compact(ids)
}

// CleanTitle is a title as it is stored: the words of text, each cleaned like a
// name, with one space between them, as many as [MaxTitle] holds. It is idempotent.
func CleanTitle(text string) string {
	if len(text) > 16*MaxTitle {
		return ""
	}
	var title strings.Builder
	left := MaxTitle
	for _, word := range strings.Fields(text) {
		if word = name.Clean(word); word == "" {
			continue
		}
		if left -= utf8.RuneCountInString(word) + 1; left < -1 {
			break
		}
		if title.Len() > 0 {
			title.WriteByte(' ')
		}
		title.WriteString(word)
	}
	return title.String()
}

// CleanFolder is a folder as it is stored: clean names with "/" between them. One
// of more than [MaxFolder] bytes is cut after a name. It is idempotent.
func CleanFolder(text string) string {
	if len(text) > 16*MaxFolder {
		return ""
	}
	folder := ""
	for part := range strings.SplitSeq(text, "/") {
		if part = CleanTitle(part); part == "" {
			continue
		}
		if folder != "" {
			part = folder + "/" + part
		}
		if len(part) > MaxFolder {
			break
		}
		folder = part
	}
	return folder
}
