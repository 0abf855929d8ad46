// Package wasm is the [doc.Engine] of the program: Automerge 3.3.2 as WebAssembly, run
// by wazero. What Automerge does with crafted bytes stays inside: a trap, too much
// memory or too much time is an error of that call, and the document goes on in a new
// instance. Each document has an instance of its own.
//
// Automerge's WebAssembly is made for JavaScript. The files value.go, heap.go and
// imports*.go are as much of JavaScript as its 81 imports need; instance.go is the
// calling convention, engine.go and document*.go what doc.Engine promises.
package wasm
