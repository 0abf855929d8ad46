package block

import (
	"sync"
	"sync/atomic"

	"parvis/crdt/seal"
)

// maxOwners is how many answers are remembered: the blocks of a file of 2 GiB.
const maxOwners = 8192

// owners remembers whose blocks are, because every want of every peer asks.
type owners struct {
	mu    sync.Mutex
	known map[seal.ID][]Owner // guarded by mu
	round int                 // guarded by mu: grows when answers may have changed

	gone atomic.Bool // a workspace is, and blocks that only it had may still be here
}

// of returns the owners of a block. Blocks without owners are asked about again.
func (o *owners) of(id seal.ID, ask func() ([]Owner, error)) ([]Owner, error) {
	o.mu.Lock()
	list, ok := o.known[id]
	round := o.round
	o.mu.Unlock()
	if ok {
		return list, nil
	}
	list, err := ask()
	if err != nil || len(list) == 0 {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.round == round { // else the answer may be older than the change
		if o.known == nil || len(o.known) >= maxOwners {
			o.known = map[seal.ID][]Owner{}
		}
		o.known[id] = list
	}
	return list, nil
}

// forget is called after a commit that added owners.
func (o *owners) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known = nil
	o.round++
}
