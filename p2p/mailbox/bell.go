package mailbox

import (
	"maps"
	"slices"
	"sync"
)

// Bell tells watchers what is new; a Keeper has one. The zero value is ready.
type Bell struct {
	mu       sync.Mutex
	watchers map[[32]byte]map[*Watcher]bool // by workspace; guarded by mu
}

// News is the number of the newest object of a tag.
type News struct {
	Tag  Tag
	Last uint64
}

// Watcher collects the news of some tags until somebody takes them, so that a
// slow reader costs no more than a fast one.
type Watcher struct {
	bell *Bell
	ws   [32]byte
	tags map[Tag]bool
	wake chan struct{} // holds one token while there is something to look at

	mu      sync.Mutex
	pending map[Tag]uint64 // guarded by mu
	alarmed bool           // guarded by mu
}

// Attach adds a watcher. Its keeper then reads what is newest now and tells it
// by [Watcher.Note]: in this order nothing is missed.
func (b *Bell) Attach(ws [32]byte, tags []Tag) *Watcher {
	w := &Watcher{bell: b, ws: ws, tags: make(map[Tag]bool, len(tags)), wake: make(chan struct{}, 1), pending: make(map[Tag]uint64)}
	for _, tag := range tags {
		w.tags[tag] = true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers == nil {
		b.watchers = make(map[[32]byte]map[*Watcher]bool)
	}
	if b.watchers[ws] == nil {
		b.watchers[ws] = make(map[*Watcher]bool)
	}
	b.watchers[ws][w] = true
	return w
}

// Ring tells all watchers of a workspace that a tag has a newer object. It is to
// be called once the object is durable.
func (b *Bell) Ring(ws [32]byte, tag Tag, last uint64) {
	for _, w := range b.of(ws) {
		w.Note(tag, last)
	}
}

// Alarm makes all watchers look whether they still may.
func (b *Bell) Alarm(ws [32]byte) {
	for _, w := range b.of(ws) {
		w.mu.Lock()
		w.alarmed = true
		w.mu.Unlock()
		w.signal()
	}
}

func (b *Bell) of(ws [32]byte) []*Watcher {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Keys(b.watchers[ws]))
}

// Leave ends the watching.
func (w *Watcher) Leave() {
	w.bell.mu.Lock()
	defer w.bell.mu.Unlock()
	delete(w.bell.watchers[w.ws], w)
	if len(w.bell.watchers[w.ws]) == 0 {
		delete(w.bell.watchers, w.ws)
	}
}

// Note keeps a piece of news; numbers never go back.
func (w *Watcher) Note(tag Tag, last uint64) {
	if !w.tags[tag] {
		return
	}
	w.mu.Lock()
	before, there := w.pending[tag]
	if !there || last > before {
		w.pending[tag] = last
	}
	w.mu.Unlock()
	w.signal()
}

func (w *Watcher) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Wake is where a token comes when there may be news.
func (w *Watcher) Wake() <-chan struct{} { return w.wake }

// Take empties the watcher. alarmed says that the access list has changed since
// the last time.
func (w *Watcher) Take() (news []News, alarmed bool) {
	w.mu.Lock()
	pending, alarmed := w.pending, w.alarmed
	w.pending, w.alarmed = make(map[Tag]uint64), false
	w.mu.Unlock()
	all := make([]News, 0, len(pending))
	for tag, last := range pending {
		all = append(all, News{tag, last})
	}
	return all, alarmed
}
