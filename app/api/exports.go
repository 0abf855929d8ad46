package api

import (
	"sync"
	"time"

	"parvis/app/docs"
	"parvis/crdt/seal"
)

// Limits of the exports that wait to be fetched.
const (
	exportLife = 10 * time.Minute
	maxExports = 4
)

// exports are files that wait to be fetched, in memory: nothing readable is
// written to the disk before somebody says where.
type exports struct {
	mu   sync.Mutex
	made []export // guarded by mu, oldest first
}

type export struct {
	token string
	until time.Time
	docs.Exported
}

// keep holds an export for a while, in the place of the oldest where there are
// many, and names it.
func (e *exports) keep(made docs.Exported) (token string) {
	random := seal.RandomKey()
	token = seal.ID(random).String()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.drop()
	if len(e.made) >= maxExports {
		e.made = e.made[1:]
	}
	e.made = append(e.made, export{token, time.Now().Add(exportLife), made})
	return token
}

// find is the export with a token, while it lives.
func (e *exports) find(token string) (docs.Exported, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.drop()
	for _, x := range e.made {
		if seal.EqualBytes([]byte(x.token), []byte(token)) {
			return x.Exported, true
		}
	}
	return docs.Exported{}, false
}

// drop forgets what is over. The caller holds the mutex.
func (e *exports) drop() {
	for len(e.made) > 0 && time.Now().After(e.made[0].until) {
		e.made = e.made[1:]
	}
}
