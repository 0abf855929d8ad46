package call

import (
	"encoding/binary"
	"errors"
	"slices"
	"sync"

	"parvis/crdt/seal"
)

// Frame errors.
var (
	// ErrNoKey reports that no key of the call is known, or nobody of that name.
	ErrNoKey = errors.New("no key for frames of the call")
	// ErrSender reports a frame whose key is of another sender than it is said to be
	// from, or of an earlier run of its program.
	ErrSender = errors.New("frame is somebody else's")
	// ErrReplay reports a frame that came before.
	ErrReplay = errors.New("frame came before")
)

const (
	// FrameOverhead is the most that sealing adds to a frame.
	FrameOverhead = seal.FrameOverhead
	// FrameLanes is how many streams of a sender are told apart.
	FrameLanes = 8
)

// maxSecrets is how many secrets open frames: somebody may not know the newest yet (V6).
const maxSecrets = 3

const (
	labelSecret = "parvis1/sframe"
	labelSender = "parvis1/sframe/sender"
	labelTag    = "parvis1/sframe/tag"

	labelRoom    = "parvis1/forward/room"
	labelCarrier = "parvis1/forward/carrier"
)

// Secret is what the keys of a call are made of in one epoch of its space (V5).
func Secret(epoch seal.Key, id ID) seal.Key {
	return seal.KDF(epoch[:], nil, labelSecret+string(id[:]))
}

// Tag stands for a device of a call in packets and hints that name many. Nobody can tell
// from it that two calls have the same participant.
func Tag(id ID, device seal.ID) (tag [8]byte) {
	sum := seal.Hash(labelTag, id[:], device[:])
	copy(tag[:], sum[:])
	return tag
}

// Room names a call to a super-peer that carries it, which cannot tell from it which call
// that is (V9).
func Room(id ID) (room [16]byte) {
	sum := seal.Hash(labelRoom, id[:])
	copy(room[:], sum[:])
	return room
}

// CarrierTag stands for the host of a super-peer that carries a call, in hints about it.
func CarrierTag(id ID, host seal.ID) (tag [8]byte) {
	sum := seal.Hash(labelCarrier, id[:], host[:])
	copy(tag[:], sum[:])
	return tag
}

// Frames seals the frames of this device in one call, and opens those of the others, so
// that a device which carries them reads nothing (V5 to V7). Safe for concurrent use.
type Frames struct {
	call ID
	own  seal.ID

	mu      sync.Mutex
	secrets []seal.Key               // the newest first; guarded by mu
	senders map[seal.ID]*frameSender // guarded by mu
}

// frameSender is the keys of one sender, each made of one secret.
type frameSender struct {
	since uint64
	keys  map[seal.Key]*frameKey
}

// frameKey is one key, and how far the frames of each lane have come.
type frameKey struct {
	*seal.FrameKey
	next [FrameLanes]uint64 // the least counter that is new
}

// NewFrames seals as a device that joined a call at a time of its own clock, Unix
// milliseconds: no two runs of its program may have the same.
func NewFrames(call ID, own seal.ID, since uint64) *Frames {
	f := &Frames{call: call, own: own, senders: map[seal.ID]*frameSender{}}
	f.senders[own] = &frameSender{since, map[seal.Key]*frameKey{}}
	return f
}

// String hides the keys, so that no log line can show them.
func (f *Frames) String() string { return "frames(hidden)" }

// GoString hides them from %#v too.
func (f *Frames) GoString() string { return f.String() }

// Secrets sets what the keys are made of, one for each epoch of the call's space, the
// one to seal with first.
func (f *Frames) Secrets(all []seal.Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secrets = slices.Clone(all[:min(len(all), maxSecrets)])
	for device, sender := range f.senders {
		for secret := range sender.keys {
			if device != f.own && !slices.Contains(f.secrets, secret) { // an own key goes on counting if it comes back
				delete(sender.keys, secret)
			}
		}
	}
}

// Joined says since when a sender is in the call, by its own clock.
func (f *Frames) Joined(device seal.ID, since uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known := f.senders[device]; device != f.own && (known == nil || known.since != since) {
		f.senders[device] = &frameSender{since, map[seal.Key]*frameKey{}}
	}
}

// Left forgets a sender.
func (f *Frames) Left(device seal.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if device != f.own {
		delete(f.senders, device)
	}
}

// Seal encrypts a frame of this device; meta is authenticated and travels beside it.
func (f *Frames) Seal(frame, meta []byte) ([]byte, error) {
	f.mu.Lock()
	if len(f.secrets) == 0 {
		f.mu.Unlock()
		return nil, ErrNoKey
	}
	key := f.key(f.own, f.senders[f.own], f.secrets[0])
	f.mu.Unlock()
	return key.Seal(frame, meta), nil
}

// Open returns a sender's frame. The frames of one lane come in the order in which they
// were sealed: one that is not newer than those before is refused (V7).
func (f *Frames) Open(from [32]byte, lane uint8, sealed, meta []byte) ([]byte, error) {
	number, ok := seal.FrameKeyNumber(sealed)
	if !ok || lane >= FrameLanes {
		return nil, seal.ErrSealed
	}
	key, err := f.find(from, number)
	if err != nil {
		return nil, err
	}
	frame, counter, err := key.Open(sealed, meta)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if counter < key.next[lane] {
		return nil, ErrReplay
	}
	key.next[lane] = counter + 1
	return frame, nil
}

// find is the key of a sender that a frame says it was sealed with.
func (f *Frames) find(from seal.ID, number uint64) (*frameKey, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	sender := f.senders[from]
	if sender == nil || sender.since == 0 {
		return nil, ErrNoKey
	}
	if number>>16 != keyNumber(from, sender.since, 0)>>16 {
		return nil, ErrSender
	}
	for _, secret := range f.secrets {
		if key := f.key(from, sender, secret); key.Number() == number {
			return key, nil
		}
	}
	return nil, ErrNoKey
}

// key makes the key of a sender once. The caller holds mu.
func (f *Frames) key(device seal.ID, sender *frameSender, secret seal.Key) *frameKey {
	if known := sender.keys[secret]; known != nil {
		return known
	}
	since := binary.BigEndian.AppendUint64(nil, sender.since)
	base := seal.KDF(secret[:], nil, labelSender+string(f.call[:])+string(device[:])+string(since))
	mark := seal.Hash(labelSender, secret[:]) // two bytes of it tell nothing
	made := &frameKey{FrameKey: seal.NewFrameKey(base[:], keyNumber(device, sender.since, binary.BigEndian.Uint16(mark[:])))}
	sender.keys[secret] = made
	return made
}

// keyNumber is what the header of a frame says of its key: two bytes of the sender, four
// of when it joined, two of the secret.
func keyNumber(device seal.ID, since uint64, secret uint16) uint64 {
	return uint64(binary.BigEndian.Uint16(device[:]))<<48 | uint64(uint32(since))<<16 | uint64(secret)
}
