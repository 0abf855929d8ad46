package doc

import "errors"

// What can go wrong with a document; every error of an [Engine] and of its documents
// that has such a cause wraps one of these.
var (
	// ErrUndecodable: the bytes are no Automerge file or change, or contradict
	// themselves or the document. The document is as it was.
	ErrUndecodable = errors.New("not a readable Automerge file or change")
	// ErrMissingDeps: a change builds on one that the document does not have. The
	// document is as it was.
	ErrMissingDeps = errors.New("a change builds on one that is missing")
	// ErrEngine: the engine trapped, ran out of its memory or of time. The document
	// is as it was before the call.
	ErrEngine = errors.New("the document engine failed")
	// ErrNoObject: the document has no such text, note or key.
	ErrNoObject = errors.New("no such object in the document")
	// ErrClosed: the document or its engine has been closed.
	ErrClosed = errors.New("the document is closed")
)
