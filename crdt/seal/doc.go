// Package seal is the only place of the core that touches cryptography: ids,
// hashes, signatures, symmetric and hybrid encryption, and the one encoding
// (deterministic CBOR) that everything signed or encrypted is written in.
//
// Every label is fixed ASCII, starts with "parvis1/" and is never used for two
// purposes. The rules S1 … of crdt/SPEC.md are implemented here.
package seal
