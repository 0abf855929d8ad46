package app_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/apptest"
	"parvis/app/chat"
	"parvis/app/workspace"
	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// author is a device whose envelopes are made without its node.
type author struct {
	sign seal.SignKey
	tail feed.Tail
}

// authorOf takes the signing key out of a node's store.
func authorOf(t testing.TB, n *apptest.Node, w *workspace.Workspace) *author {
	t.Helper()
	seed, found, err := n.Manager().Storage.Secret(t.Context(), seal.ID{}, "device-seed")
	if err != nil || !found {
		t.Fatalf("device seed: %v, found %v", err, found)
	}
	a := &author{sign: member.NewDeviceKeys([32]byte(seed)).Sign}
	a.tail = w.Have().Feeds[feed.FeedID{Space: w.MainSpace(), Device: a.sign.Public()}]
	return a
}

// mint makes the conversations of a team: several channels, people who answer,
// react, edit and sometimes speak at the same time.
type mint struct {
	t       testing.TB
	w       *workspace.Workspace
	space   seal.SpaceID
	authors []*author
	random  *rand.Rand
	refs    []seal.ID
	epoch   member.Epoch
	secret  seal.Key
	rooms   []*room
	now     int64
	posts   int
}

// room is one channel with the ends of its conversation.
type room struct {
	id     chat.ChannelID
	heads  []seal.ID
	before []seal.ID // the heads before the last message
	height map[seal.ID]uint64
	recent []post
	posts  int
}

type post struct {
	id seal.ID
	by *author
}

// newMint prepares to write n messages, the last of them now.
func newMint(t testing.TB, n *apptest.Node, w *workspace.Workspace, authors []*author, messages int) *mint {
	t.Helper()
	m := &mint{t: t, w: w, space: w.MainSpace(), authors: authors, random: rand.New(rand.NewPCG(1, 2)), refs: w.State().Heads()}
	epoch, ok := w.State().SendEpoch(m.space, func(seal.ID) bool { return true })
	if !ok {
		t.Fatal("no epoch to write with")
	}
	secret, found, err := n.Manager().Storage.Secret(t.Context(), w.ID(), "epoch/"+m.space.String()+"/"+epoch.ID.String())
	if err != nil || !found {
		t.Fatalf("epoch secret: %v, found %v", err, found)
	}
	m.epoch, m.secret = epoch, seal.Key(secret)
	m.now = time.Now().Add(-time.Duration(messages) * time.Minute).UnixMilli()
	m.rooms = []*room{{id: chat.General(m.space), height: map[seal.ID]uint64{}}}
	return m
}

// channel makes another channel and returns its envelope.
func (m *mint) channel(name string) []byte {
	nonce := seal.ID(seal.Random(32))
	id := seal.Hash("parvis1/channel", m.space[:], nonce[:])
	r := &room{id: chat.ChannelID(id[:16]), height: map[seal.ID]uint64{}}
	m.rooms = append(m.rooms, r)
	raw, made := m.seal(m.authors[0], chat.Body{Channel: r.id, Op: chat.OpCreate, Lamport: 1, Text: name, Target: &nonce})
	r.follow(made, 1)
	return raw
}

// seal writes the next envelope of an author.
func (m *mint) seal(a *author, body chat.Body) ([]byte, seal.ID) {
	m.t.Helper()
	data, err := body.Encode()
	if err != nil {
		m.t.Fatal(err)
	}
	m.now += time.Minute.Milliseconds()
	dev := a.sign.Public()
	env, err := feed.Seal(a.sign, feed.ContentKey(m.secret, m.space, m.epoch.ID, dev), feed.Header{
		V: 1, WS: m.w.ID(), Space: m.space, Dev: dev, Seq: a.tail.Seq + 1, Prev: a.tail.ID, LogRefs: m.refs, EpochID: m.epoch.ID,
	}, feed.Plain{Kind: uint(workspace.KindChat), HintMs: m.now, Body: data})
	if err != nil {
		m.t.Fatal(err)
	}
	a.tail = env.Tail()
	return env.Raw, env.ID
}

// follow makes a message the end of the conversation.
func (r *room) follow(id seal.ID, lamport uint64) {
	r.before = r.heads
	r.heads = []seal.ID{id}
	r.height[id] = lamport
}

// next writes one message of somebody somewhere.
func (m *mint) next() []byte {
	a, r := m.authors[m.random.IntN(len(m.authors))], m.rooms[m.random.IntN(len(m.rooms))]
	aside := len(r.before) > 0 && m.random.IntN(20) == 0 // it was written without having seen the last one
	parents := slices.Clone(r.heads)
	if aside {
		parents = slices.Clone(r.before)
	}
	slices.SortFunc(parents, seal.ID.Compare)
	lamport := uint64(1)
	for _, p := range parents {
		lamport = max(lamport, r.height[p]+1)
	}
	body := chat.Body{Channel: r.id, Parents: parents, Lamport: lamport, Text: fmt.Sprint(m.posts, strings.Repeat(" word", 4+m.random.IntN(40)))}
	if len(r.recent) > 0 {
		about := r.recent[m.random.IntN(len(r.recent))]
		switch m.random.IntN(20) {
		case 0:
			body.Op, body.Text, body.Target = chat.OpReact, "👍", &about.id
		case 1:
			body.Target = &about.id
		case 2:
			body.Op, body.Target, a = chat.OpEdit, &about.id, about.by
		}
	}
	raw, id := m.seal(a, body)
	if aside {
		r.heads = append(r.heads, id)
		r.height[id] = lamport
	} else {
		r.follow(id, lamport)
	}
	if body.Op == chat.OpPost {
		m.posts++
		r.posts++
		if body.Target == nil {
			r.recent = append(r.recent, post{id, a})
			r.recent = r.recent[max(len(r.recent)-20, 0):]
		}
	}
	return raw
}

// write makes n envelopes, the channels' own included.
func (m *mint) write(n int) [][]byte {
	m.t.Helper()
	all := make([][]byte, 0, n)
	for _, name := range []string{"design", "plan", "garden", "office", "music"} {
		all = append(all, m.channel(name))
	}
	for len(all) < n {
		all = append(all, m.next())
	}
	return all
}
