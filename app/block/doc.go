// Package block keeps files as sealed blocks (protocol 2.11): it puts files in,
// fetches those that others announced from the members who have them, and reads
// them back. What a block holds can be read only with the reference of its file.
//
// The rules K1 … of SPEC.md are implemented here.
package block
