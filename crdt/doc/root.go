package doc

import (
	"encoding/base64"

	"parvis/crdt/seal"
)

// rootChange makes the root keys parvis, text, notes, comments, suggestions, page and
// versions; its actor is 16 zero bytes and its time 0.
const rootChange = "hW9Kg7ga9kcBZwAQAAAAAAAAAAAAAAAAAAAAAAEBAAAABhU2NAFCBVYEVwFwAnkGcGFydmlzBHRleHQFbm90ZXMIY29tbWVudHMLc3VnZ2VzdGlvbnMEcGFnZQh2ZXJzaW9ucwd+AQQFAH8UBgABBwA="

// rootHash is the hash of rootChange.
const rootHash = "b81af647342ff616393b4653c6ec800b63a609c2857bd6afff3907e83a358095"

// RootChange is the change that every document starts with. It is the same in all of
// them and never sent.
func RootChange() []byte {
	change, err := base64.StdEncoding.DecodeString(rootChange)
	if err != nil {
		panic("doc: root change: " + err.Error()) // only when the constant is damaged
	}
	return change
}

// RootHash is the hash of [RootChange], the only head of an empty document.
func RootHash() seal.ID {
	hash, err := seal.ParseID(rootHash)
	if err != nil {
		panic("doc: root hash: " + err.Error()) // only when the constant is damaged
	}
	return hash
}

// Root is what a document holds beside its texts. The lists are sorted by id. An
// Author is the actor that made the object: it cannot be claimed, only be.
type Root struct {
	Version     int64    // of the layout, 1
	Notes       []string // ids of the footnotes; their texts are the objects "notes/<id>"
	Comments    []Comment
	Suggestions []Suggestion
	Versions    []Version
	Page        Page
}

// Comment is a thread on the text that carries the mark "comment:<ID>".
type Comment struct {
	ID       string
	Author   Actor
	Resolved bool
	Messages []Message // by AtMs, then ID
}

// Message is one message of a comment's thread.
type Message struct {
	ID       string
	Author   Actor
	Text     string
	AtMs     int64
	Mentions []seal.ID // persons
}

// Suggestion proposes what carries the mark "suggestion:<ID>": to insert or to delete it.
type Suggestion struct {
	ID     string
	Author Actor
	AtMs   int64
}

// Version is a named state of the document.
type Version struct {
	ID     string
	Author Actor
	Name   string
	Heads  []seal.ID
	AtMs   int64
}

// Page is how the document is laid out for print. A field that was never set is zero.
type Page struct {
	Size      string // "A4" or "letter"
	Landscape bool
	Margins   string // mm: top right bottom left
	Header    string
	Footer    string
	Numbers   bool
}
