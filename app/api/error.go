package api

import (
	"encoding/json"
	"errors"
	"slices"

	"parvis/app/chat"
	"parvis/app/docs"
	"parvis/app/people"
	"parvis/app/workspace"
	"parvis/crdt/doc/format"
)

// The codes of an [Error]. The page and the command line switch on them.
const (
	CodeInvalid     = "invalid"
	CodeNotFound    = "not-found"
	CodeRefused     = "refused"
	CodeLinkBroken  = "link-broken"
	CodeLinkExpired = "link-expired"
	CodeLinkUsed    = "link-used"
	CodeLinkRevoked = "link-revoked"
	CodeLinkNewer   = "link-newer"
	CodeLocked      = "locked"
	CodeDiskFull    = "disk-full"
	CodeOffline     = "offline"
	CodeTimeout     = "timeout"
	CodeSession     = "session" // a replica's session is gone: open the document again
	CodeInternal    = "internal"
)

// Why codes are not compared, or somebody is not let in.
const (
	CodeComparing  = "comparing"  // they are just now, or were seconds ago
	CodeResting    = "resting"    // three comparisons failed
	CodeUnverified = "unverified" // somebody has to be verified first
)

// What was pasted where another link or code is asked for.
const (
	CodeIsInvitation = "is-invitation"
	CodeIsDeviceLink = "is-device-link"
	CodeIsSetup      = "is-setup-code"
	CodeSetupHidden  = "setup-hidden" // the first line of a super-peer that has its code no more
)

// What stands between a person and an invitation, or a backup.
const (
	CodePaperUnsaved = "paper-unsaved" // the recovery key was not saved yet
	CodePaperWrong   = "paper-wrong"   // these are not its words
	CodeConsent      = "consent"       // a text is no consent of a trustee to this
	CodePassphrase   = "passphrase"    // the file is opened by a passphrase, which is missing or wrong
)

// Error is what every bound method fails with: a code for programs and one
// sentence with a remedy for people.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error is the JSON text of e: the window's bridge carries an error as text.
func (e *Error) Error() string {
	text, err := json.Marshal(e)
	if err != nil {
		return `{"code":"internal","message":"Something went wrong in the program."}`
	}
	return string(text)
}

// Meaning translates one error of a service; it is how package app names errors
// of parts that the api does not import, such as a full disk.
type Meaning struct {
	Of      error
	Code    string
	Message string
}

// errInvalid carries the sentence for an argument that cannot be used.
type errInvalid struct{ sentence string }

func (e errInvalid) Error() string { return e.sentence }

// internal is what an unknown error becomes; its details go to the log.
func internal() *Error {
	return &Error{CodeInternal, "Something went wrong in the program. Please try again; the details are in the log."}
}

// translate makes an Error of err, or reports that nobody knows it.
func translate(err error, extra []Meaning) (e *Error, known bool) {
	if errors.As(err, &e) {
		return e, true
	}
	var invalid errInvalid
	if errors.As(err, &invalid) {
		return &Error{CodeInvalid, invalid.sentence}, true
	}
	for _, m := range extra {
		if errors.Is(err, m.Of) {
			return &Error{m.Code, m.Message}, true
		}
	}
	for _, m := range meanings() {
		if errors.Is(err, m.Of) {
			return &Error{m.Code, m.Message}, true
		}
	}
	return internal(), false
}

// meanings are the errors that the api itself can name.
func meanings() []Meaning {
	return slices.Concat(timeMeanings(), featureMeanings(), docMeanings(), callMeanings(), guestMeanings(), superPeerMeanings(), auditMeanings())
}

// featureMeanings are the errors of the features.
func featureMeanings() []Meaning {
	return []Meaning{
		{chat.ErrNotFound, CodeNotFound, "That conversation or message is not on this device. Reload the list and try again."},
		{chat.ErrTooLong, CodeInvalid, "The text is longer than 16 KiB. Split it into several messages."},
		{chat.ErrExists, CodeInvalid, "A channel of this name exists already. Choose another name."},
		{chat.ErrName, CodeInvalid, "A channel needs a name. Use 1 to 64 visible characters."},
		{chat.ErrEmoji, CodeInvalid, "A reaction is one emoji. Choose one from the list."},
		{chat.ErrNobody, CodeInvalid, "A direct conversation needs somebody besides you. Name another person."},
		{chat.ErrEmpty, CodeInvalid, "A message needs some text. To take one back, delete it."},
		{chat.ErrGuest, CodeRefused, "Guests cannot make or rename channels. Ask a member of the workspace."},
		{chat.ErrInvalid, CodeInvalid, "That message cannot be sent. Shorten or change it and try again."},
		{chat.ErrRefused, CodeRefused, "Only the author can change a message; an admin can delete it. Ask one of them."},
		{people.ErrNotFound, CodeNotFound, "That person or space is not in this workspace. Reload the list and try again."},
		{people.ErrInvalid, CodeInvalid, "That is not a name. Use 1 to 64 visible characters."},
		{people.ErrTaken, CodeInvalid, "A private space of this name exists already. Choose another name."},
		{people.ErrRefused, CodeRefused, "You may not give this name. Ask an owner or an admin."},
		{workspace.ErrJoined, CodeInvalid, "This device is already in this workspace. It is in the list of workspaces."},
		{workspace.ErrLinkExpired, CodeLinkExpired, "This invitation has expired. Ask for a new one."},
		{workspace.ErrUsedUp, CodeInvalid, "This invitation is used up already: nobody can join with it any more, and there is nothing to withdraw."},
		{workspace.ErrRevoked, CodeInvalid, "This invitation was withdrawn already. Nobody can use it any more."},
		{workspace.ErrRefused, CodeRefused, "The rules of this workspace do not allow this. Ask an owner or an admin."},
		{workspace.ErrNoKey, CodeOffline, "The key of this space has not arrived yet. It comes as soon as another member is online."},
		{workspace.ErrNotReady, CodeOffline, "This device has not finished joining. It goes on as soon as a member answers."},
		{workspace.ErrNotFound, CodeNotFound, "That is not in this workspace. Reload the list and try again."},
	}
}

// docMeanings are the errors of documents.
func docMeanings() []Meaning {
	return []Meaning{
		{docs.ErrNotFound, CodeNotFound, "That document or picture is not on this device. Reload the list and try again."},
		{docs.ErrSessionTaken, CodeSession, "This document was opened again elsewhere on this computer. It is loaded anew."},
		{docs.ErrConflict, CodeSession, "This page is behind the document. It is loaded anew."},
		{docs.ErrStale, CodeSession, "This page is behind the document. It is loaded anew."},
		{docs.ErrTooLarge, CodeInvalid, "That is too large for one change of a document. Do it in smaller parts."},
		{docs.ErrGuest, CodeRefused, "Guests cannot do this. Ask a member of the workspace."},
		{docs.ErrReadOnly, CodeRefused, "You may read this document but not change it. Ask a member of the workspace."},
		{docs.ErrFormat, CodeInvalid, "Parvis does not know this file format. Use md, html, txt, docx, odt, pdf (export only) or automerge."},
		{docs.ErrNoEngine, CodeInternal, "The document engine could not start. Start Parvis again; if that does not help, install it again."},
		{docs.ErrInvalid, CodeInvalid, "That change does not fit this document. Check what you entered, or load the document again."},
		{format.ErrTooLarge, CodeInvalid, "The file is too large to import. Split it into smaller files."},
		{format.ErrNotThis, CodeInvalid, "The file is not what its name says, or it is damaged. Open it in the program that made it and save it again."},
	}
}
