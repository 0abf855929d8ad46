// Package file is the form of an encrypted file (protocol 2.11): how its bytes
// become sealed blocks, how an index names them, and the reference that travels
// inside a message. It reads and writes no disk and no network.
//
// The rules F1 … of SPEC-file.md are implemented here.
package file
