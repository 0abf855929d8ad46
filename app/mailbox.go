package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parvis/app/workspace"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/mailbox"
)

// superPeers is the way to super-peers over a running node.
type superPeers struct {
	node *p2p.Node
	seed [32]byte // of the host key, which signs access lists
}

// Mailbox implements [workspace.SuperPeers].
func (s superPeers) Mailbox(ctx context.Context, superPeer seal.ID, addrs []string, ws seal.ID) (workspace.Mailbox, error) {
	id, err := p2p.PeerIDOf(superPeer)
	if err != nil {
		return nil, err
	}
	if err := s.connect(ctx, id, addrs); err != nil {
		return nil, err
	}
	client, err := mailbox.Open(ctx, s.node, id, ws)
	if err != nil {
		return nil, inWords(err)
	}
	return mailboxClient{client}, nil
}

func (s superPeers) connect(ctx context.Context, id p2p.PeerID, addrs []string) error {
	if s.node.Connected(id) {
		return nil
	}
	if err := s.node.Connect(ctx, id, addrs); err != nil {
		return errors.Join(workspace.ErrUnreachable, err)
	}
	return nil
}

// Publish implements [workspace.SuperPeers].
func (s superPeers) Publish(ctx context.Context, superPeer seal.ID, addrs []string, ws seal.ID, secret []byte, list workspace.AccessList) error {
	id, err := p2p.PeerIDOf(superPeer)
	if err != nil {
		return err
	}
	if err := s.connect(ctx, id, addrs); err != nil {
		return err
	}
	signed, err := mailbox.SignACL(s.seed, mailbox.ACL{Workspace: ws, Counter: list.Counter, Peers: arraysOf(list.Peers), Admins: arraysOf(list.Admins)})
	if err != nil {
		return err
	}
	return inWords(mailbox.Publish(ctx, s.node, id, addrs, secret, signed))
}

// Knock implements [workspace.SuperPeers].
func (s superPeers) Knock(ctx context.Context, superPeer seal.ID, addrs []string, ws seal.ID, invitation seal.SignKey) ([]byte, error) {
	id, err := p2p.PeerIDOf(superPeer)
	if err != nil {
		return nil, err
	}
	box, err := mailbox.Knock(ctx, s.node, id, addrs, ws, invitation.Public(), func(digest [32]byte) []byte {
		return invitation.Sign(mailbox.KnockLabel, digest[:])
	})
	switch {
	case errors.Is(err, mailbox.ErrNoDoor):
		return nil, &workspace.Refusal{Code: workspace.RefusedUnknown}
	case errors.Is(err, mailbox.ErrDoorEnded):
		return nil, &workspace.Refusal{Code: workspace.RefusedEnded}
	case errors.Is(err, mailbox.ErrDoorCrowded):
		return nil, &workspace.Refusal{Code: workspace.RefusedWait}
	}
	return box, err
}

// ParseSetup implements [workspace.SuperPeers].
func (s superPeers) ParseSetup(code string) (workspace.Setup, error) {
	setup, err := mailbox.ParseSetup(code)
	if err != nil {
		return workspace.Setup{}, inWords(err)
	}
	key, err := setup.Peer.PublicKey()
	if err != nil {
		return workspace.Setup{}, errors.Join(workspace.ErrSetupBroken, err)
	}
	return workspace.Setup{Peer: key, Secret: setup.Secret[:], Addrs: setup.Addrs}, nil
}

// mailboxClient shows a client to its courier, in the courier's words.
type mailboxClient struct{ *mailbox.Client }

func (c mailboxClient) Put(ctx context.Context, tag workspace.Tag, objects []workspace.Object) error {
	return c.put(ctx, tag, objects, false)
}

func (c mailboxClient) PutBlocks(ctx context.Context, tag workspace.Tag, objects []workspace.Object) error {
	return c.put(ctx, tag, objects, true)
}

func (c mailboxClient) put(ctx context.Context, tag workspace.Tag, objects []workspace.Object, refetchable bool) error {
	all := make([]mailbox.Object, len(objects))
	for i, o := range objects {
		all[i] = mailbox.Object{ID: o.ID, Bytes: o.Bytes}
	}
	return inWords(c.Client.Put(ctx, mailbox.Tag(tag), all, refetchable))
}

func (c mailboxClient) Leave(ctx context.Context, door workspace.Door) error {
	return inWords(c.Client.Leave(ctx, mailbox.Door{Name: door.Name, Counter: door.Counter, Expires: door.Expires, Box: door.Box}))
}

func (c mailboxClient) List(ctx context.Context, tag workspace.Tag, after uint64) ([]workspace.ObjectRef, bool, error) {
	refs, more, err := c.Client.List(ctx, mailbox.Tag(tag), after, mailbox.MaxRefs)
	all := make([]workspace.ObjectRef, len(refs))
	for i, ref := range refs {
		all[i] = workspace.ObjectRef{N: ref.N, ID: ref.ID, Size: ref.Size}
	}
	return all, more, inWords(err)
}

func (c mailboxClient) Fetch(ctx context.Context, tag workspace.Tag, ids []seal.ID) ([]workspace.Object, error) {
	objects, err := c.Client.Fetch(ctx, mailbox.Tag(tag), arraysOf(ids))
	all := make([]workspace.Object, len(objects))
	for i, o := range objects {
		all[i] = workspace.Object{ID: o.ID, Bytes: o.Bytes}
	}
	return all, inWords(err)
}

func (c mailboxClient) Watch(ctx context.Context, tags []workspace.Tag, news func(tag workspace.Tag, last uint64)) error {
	all := make([]mailbox.Tag, len(tags))
	for i, tag := range tags {
		all[i] = mailbox.Tag(tag)
	}
	return inWords(c.Client.Watch(ctx, all, func(tag mailbox.Tag, last uint64) { news(workspace.Tag(tag), last) }))
}

func arraysOf(ids []seal.ID) [][32]byte {
	all := make([][32]byte, len(ids))
	for i, id := range ids {
		all[i] = id
	}
	return all
}

// inWords names what a super-peer said in the words of the workspaces.
func inWords(err error) error {
	if busy, ok := errors.AsType[*mailbox.RateError](err); ok {
		return &workspace.BusyError{Wait: busy.Wait}
	}
	if newer, ok := errors.AsType[*mailbox.OldCounterError](err); ok {
		return &workspace.NewerListError{Counter: newer.Stored}
	}
	for _, word := range []struct{ theirs, ours error }{
		{mailbox.ErrStranger, workspace.ErrStranger},
		{mailbox.ErrFull, workspace.ErrSuperPeerFull},
		{mailbox.ErrTooMuch, workspace.ErrSuperPeerQuota},
		{mailbox.ErrNotAdmin, workspace.ErrNotAdmin},
		{mailbox.ErrBadSetup, workspace.ErrSetupWrong},
		{mailbox.ErrSetupBroken, workspace.ErrSetupBroken},
		{mailbox.ErrSetupNewer, workspace.ErrSetupNewer},
	} {
		if errors.Is(err, word.theirs) {
			return errors.Join(word.ours, err)
		}
	}
	return err
}

// errSuperPeerAddr reports an address of a super-peer that cannot be used.
var errSuperPeerAddr = errors.New("the address of a super-peer is a multiaddress that ends in /p2p/ and its peer id")

// superPeerAddrs reads the addresses of super-peers that the node was started with.
func superPeerAddrs(texts []string) ([]workspace.PeerAddrs, error) {
	var all []workspace.PeerAddrs
	for _, text := range texts {
		at := strings.LastIndex(text, "/p2p/")
		if at < 0 {
			return nil, fmt.Errorf("%q: %w", text, errSuperPeerAddr)
		}
		key, err := p2p.PeerID(text[at+len("/p2p/"):]).PublicKey()
		if addrs := p2p.CleanAddrs([]string{text[:at]}); err == nil && len(addrs) > 0 {
			all = append(all, workspace.PeerAddrs{Peer: key, Addrs: addrs})
			continue
		}
		return nil, fmt.Errorf("%q: %w", text, errors.Join(errSuperPeerAddr, err))
	}
	return all, nil
}

// watchSuperPeers tells the workspaces how their super-peers stand.
func (n *network) watchSuperPeers() {
	for _, s := range n.node.SuperPeers() {
		if key, err := s.ID.PublicKey(); err == nil {
			n.manager.SuperPeerChanged(key, s.Connected, s.Silent)
		}
	}
}

// answering leaves out the super-peers that do not answer, and who is reached through
// such a one: as long as their connections last, nothing gets through.
func answering(peers []p2p.Peer, superPeers []p2p.SuperPeer) []p2p.Peer {
	return slices.DeleteFunc(peers, func(p p2p.Peer) bool {
		return slices.ContainsFunc(superPeers, func(s p2p.SuperPeer) bool {
			return s.Silent && (p.ID == s.ID || strings.Contains(p.Addr, "/p2p/"+string(s.ID)+"/p2p-circuit"))
		})
	})
}

// superPeerIDs are the super-peers of all workspaces.
func (n *network) superPeerIDs() []p2p.PeerID {
	var ids []p2p.PeerID
	for _, key := range n.manager.SuperPeerKeys() {
		if id, err := p2p.PeerIDOf(key); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
