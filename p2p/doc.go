// Package p2p is this device on the network: who it is, whom it lets in, how
// much a peer may use, and who is connected.
//
// [Node] wraps one libp2p host and is the only maker of one. Protocols live in
// sub-packages (join, key, sync, gossip) and see peers and streams only through
// the types of this package. The rules are in SPEC.md; W1 to W12 are kept here.
package p2p
