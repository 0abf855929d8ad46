package change

import "fmt"

// LastOp is the number of the last operation; of a change without operations,
// that of the last one before it.
func (h Header) LastOp() uint64 { return h.StartOp + h.NOps - 1 }

// Follows checks what a change says of the changes before it. deps are those that
// it names, in any order; last is the change before it by the same actor, nil when
// there is none. Engines apply a change that lies about them, but what they save
// then cannot be loaded again. Errors wrap ErrInvalid.
func (h Header) Follows(deps []Header, last *Header) error {
	start := uint64(1)
	for _, dep := range deps {
		start = max(start, dep.LastOp()+1)
	}
	switch {
	case h.StartOp != start:
		return fmt.Errorf("%w: it begins with operation %d, not %d", ErrInvalid, h.StartOp, start)
	case last == nil && h.Seq != 1:
		return fmt.Errorf("%w: it has number %d and is the actor's first", ErrInvalid, h.Seq)
	case last != nil && (last.Actor != h.Actor || h.Seq != last.Seq+1 || h.StartOp <= last.LastOp()):
		return fmt.Errorf("%w: number %d does not follow number %d", ErrInvalid, h.Seq, last.Seq)
	}
	return nil
}
