package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/sas"
	"parvis/crdt/seal"
)

// Welcome is what a member gives to a joiner who proved to hold the link.
type Welcome struct {
	Box     []byte   // mode 1: the InviteBox
	Grant   []byte   // mode 0: the same content, sealed to the joiner's device
	Entries [][]byte // the whole log, sealed, parents first
	Blobs   [][]byte
	Addrs   []PeerAddrs
}

// Knock is what a joiner brings to the join protocol.
type Knock struct {
	Request []byte
	// Return says that a person comes back with a paper key; only for Link.
	Return bool
	// Converse compares codes before the welcome; nil with an instant invitation.
	Converse func(ctx context.Context, talk Talk) error
	// Accept turns the welcome into the sealed Join entry. With codes first there
	// is none: the inviter has posted an Admit.
	Accept func(Welcome) ([]byte, error)
}

// PeerAddrs says where a device was reached.
type PeerAddrs struct {
	Peer  seal.ID
	Addrs []string
}

// Refusal is the answer to a join that cannot succeed.
type Refusal struct{ Code string }

// The codes of a refusal.
const (
	RefusedExpired = "expired"
	RefusedUsed    = "used"
	RefusedRevoked = "revoked"
	RefusedUnknown = "unknown"
	RefusedRules   = "refused"
	RefusedWait    = "wait"    // this member cannot answer now; another may
	RefusedEnded   = "ended"   // a super-peer says so, and not why
	RefusedVersion = "version" // this member's program is older than the request; another's may not be
)

// Is makes refusals with the same code equal for [errors.Is].
func (r *Refusal) Is(target error) bool {
	other, ok := target.(*Refusal)
	return ok && other.Code == r.Code
}

// RefusalOf is the refusal with a code, to compare with.
func RefusalOf(code string) error { return &Refusal{code} }

func (r *Refusal) Error() string { return "the invitation was refused: " + r.Code }

// final reports whether asking again cannot help.
func (r *Refusal) final() bool {
	return r.certain() || r.Code == RefusedEnded
}

// certain reports whether every member would say the same.
func (r *Refusal) certain() bool { return r.Over() || r.Code == RefusedRules }

// Over reports whether the invitation lets nobody in any more.
func (r *Refusal) Over() bool {
	return r.Code == RefusedExpired || r.Code == RefusedUsed || r.Code == RefusedRevoked
}

// joining is a join that goes on until keys have arrived.
type joining struct {
	link member.Link
	name string
	done chan struct{} // closed when the join ended

	ctx    context.Context // of the attempts
	cancel context.CancelFunc

	awaited  atomic.Int32              // who looks on, and hears of a failure
	compared atomic.Pointer[sas.Party] // the inviter, once the codes were right

	mu  sync.Mutex
	err error // guarded by mu; final
}

func (j *joining) fail(err error) {
	j.mu.Lock()
	j.err = err
	j.mu.Unlock()
}

func (j *joining) failure() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// storedJoin is what survives a restart of a join.
type storedJoin struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Link string
	Name string
}

// Between two rounds of asking everybody in the link.
const (
	joinFirstPause = 500 * time.Millisecond
	joinMaxPause   = 30 * time.Second
)

// stagger is how much later the next peer of a link is asked than the one before.
const stagger = 300 * time.Millisecond

// runJoin asks the peers of the link until one lets this device in, the invitation
// is refused for good, or its time is over. Once this device has written its Join
// entry somebody may have it, and will say what became of it.
func (m *Manager) runJoin(ctx context.Context, w *Workspace, j *joining) error {
	for pause := joinFirstPause; ; pause = min(2*pause, joinMaxPause) {
		if j.link.Expired(m.Now().UnixMilli()) && !w.joinPosted() {
			return ErrLinkExpired
		}
		err := m.knockAll(ctx, w, j)
		if err == nil {
			return nil
		}
		var refusal *Refusal
		if errors.As(err, &refusal) && refusal.final() || errors.Is(err, errForeignLog) || errors.Is(err, ErrCodes) {
			return err
		}
		w.logger.Debug("join: nobody let us in", "err", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// knockAll asks all peers of the link, one a little later than the other, so that
// a member who is off does not delay the rest. The first success ends it, and so
// does a refusal for good, which every member would give. The word of a super-peer
// that the invitation is over counts only if nobody else lets us in.
func (m *Manager) knockAll(ctx context.Context, w *Workspace, j *joining) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan error)
	for i, peer := range j.link.Peers {
		go func() {
			err := context.Canceled
			select {
			case <-time.After(time.Duration(i) * stagger):
				err = m.knock(ctx, w, j, peer)
			case <-ctx.Done():
			}
			answers <- err
		}()
	}
	var failed []error
	joined := false
	for range j.link.Peers {
		err := <-answers
		var refusal *Refusal
		if err == nil || errors.As(err, &refusal) && refusal.certain() {
			cancel()
		}
		joined = joined || err == nil
		failed = append(failed, err)
	}
	if joined {
		return nil
	}
	return errors.Join(failed...)
}

// knock asks one peer.
func (m *Manager) knock(ctx context.Context, w *Workspace, j *joining, peer member.LinkPeer) error {
	keys, err := member.InviteKeysOf(j.link.WS, j.link.Seed)
	if err != nil {
		return err
	}
	genesis, _, err := w.storage.Secret(ctx, w.id, secretSelf)
	if err != nil {
		return err
	}
	request, err := member.NewJoinRequest(keys, w.self.sign, w.id, genesis, peer.Peer, w.self.peer, seal.ID(seal.RandomKey()))
	if err != nil {
		return err
	}
	knock := Knock{Request: request}
	knock.Accept = func(welcome Welcome) ([]byte, error) { return w.acceptWelcome(ctx, keys, j, genesis, welcome) }
	if j.link.Mode == member.ModeCodes {
		knock.Converse = func(ctx context.Context, talk Talk) error {
			return m.converseAsJoiner(ctx, w, j, peer.Peer, keys.ID, talk)
		}
	}
	err = m.network.Knock(ctx, peer.Peer, peer.Addrs, knock)
	if other := j.compared.Load(); err == nil && other != nil {
		m.compared(w, *other, ByJoining)
	}
	if errors.Is(err, ErrAtDoor) && j.link.Mode == member.ModeInstant && m.superPeers != nil {
		return m.enter(ctx, w, j, peer, keys, genesis)
	}
	return err
}

// errForeignLog reports a log that is not the one the link speaks of.
var errForeignLog = errors.New("the answer is not the log this invitation was made in")

// acceptWelcome opens a welcome and keeps the log. In mode 1 it posts the Join
// entry; when that happened before (the connection broke after it) the same entry
// is sent again. In mode 0 the log holds the Admit of this device already.
func (w *Workspace) acceptWelcome(ctx context.Context, keys member.InviteKeys, j *joining, genesis []byte, welcome Welcome) ([]byte, error) {
	box, err := w.openWelcome(keys, j, welcome)
	if err != nil {
		return nil, fmt.Errorf("open the keys of the welcome: %w", err)
	}
	var sealed []byte
	err = w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		if err := w.members.fresh(ctx); err != nil {
			return err
		}
		if err := w.keys.setLog(ctx, box.LK); err != nil {
			return err
		}
		var bad []error
		if err := w.receiveLog(ctx, Received{Entries: welcome.Entries, Blobs: welcome.Blobs}, after, &bad); err != nil {
			return err
		}
		if !w.members.has(j.link.LogHead) {
			return errors.Join(append(bad, errForeignLog)...)
		}
		if w.members.pending().LogKeyID() != member.LogKeyID(box.LK) {
			return errForeignLog
		}
		if err := w.keepBox(ctx, box); err != nil {
			return err
		}
		if device, ok := w.members.pending().Device(w.self.device); j.link.Mode == member.ModeCodes && (!ok || !device.Active) {
			return errors.Join(append(bad, errForeignLog)...)
		}
		if j.link.Mode == member.ModeInstant {
			if sealed, err = w.joinEntry(ctx, keys, genesis, after); err != nil {
				return err
			}
		}
		return w.unlock(ctx, after)
	})
	if err != nil {
		return nil, err
	}
	_, err = w.learn(ctx, welcome.Addrs)
	return sealed, err
}

// openWelcome opens the box with the link's key, or the grant with the device's.
func (w *Workspace) openWelcome(keys member.InviteKeys, j *joining, welcome Welcome) (member.InviteBox, error) {
	if j.link.Mode == member.ModeInstant {
		return member.OpenInviteBox(keys, w.id, welcome.Box)
	}
	kem, ok := w.keys.kemOf(0)
	if !ok {
		return member.InviteBox{}, ErrNoKey
	}
	keys.KEM = kem
	return member.OpenInviteBox(keys, w.id, welcome.Grant)
}

// keepBox keeps the epoch secrets of a box, each checked against the log.
func (w *Workspace) keepBox(ctx context.Context, box member.InviteBox) error {
	st := w.members.pending()
	for _, grant := range box.Spaces {
		epoch, ok := st.Epoch(grant.Space, grant.EpochID)
		if !ok || !member.CheckSecret(w.id, epoch, grant.Secret) {
			return errors.New("the invitation box holds a key that the log does not know")
		}
		if err := w.keys.addEpoch(ctx, grant.Space, grant.EpochID, grant.Secret); err != nil {
			return err
		}
	}
	return nil
}

// joinEntry posts this device's Join entry, or finds the one posted before.
func (w *Workspace) joinEntry(ctx context.Context, keys member.InviteKeys, genesis []byte, after *afterCommit) ([]byte, error) {
	if device, ok := w.members.pending().Device(w.self.device); ok && device.Active {
		return w.members.sealedOf(w.self.device), nil
	}
	if invite, ok := w.members.pending().Invite(keys.ID); ok && (invite.Revoked || invite.Used >= invite.Uses) {
		return nil, &Refusal{refusalCode(invite.Open(0))}
	}
	heads := w.members.heads()
	body, err := member.NewJoinBody(keys, w.id, genesis, nonce32(), heads[0])
	if err != nil {
		return nil, err
	}
	raw, err := body.Encode()
	if err != nil {
		return nil, err
	}
	if _, err := w.members.post(ctx, member.TypeJoin, raw, after); err != nil {
		return nil, err
	}
	return w.members.sealedOf(w.self.device), nil
}

// sealedOf is the first entry of a device as it travels.
func (m *membership) sealedOf(device seal.ID) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range m.log.Order() {
		if m.log.Entry(id).Dev == device {
			return m.sealed[id]
		}
	}
	return nil
}

func nonce32() (n [32]byte) {
	copy(n[:], seal.Random(len(n)))
	return n
}

// learn remembers where devices can be reached, and reports whether any of it is news.
func (w *Workspace) learn(ctx context.Context, addrs []PeerAddrs) (news bool, err error) {
	st := w.State()
	if st == nil || len(addrs) == 0 {
		return false, nil
	}
	known, err := w.storage.Addrs(ctx, w.id)
	if err != nil {
		return false, err
	}
	// Everybody tells a newcomer the same: what is known already is not written again.
	fresh := map[seal.ID][]string{}
	note := func(device seal.ID, addrs []string) {
		if len(addrs) > 0 && !slices.Equal(known[device].Addrs, addrs) {
			fresh[device] = addrs
		}
	}
	for _, a := range addrs {
		if slices.Contains(st.Relays(), a.Peer) {
			note(a.Peer, a.Addrs)
		}
		if device, ok := st.DeviceByPeer(a.Peer); ok && device.ID != w.self.device {
			note(device.ID, a.Addrs)
		}
	}
	if len(fresh) == 0 {
		return false, nil
	}
	return true, w.storage.Write(ctx, func(ctx context.Context) error {
		for device, addrs := range fresh {
			if err := w.storage.PutAddrs(ctx, w.id, device, addrs, 0); err != nil {
				return err
			}
		}
		return nil
	})
}
