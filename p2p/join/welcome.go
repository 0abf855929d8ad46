package join

import (
	"fmt"
	"time"

	"parvis/p2p/wire"
)

// check refuses what the other side would not take, before any of it is sent.
func (w Welcome) check() error {
	total := len(w.Box) + len(w.Grant)
	largest := max(len(w.Box), len(w.Grant))
	for _, list := range [][][]byte{w.Entries, w.Blobs} {
		for _, part := range list {
			total += len(part) + overhead
			largest = max(largest, len(part))
		}
	}
	if largest > MaxPart || total > MaxWelcome-maxPeers*maxAddress || len(w.Entries)+len(w.Blobs) > maxParts || len(w.Addrs) > maxPeers {
		return fmt.Errorf("welcome: %w", wire.ErrTooLarge)
	}
	for _, a := range w.Addrs {
		if _, err := a.Peer.PublicKey(); err != nil {
			return fmt.Errorf("welcome: %w", err)
		}
	}
	return nil
}

// writeWelcome sends all parts in the order of their kinds (W34).
func (s *session) writeWelcome(w Welcome) error {
	if err := s.write(kindBox, w.Box); err != nil {
		return err
	}
	for _, e := range w.Entries {
		if err := s.write(kindEntry, e); err != nil {
			return err
		}
	}
	for _, b := range w.Blobs {
		if err := s.write(kindBlob, b); err != nil {
			return err
		}
	}
	if err := s.write(kindGrant, w.Grant); err != nil {
		return err
	}
	for _, a := range w.Addrs {
		body, err := encodeAddress(a)
		if err != nil {
			return err
		}
		if err := s.write(kindAddrs, body); err != nil {
			return err
		}
	}
	return s.send(kindEnd, nil)
}

// readWelcome reads parts until the end, within size, number and time.
func (s *session) readWelcome(first time.Duration) (Welcome, error) {
	var w Welcome
	var began time.Time
	var size int64
	last, idle := kindBox, first
	for n := 0; ; n++ {
		m, err := s.read(MaxPart, idle)
		if err != nil {
			return Welcome{}, fmt.Errorf("read welcome: %w", err)
		}
		if n == 0 {
			began, idle = time.Now(), wire.Idle
			if m.Kind == kindRefusal {
				return Welcome{}, refusalOf(m.Body)
			}
		}
		size += int64(len(m.Body) + overhead)
		if size > MaxWelcome || n > maxParts+maxPeers+2 {
			return Welcome{}, fmt.Errorf("read welcome: %w", wire.ErrTooLarge)
		}
		if time.Since(began) > welcomeTime {
			return Welcome{}, fmt.Errorf("read welcome: it takes too long")
		}
		if done, err := w.take(m, n, last); err != nil || done {
			return w, err
		}
		last = m.Kind
	}
}

// take adds part number n; done reports the end.
func (w *Welcome) take(m message, n int, last kind) (done bool, err error) {
	single := m.Kind == kindBox || m.Kind == kindGrant
	if (n == 0) != (m.Kind == kindBox) || m.Kind < last || single && n > 0 && m.Kind == last || m.Kind > kindEnd {
		return false, fmt.Errorf("%w: kind %d in a welcome", ErrMalformed, m.Kind)
	}
	switch m.Kind {
	case kindBox:
		w.Box = m.Body
	case kindEntry:
		w.Entries = append(w.Entries, m.Body)
	case kindBlob:
		w.Blobs = append(w.Blobs, m.Body)
	case kindGrant:
		w.Grant = m.Body
	case kindAddrs:
		if len(w.Addrs) == maxPeers {
			return false, fmt.Errorf("%w: address book", wire.ErrTooLarge)
		}
		a, err := decodeAddress(m.Body)
		if err != nil {
			return false, err
		}
		w.Addrs = append(w.Addrs, a)
	case kindEnd:
		if last < kindGrant {
			return false, fmt.Errorf("%w: welcome without its parts", ErrMalformed)
		}
		return true, nil
	}
	return false, nil
}
