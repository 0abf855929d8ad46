// Package crdt holds nothing but SPEC.md, the rules of the packages below it,
// and the test that every rule is tested.
package crdt
