package docs

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// Open leases a session to a replica.
func (s *Service) Open(ctx context.Context, ws seal.ID, id doc.ID) (Session, error) {
	return s.lease(ctx, ws, id, func(v *view, t *tip) (string, uint32, bool) {
		token, number := v.leases.take(id, false, func(n uint32) bool { return t.free(v.actor(id, n)) })
		return token, number, token != ""
	})
}

// Resume gives a replica its session again after a lost connection or a restart.
// It is [ErrSessionTaken] when another replica has it.
func (s *Service) Resume(ctx context.Context, ws seal.ID, id doc.ID, token string, number uint32) (Session, error) {
	return s.lease(ctx, ws, id, func(v *view, t *tip) (string, uint32, bool) {
		if held, ok := v.leases.held(id, token); ok {
			return token, held, held == number
		}
		if !t.free(v.actor(id, number)) {
			return "", 0, false
		}
		token, ok := v.leases.retake(id, number)
		return token, number, ok
	})
}

// lease describes the session that choose leases. It looks at the document in the
// writer's turn, so that nothing is written meanwhile.
func (s *Service) lease(ctx context.Context, ws seal.ID, id doc.ID, choose func(v *view, t *tip) (token string, number uint32, ok bool)) (Session, error) {
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return Session{}, err
	}
	session := Session{ReadOnly: !v.team.CanWrite(d.row.Space)}
	leased := false
	err = v.withTip(ctx, d.row, func(t *tip) error {
		session.Token, session.Number, leased = choose(v, t)
		session.Heads, session.Actors = t.headList(), t.authors()
		return nil
	})
	if err == nil && !leased {
		err = ErrSessionTaken
	}
	if err != nil {
		return Session{}, fmt.Errorf("open document %s: %w", id, err)
	}
	session.Actor = v.actor(id, session.Number)
	return session, nil
}

// withTip shows a document as it stands to use, in the writer's turn.
func (v *view) withTip(ctx context.Context, row DocRow, use func(t *tip) error) error {
	return v.write(ctx, func(ctx context.Context, f *fold, c *changes) error {
		t, err := f.tip(ctx, place{row.Space, row.ID}, c)
		if err != nil {
			return err
		}
		return use(t)
	})
}

// actor is the own actor with a session's number.
func (v *view) actor(id doc.ID, number uint32) doc.Actor {
	_, device := v.team.Self()
	return doc.ActorOf(device, id, number)
}

// free reports whether a new replica may write as an actor: all that the actor
// wrote is in what the replica loads.
func (t *tip) free(id doc.Actor) bool {
	a := t.actors[id]
	return a == nil || a.high == a.last
}

// headList are the document's heads, ascending: the root change's hash while it is
// empty.
func (t *tip) headList() []seal.ID {
	if len(t.heads) == 0 {
		return []seal.ID{doc.RootHash()}
	}
	return slices.SortedFunc(maps.Keys(t.heads), seal.ID.Compare)
}

func (t *tip) authors() map[doc.Actor]Author {
	all := make(map[doc.Actor]Author, len(t.actors))
	for id, a := range t.actors {
		all[id] = Author{a.Person, a.Device}
	}
	return all
}

// CloseSession ends a lease. An unknown one is no error.
func (s *Service) CloseSession(_ context.Context, ws seal.ID, id doc.ID, token string) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	if number, was := v.leases.drop(id, token); was {
		v.gone(id, number)
	}
	return nil
}
