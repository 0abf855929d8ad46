package main

// target is one package whose checks are switched off.
type target struct {
	folder string
	files  []string // patterns
	slow   []string // tests that run only when all others passed
	never  []string // tests that say nothing about a check: how fast something is, or of mutants themselves
}

var targets = []target{
	{folder: "crdt/member", files: []string{"*.go"}, slow: []string{"TestProperties"}, never: []string{"TestMutants", "TestLongLog", "TestMutations"}},
	{folder: "crdt/feed", files: []string{"*.go"}, slow: []string{"TestConvergence", "TestMutations"}},
	{folder: "crdt/sas", files: []string{"*.go"}, slow: []string{"TestMutations", "TestManInTheMiddle", "TestAProxyThatSwapsKeys"}},
	{folder: "crdt/call", files: []string{"*.go"}},
	{folder: "crdt/guest", files: []string{"*.go"}},
	{folder: "crdt/file", files: []string{"index.go", "read.go", "ref.go"}, slow: []string{"TestPartsOfALargeFile", "TestMutations"}},
	{folder: "crdt/seal", files: []string{"cbor.go", "id.go", "kem.go", "key.go", "sign.go", "batch.go", "frame.go"}},
	{folder: "p2p/wire", files: []string{"*.go"}},
	{folder: "p2p/key", files: []string{"*.go"}},
	{folder: "p2p/join", files: []string{"*.go"}},
	{folder: "p2p/verify", files: []string{"*.go"}},
	{folder: "p2p/signal", files: []string{"*.go"}},
	{folder: "p2p/farewell", files: []string{"*.go"}},
	{folder: "p2p/forward", files: []string{"message.go"}},
	{folder: "p2p/guest", files: []string{"host.go", "message.go", "queue.go", "visitor.go"}},
	{folder: "p2p/tunnel", files: []string{"record.go"}},
	{folder: "app/bundle", files: []string{"*.go"}},
	{folder: "crdt/paper", files: []string{"*.go"}},
	{folder: "p2p/mailbox", files: []string{"acl.go", "code.go", "object.go", "setup.go", "message.go", "door.go"}},
	{folder: "p2p/sync", files: []string{"codec.go", "frame.go", "vector.go"}},
	{folder: "p2p/blocks", files: []string{"message.go"}},
	{folder: "app/docs", files: []string{"body.go", "judge.go"}},
	{folder: "app/chat", files: []string{"body.go"}},
	{folder: "app/calls", files: []string{"body.go"}},
	{folder: "app/audit", files: []string{"parse.go", "verify.go"}, slow: []string{"TestEveryLogExportsAndVerifies", "TestEveryFlippedByteIsFound"}},
}
