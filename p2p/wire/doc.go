// Package wire is how messages lie in a stream: a length, then strict CBOR
// (SPEC.md W20 to W29). Every protocol of Parvis reads and writes through it.
//
// A message is a struct of the form
//
//	type Ping struct {
//		_ struct{} `cbor:",toarray"`
//		V uint     // 1
//		…
//	}
package wire
