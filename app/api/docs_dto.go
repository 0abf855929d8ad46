package api

// Doc is one document as this device sees it.
type Doc struct {
	Workspace  string `json:"workspace"`
	ID         string `json:"id"`
	Space      string `json:"space"`
	Title      string `json:"title"`
	Folder     string `json:"folder"` // names with "/" between them; empty: none
	Starred    bool   `json:"starred"`
	Trashed    bool   `json:"trashed"`
	Created    int64  `json:"created"`
	Changed    int64  `json:"changed"`
	Author     string `json:"author"`    // person id
	ChangedBy  string `json:"changedBy"` // person id
	Holders    int    `json:"holders"`   // other devices and super-peers that hold the last own change
	Everywhere bool   `json:"everywhere"`

	BySuperPeer bool `json:"bySuperPeer"` // a super-peer holds it
	Unreadable  int  `json:"unreadable"`  // changes that are kept but cannot be used
	Mentions    int  `json:"mentions"`    // of oneself, not seen yet
}

// NewDoc makes a document. An empty space means the main one.
type NewDoc struct {
	Workspace string `json:"workspace"`
	Space     string `json:"space"`
	Title     string `json:"title"`
	Folder    string `json:"folder"`
}

// DocRef names a document.
type DocRef struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
}

// DocName gives a document another title.
type DocName struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Title     string `json:"title"`
}

// DocFolder puts a document into a folder.
type DocFolder struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Folder    string `json:"folder"`
}

// DocStar marks a document on this device alone.
type DocStar struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	On        bool   `json:"on"`
}

// DocActor is who writes as an Automerge actor.
type DocActor struct {
	Actor  string `json:"actor"`
	Person string `json:"person"`
	Device string `json:"device"`
}

// DocSession is the lease of one open replica: the actor that only it writes with.
// The document itself is at /content/doc/WORKSPACE/ID.
type DocSession struct {
	Token    string     `json:"token"`
	Session  int        `json:"session"`
	Actor    string     `json:"actor"`
	Heads    []string   `json:"heads"`
	ReadOnly bool       `json:"readOnly"`
	Actors   []DocActor `json:"actors"`
}

// DocResume asks for a session again after a lost connection.
type DocResume struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Token     string `json:"token"`
	Session   int    `json:"session"`
}

// DocLease names a session of a document.
type DocLease struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Token     string `json:"token"`
}

// DocChanges are Automerge changes of one replica in base64, in its order.
type DocChanges struct {
	Workspace string   `json:"workspace"`
	ID        string   `json:"id"`
	Token     string   `json:"token"`
	Changes   []string `json:"changes"`
}

// DocArrival is changes that became complete on this device, in base64. A replica
// that has them already skips them.
type DocArrival struct {
	Workspace string     `json:"workspace"`
	ID        string     `json:"id"`
	Own       bool       `json:"own"`     // of this device
	Session   int        `json:"session"` // whose, when own
	Changes   []string   `json:"changes"`
	Actors    []DocActor `json:"actors"` // who wrote them
	Reload    bool       `json:"reload"` // it changed otherwise: open it again; an empty id means every document
}

// DocCursor says where the selection of a replica stands, as Automerge cursors;
// empty ones: nowhere.
type DocCursor struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Token     string `json:"token"`
	Anchor    string `json:"anchor"`
	Head      string `json:"head"`
}

// DocPresence is where somebody's selection stands; it holds for 15 s.
type DocPresence struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Person    string `json:"person"`
	Device    string `json:"device"`
	Session   int    `json:"session"`
	Anchor    string `json:"anchor"`
	Head      string `json:"head"`
	Gone      bool   `json:"gone"` // the replica was closed
}

// DocBad names changes, by their hashes, that a replica's engine refused.
type DocBad struct {
	Workspace string   `json:"workspace"`
	ID        string   `json:"id"`
	Hashes    []string `json:"hashes"`
	Reason    string   `json:"reason"`
}

// DocMention tells people that a comment names them.
type DocMention struct {
	Workspace string   `json:"workspace"`
	ID        string   `json:"id"`
	Comment   string   `json:"comment"`
	People    []string `json:"people"`
	Text      string   `json:"text"`
}

// DocMentioned says that a comment names the own person.
type DocMentioned struct {
	Doc     Doc    `json:"doc"`
	Comment string `json:"comment"`
	Author  string `json:"author"` // person id
	Text    string `json:"text"`
	At      int64  `json:"at"`
}

// DocChange is one change of a document's history.
type DocChange struct {
	Hash   string   `json:"hash"`
	Actor  string   `json:"actor"`
	Person string   `json:"person"`
	Seq    int64    `json:"seq"`
	At     int64    `json:"at"` // the author's clock
	Deps   []string `json:"deps"`
	Ops    int64    `json:"ops"`
}

// DocText is what a document says, and at which heads.
type DocText struct {
	Text  string   `json:"text"`
	Heads []string `json:"heads"`
}

// DocAppend adds a paragraph at the end of a document.
type DocAppend struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Text      string `json:"text"`
}

// DocEdit removes and inserts text. Positions are UTF-16 code units.
type DocEdit struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	At        int    `json:"at"`
	Delete    int    `json:"delete"`
	Text      string `json:"text"`
}

// DocExport asks for a document in a file format.
type DocExport struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Format    string `json:"format"`   // md, html, txt, docx, odt, pdf or automerge
	Lang      string `json:"lang"`     // en or fr, for the words that a format itself writes
	Comments  bool   `json:"comments"` // with the comments, in pdf; the other formats hold them where they can
}

// DocExported is a finished export. Its file waits some minutes at
// /content/export/TOKEN.
type DocExported struct {
	Token  string    `json:"token"`
	Name   string    `json:"name"`
	Size   int64     `json:"size"`
	Report []DocLoss `json:"report"` // what the format cannot hold
}

// DocImported is a new document made of a file.
type DocImported struct {
	Doc    Doc       `json:"doc"`
	Report []DocLoss `json:"report"` // what the document cannot hold
}

// DocLoss is something that did not make it, as a code that the page says in words.
type DocLoss struct {
	What  string `json:"what"`
	Count int    `json:"count"`
}

// DocFile is a picture that was stored for a document.
type DocFile struct {
	File string `json:"file"` // the content id of its index block
	Size int64  `json:"size"`
	Mime string `json:"mime"`
}
