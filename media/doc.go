// Package media carries the sound and pictures of a call: one connection per
// participant, straight from device to device. In a large call one participant, the
// forwarder, carries them to the others, sealed so that it needs no key.
//
// A [Room] knows the participants of one call. Frames come encoded from
// outside, are cut into packets once per participant and go out at the rate
// that the line to that participant carries; frames that arrive are put into
// order, repaired and handed out whole. Signals (offers, answers, candidates)
// travel outside of this package, which trusts none of them: what SPEC.md does
// not allow never reaches the library that parses it.
//
// It knows nothing of workspaces, the keys of devices or the network of the rest of
// the program, and nothing else imports the WebRTC library.
package media
