package chat

import "parvis/crdt/file"

// FileRef names an encrypted file inside a message (rule T6).
type FileRef = file.Ref
