// Package generate makes what a participant sends that has neither camera nor
// microphone (parvis call join --media test), and checks what it receives.
//
// The picture is VP8 (RFC 6386), key frames only, made of flat macroblocks: a moving
// pattern, a counter as black and white cells that survive scaling and encoding again
// ([ReadMark]), and the sender's colour. Frames are padded to a bit rate. The tone is
// Opus (RFC 6716), one semitone per name. A [Source] sends them, a [Checker] counts and
// checks them, for one participant each.
package generate
