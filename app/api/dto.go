package api

// Every DTO is plain: strings, integers, booleans, slices and structs of these.
// Times are Unix milliseconds, ids lower-case hexadecimal, sizes bytes.

// Workspace is one team as this device knows it.
type Workspace struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Self    string `json:"self"`    // the id of the person who uses this device
	Role    string `json:"role"`    // owner, admin, member or guest
	State   string `json:"state"`   // ready, joining, or removed: this device was
	Waiting string `json:"waiting"` // while joining: inviter, or super-peer for the inviter, a colleague or a super-peer
	Main    string `json:"main"`    // the id of the main space
	People  int    `json:"people"`
	Online  int    `json:"online"` // people with a connected device, oneself included
	Queued  int    `json:"queued"` // own envelopes that no other device and no super-peer holds yet; 0 of a workspace that this device is out of

	HeldBySuperPeer int `json:"heldBySuperPeer"` // own envelopes that a super-peer keeps for devices that lack them
	SuperPeers      int `json:"superPeers"`
	SuperPeersUp    int `json:"superPeersUp"` // of them connected now

	Behind int `json:"behind"` // envelopes that connected peers hold and this device still fetches

	Removal *Removal `json:"removal,omitempty"` // while State is removed

	Stopped string `json:"stopped"` // a join that rests because the codes were not compared: how that ended, as in Comparison
}

// Removal says how this device came to be out of a workspace.
type Removal struct {
	How string `json:"how"` // device, person (with all devices), left or suspended
	By  string `json:"by"`  // the id of the person who did it; empty: nobody did, or it is not known
	At  int64  `json:"at"`  // by the clock of whoever did it; 0: not known
}

// CreateWorkspace founds a workspace.
type CreateWorkspace struct {
	Name   string `json:"name"`
	Person string `json:"person"`
}

// LinkInfo says what an invitation link is, before anything is sent.
type LinkInfo struct {
	Workspace string `json:"workspace"`
	Expires   int64  `json:"expires"`
	Mode      string `json:"mode"` // instant or codes
	Joined    bool   `json:"joined"`
	Out       bool   `json:"out"` // this device left it or was removed, and does not come back into it
}

// JoinWorkspace joins with a link. The workspace is listed with state "joining"
// until keys have arrived.
type JoinWorkspace struct {
	Link   string `json:"link"`
	Person string `json:"person"`
	WaitMs int64  `json:"waitMs"` // how long the call waits for keys; it goes on in the background
}

// Comparison is one comparison of short codes: each person reads theirs out and
// types the other's.
type Comparison struct {
	ID        string `json:"id"`
	Workspace string `json:"workspace"`
	Invite    string `json:"invite"`  // the invitation, or the link for a device, that it is about
	Device    bool   `json:"device"`  // a device of the own person is added
	Person    string `json:"person"`  // id of the other one, where both are in already; else empty
	Role      string `json:"role"`    // of the invitation, where this side invited
	Expires   int64  `json:"expires"` // of the invitation, where this side invited
	Begun     int64  `json:"begun"`   // when the invitation was opened, Unix milliseconds
	Inviter   bool   `json:"inviter"` // this side invited, is the older device, or asked; else it joins or was asked
	Code      string `json:"code"`    // ours, once there is one
	State     string `json:"state"`   // waiting, compare, entered, verified or failed
	End       string `json:"end"`     // of a failed one: stopped or wrong by this side, refused by the other one, lost (the connection), late, removed (a device was), or over (the invitation lets nobody in any more)
	Spent     bool   `json:"spent"`   // it failed for the third time: the invitation, or link, has ended
}

// NewInvite asks for a link.
type NewInvite struct {
	Workspace  string   `json:"workspace"`
	Role       string   `json:"role"`      // member or guest
	Spaces     []string `json:"spaces"`    // of a guest: the private spaces that it is let into
	Uses       int      `json:"uses"`      // 1 to 500
	ExpiresMs  int64    `json:"expiresMs"` // from now
	CodesFirst bool     `json:"codesFirst"`
}

// Invite is one invitation. Link is only known on the device that made it.
type Invite struct {
	ID      string `json:"id"`
	Link    string `json:"link"`
	Role    string `json:"role"`
	Uses    int    `json:"uses"`
	Used    int    `json:"used"`
	Expires int64  `json:"expires"`
	Mode    string `json:"mode"`
	State   string `json:"state"` // open, used, expired, revoked or not-kept
	By      string `json:"by"`    // person id
}

// Space is one encryption domain.
type Space struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`    // main, private or group
	History string   `json:"history"` // full or from-join
	People  []string `json:"people"`  // ids; empty for main: everybody
	By      string   `json:"by"`      // id of the person who made it, and lets others in
	Closed  bool     `json:"closed"`  // it can be read, not written

	VerifiedOnly bool `json:"verifiedOnly"` // who lets people in has verified them
}

// NewSpace makes a private space.
type NewSpace struct {
	Workspace string   `json:"workspace"`
	Name      string   `json:"name"`
	People    []string `json:"people"`
	History   string   `json:"history"`

	VerifiedOnly bool `json:"verifiedOnly"` // let in only whom one has verified, also later
}

// NewSpacePeople lets people into a private space.
type NewSpacePeople struct {
	Workspace string   `json:"workspace"`
	Space     string   `json:"space"`
	People    []string `json:"people"`

	VerifiedOnly bool `json:"verifiedOnly"` // from now on, as in NewSpace
}

// SpacePeople takes people out of a private space.
type SpacePeople struct {
	Workspace string   `json:"workspace"`
	Space     string   `json:"space"`
	People    []string `json:"people"`
}

// SpaceClosing closes a private space or opens it again.
type SpaceClosing struct {
	Workspace string `json:"workspace"`
	Space     string `json:"space"`
	Closed    bool   `json:"closed"`
}

// Person is a member, guest or former member.
type Person struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Name      string `json:"name"`
	Role      string `json:"role"`
	State     string `json:"state"` // verified, unverified, new-device, suspended, left or removed
	Online    bool   `json:"online"`
	LastSeen  int64  `json:"lastSeen"`
	Devices   int    `json:"devices"`
	InvitedBy string `json:"invitedBy"` // person id, or empty
	Self      bool   `json:"self"`

	AdmittedBy string   `json:"admittedBy"` // id of who compared codes with them when they came, or empty
	VerifiedAt int64    `json:"verifiedAt"` // when oneself compared codes with them; 0: never
	VerifiedBy []string `json:"verifiedBy"` // ids of others who say that they verified them as they are now
	First      bool     `json:"first"`      // the owner whom nobody can remove
	Below      bool     `json:"below"`      // the person who uses this device stands above this one
}

// Channel is a conversation: a channel of a space, or a direct one.
type Channel struct {
	Workspace string   `json:"workspace"`
	ID        string   `json:"id"`
	Space     string   `json:"space"`
	Name      string   `json:"name"` // for a direct conversation the other people's names
	Kind      string   `json:"kind"` // channel or direct
	People    []string `json:"people"`
	Unread    int      `json:"unread"` // messages and missed calls
	Mentions  int      `json:"mentions"`
	ReadUpTo  string   `json:"readUpTo"` // id of the last message read, or empty
	Last      int64    `json:"last"`     // when the newest message was sent
	Draft     string   `json:"draft"`

	MissedCalls int `json:"missedCalls"` // of a direct conversation, that were not seen
}

// NewChannel makes a channel. An empty space means the main one.
type NewChannel struct {
	Workspace string `json:"workspace"`
	Space     string `json:"space"`
	Name      string `json:"name"`
}

// ChannelName gives a channel another name.
type ChannelName struct {
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
	Name      string `json:"name"`
}

// Direct opens the conversation with some people, making it on first use.
type Direct struct {
	Workspace string   `json:"workspace"`
	People    []string `json:"people"` // the others
}

// Reaction counts one emoji on one message.
type Reaction struct {
	Emoji  string   `json:"emoji"`
	People []string `json:"people"`
}

// Message is one chat message as it stands now.
type Message struct {
	Workspace  string     `json:"workspace"`
	Space      string     `json:"space"`
	Channel    string     `json:"channel"`
	ID         string     `json:"id"`
	Seq        int64      `json:"seq"`    // number in its device's chain
	Device     string     `json:"device"` // with Seq: the place in the author's chain
	Order      string     `json:"order"`  // sorts lexicographically like the conversation does
	Author     string     `json:"author"` // person id
	AuthorName string     `json:"authorName"`
	Text       string     `json:"text"` // Markdown
	Sent       int64      `json:"sent"` // the author's clock: a label, never an order
	Edited     int64      `json:"edited"`
	Deleted    bool       `json:"deleted"`
	Thread     string     `json:"thread"`  // id of the message it answers in a thread, or empty
	Replies    int        `json:"replies"` // answers in its thread
	LastReply  int64      `json:"lastReply"`
	Mentions   []string   `json:"mentions"`
	Reactions  []Reaction `json:"reactions"`
	State      string     `json:"state"`  // local, held, delivered or read
	HeldBy     int        `json:"heldBy"` // other devices and super-peers that acknowledged it
	Late       bool       `json:"late"`   // arrived long after the messages around it

	BySuperPeer bool `json:"bySuperPeer"` // a super-peer acknowledged it

	Provisional bool `json:"provisional"` // messages before it have not arrived here yet
}

// MessageQuery asks for one page of a channel, newest page first, each page
// oldest first. With Thread it is the root and its answers.
type MessageQuery struct {
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
	Thread    string `json:"thread"`
	Before    string `json:"before"` // message id; empty: the end
	Around    string `json:"around"` // message id in the middle of the page wanted
	Limit     int    `json:"limit"`  // 1 to 500, 50 when 0
}

// MessagePage is a part of a conversation.
type MessagePage struct {
	Messages []Message `json:"messages"`
	More     bool      `json:"more"` // older ones exist
}

// NewMessage posts a message, or with Thread an answer.
type NewMessage struct {
	Workspace string   `json:"workspace"`
	Channel   string   `json:"channel"`
	Text      string   `json:"text"`
	Thread    string   `json:"thread"`
	Mentions  []string `json:"mentions"`
}

// SentMessage names a message that is stored on this device.
type SentMessage struct {
	ID  string `json:"id"`
	Seq int64  `json:"seq"`
}

// MessageChange edits, deletes or reacts to a message.
type MessageChange struct {
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
	ID        string `json:"id"`
	Text      string `json:"text"`   // Edit: the new text; React: the emoji
	Remove    bool   `json:"remove"` // React: take one's reaction back
}

// ReadMark says that everything up to a message was seen.
type ReadMark struct {
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
	Message   string `json:"message"`
}

// Draft is unsent text of a channel, kept encrypted on this device.
type Draft struct {
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
	Text      string `json:"text"`
}

// Typing says that somebody writes in a channel right now.
type Typing struct {
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
	Person    string `json:"person"`
}

// Custody is a watermark: the messages of one device's chain in a space up to
// Seq have at least this state.
type Custody struct {
	Workspace string `json:"workspace"`
	Space     string `json:"space"`
	Device    string `json:"device"`
	Held      int64  `json:"held"`      // up to here at least one other device or super-peer has it
	Delivered int64  `json:"delivered"` // up to here all active devices have it

	BySuperPeer int64 `json:"bySuperPeer"` // up to here a super-peer has it
}

// Peer is one connected device.
type Peer struct {
	Peer   string `json:"peer"`
	Person string `json:"person"`
	Name   string `json:"name"`
	Path   string `json:"path"` // lan, direct, punched, relayed or super-peer
	RTTMs  int64  `json:"rttMs"`
}

// Status is the state of the node.
type Status struct {
	Peer       string      `json:"peer"`
	Addrs      []string    `json:"addrs"`
	Version    string      `json:"version"`
	Locked     bool        `json:"locked"`     // a passphrase is needed
	Fresh      bool        `json:"fresh"`      // and none was chosen yet
	Protection string      `json:"protection"` // keyring, passphrase, recovery (the keyring lost its key) or none; while locked what opens it, empty when fresh
	Recovers   bool        `json:"recovers"`   // while locked: the words of a recovery key open it too
	Network    string      `json:"network"`    // online or offline (no usable interface)
	Disk       string      `json:"disk"`       // ok or full
	Isolated   string      `json:"isolated"`   // now: only the own local networks, next: from the next start on, or empty
	Problems   []string    `json:"problems"`   // sentences: damaged rows, full disk
	Workspaces []Workspace `json:"workspaces"`
	Peers      []Peer      `json:"peers"`
	Recovery   *Recovery   `json:"recovery"` // null while locked
}

// Waiting is what of a workspace is on this device alone. When no one is named, the
// own other devices wait.
type Waiting struct {
	Workspace string   `json:"workspace"`
	Name      string   `json:"name"`
	Count     int      `json:"count"`  // own envelopes that no other device and no super-peer holds
	People    []string `json:"people"` // names of those who may read some of it
}

// Closing says that the window was asked to close while something waits. It stays
// open until the page has asked the person.
type Closing struct {
	Waiting []Waiting `json:"waiting"`
}

// Notice tells the window to reload a list.
type Notice struct {
	Workspace string `json:"workspace"`
}

// OpenedLink is a parvis:// link that another program handed over. It is untrusted:
// the page shows it and asks.
type OpenedLink struct {
	Link string `json:"link"`
}
