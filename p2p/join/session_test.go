package join

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

// tape is a stream from which only given bytes come.
type tape struct {
	net.Conn // deadlines; a net.Pipe
	in       io.Reader
}

func (s *tape) Read(p []byte) (int, error)  { return s.in.Read(p) }
func (s *tape) Write(p []byte) (int, error) { return len(p), nil }
func (s *tape) CloseWrite() error           { return nil }
func (s *tape) Reset() error                { return nil }
func (s *tape) Peer() p2p.PeerID            { return "" }

func play(t testing.TB, messages ...message) *session {
	t.Helper()
	var out bytes.Buffer
	w := wire.NewWriter(&out, 0)
	for _, m := range messages {
		if err := wire.Write(w, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	here, _ := net.Pipe()
	return newSession(&tape{Conn: here, in: &out}, true)
}

func msg(k kind, body ...byte) message {
	return message{V: 1, Kind: k, Body: append([]byte{}, body...)}
}

func TestW34AWelcomeHasOneOrder(t *testing.T) {
	address, err := encodeAddress(PeerAddrs{Peer: p2p.New(p2p.Config{}).ID(), Addrs: []string{"/ip4/127.0.0.1/tcp/1"}})
	if err != nil {
		t.Fatal(err)
	}
	good := []message{msg(kindBox, 1), msg(kindEntry, 2), msg(kindEntry, 3), msg(kindBlob, 4), msg(kindGrant), msg(kindAddrs, address...), msg(kindEnd)}
	w, err := play(t, good...).readWelcome(time.Second)
	if err != nil || len(w.Entries) != 2 || len(w.Blobs) != 1 || len(w.Addrs) != 1 {
		t.Fatalf("the right order: %+v, %v", w, err)
	}
	for name, bad := range map[string][]message{
		"no box":              {msg(kindEntry, 1), msg(kindGrant), msg(kindEnd)},
		"two boxes":           {msg(kindBox), msg(kindBox), msg(kindGrant), msg(kindEnd)},
		"blob before entry":   {msg(kindBox), msg(kindBlob), msg(kindEntry), msg(kindGrant), msg(kindEnd)},
		"two grants":          {msg(kindBox), msg(kindGrant), msg(kindGrant), msg(kindEnd)},
		"no grant":            {msg(kindBox), msg(kindEnd)},
		"talk in between":     {msg(kindBox), msg(kindTalk), msg(kindGrant), msg(kindEnd)},
		"refusal in between":  {msg(kindBox), msg(kindRefusal), msg(kindGrant), msg(kindEnd)},
		"done instead of end": {msg(kindBox), msg(kindGrant), msg(kindDone)},
		"body of end":         {msg(kindBox), msg(kindGrant), msg(kindEnd, 1)},
		"bad address":         {msg(kindBox), msg(kindGrant), msg(kindAddrs, 1), msg(kindEnd)},
	} {
		t.Run("W34 "+name, func(t *testing.T) {
			if _, err := play(t, bad...).readWelcome(time.Second); !wire.IsFault(err) {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Run("W34 a truncated welcome is none", func(t *testing.T) {
		for n := range good {
			if _, err := play(t, good[:n]...).readWelcome(time.Second); err == nil || wire.IsFault(err) {
				t.Errorf("cut after %d parts: %v", n, err)
			}
		}
	})
}

// flood repeats one frame for ever.
type flood struct {
	frame []byte
	at    int
	count int64
}

func (f *flood) Read(p []byte) (int, error) {
	n := copy(p, f.frame[f.at:])
	f.at = (f.at + n) % len(f.frame)
	f.count += int64(n)
	return n, nil
}

func TestW35AnEndlessWelcomeIsStopped(t *testing.T) {
	frameOf := func(k kind, size int) []byte {
		var out bytes.Buffer
		w := wire.NewWriter(&out, 0)
		if err := wire.Send(w, message{V: 1, Kind: k, Body: make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	for name, size := range map[string]int{"large parts": MaxPart, "empty parts": 0} {
		t.Run("W35 "+name, func(t *testing.T) {
			f := &flood{frame: frameOf(kindEntry, size)}
			here, _ := net.Pipe()
			s := newSession(&tape{Conn: here, in: io.MultiReader(bytes.NewReader(frameOf(kindBox, 0)), f)}, true)
			if _, err := s.readWelcome(time.Second); !errors.Is(err, wire.ErrTooLarge) {
				t.Errorf("error %v", err)
			}
			if f.count > MaxWelcome+MaxPart+(64<<10) {
				t.Errorf("read %d bytes", f.count)
			}
		})
	}
}

func TestW36NobodyWaitsForEver(t *testing.T) {
	t.Run("W36 the request has ten seconds", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			here, there := net.Pipe()
			defer func() { _, _ = here.Close(), there.Close() }()
			start := time.Now()
			s := newSession(&tape{Conn: here, in: here}, false)
			if err := s.answer(t.Context(), nil); err == nil || time.Since(start) != wire.FirstByte {
				t.Errorf("after %s: %v", time.Since(start), err)
			}
		})
	})
	t.Run("W36 the answer has a minute", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			here, there := net.Pipe()
			defer func() { _, _ = here.Close(), there.Close() }()
			start := time.Now()
			s := newSession(&tape{Conn: here, in: here}, true)
			if err := s.join(t.Context(), []byte("x"), nil, nil); err == nil || time.Since(start) != answerTime {
				t.Errorf("after %s: %v", time.Since(start), err)
			}
		})
	})
	t.Run("W36 the whole welcome has five minutes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			part := play(t, msg(kindBox)).s.(*tape).in
			drip := &dripping{parts: []io.Reader{part}, more: func() io.Reader { return play(t, msg(kindEntry, 1)).s.(*tape).in }}
			here, _ := net.Pipe()
			start := time.Now()
			_, err := newSession(&tape{Conn: here, in: drip}, true).readWelcome(answerTime)
			if took := time.Since(start); err == nil || took > welcomeTime+wire.Idle {
				t.Errorf("after %s: %v", took, err)
			}
		})
	})
}

// dripping gives one frame every 20 seconds.
type dripping struct {
	parts []io.Reader
	more  func() io.Reader
}

func (d *dripping) Read(p []byte) (int, error) {
	n, err := d.parts[0].Read(p)
	if errors.Is(err, io.EOF) {
		time.Sleep(20 * time.Second)
		d.parts[0] = d.more()
		return d.parts[0].Read(p)
	}
	return n, err
}

func samples(t testing.TB) map[string][]byte {
	t.Helper()
	address := mustEncode(t, address{V: 1, Peer: bytes.Repeat([]byte{7}, 32), Addrs: []string{"/ip4/192.0.2.1/udp/4001/quic-v1", "/dns/example.org/tcp/4001"}})
	return map[string][]byte{
		"join-request": mustEncode(t, msg(kindRequest, []byte("request")...)),
		"join-talk":    mustEncode(t, msg(kindTalk, []byte("talk")...)),
		"join-refusal": mustEncode(t, msg(kindRefusal, []byte(CodeExpired)...)),
		"join-box":     mustEncode(t, msg(kindBox, []byte("box")...)),
		"join-entry":   mustEncode(t, msg(kindEntry, []byte("entry")...)),
		"join-blob":    mustEncode(t, msg(kindBlob, []byte("blob")...)),
		"join-grant":   mustEncode(t, msg(kindGrant)),
		"join-addrs":   mustEncode(t, msg(kindAddrs, address...)),
		"join-end":     mustEncode(t, msg(kindEnd)),
		"join-join":    mustEncode(t, msg(kindJoin, []byte("sealed")...)),
		"join-done":    mustEncode(t, msg(kindDone)),
	}
}

func mustEncode[T any](t testing.TB, v T) []byte {
	t.Helper()
	data, err := wire.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestW31MessagesAreEncodedAsInTheSpec(t *testing.T) {
	for name, data := range samples(t) {
		t.Run("W31 "+name, func(t *testing.T) {
			m, err := decodeMessage(p2ptest.Golden(t, name, data))
			if err != nil {
				t.Fatal(err)
			}
			if name == "join-addrs" {
				a, err := decodeAddress(m.Body)
				if err != nil || len(a.Addrs) != 2 {
					t.Errorf("address %+v, %v", a, err)
				}
			}
		})
	}
}

func TestW31EveryKindHasItsLimit(t *testing.T) {
	for k := kindRequest; k <= kindDone; k++ {
		if _, err := decodeMessage(mustEncode(t, message{V: 1, Kind: k, Body: make([]byte, k.limit())})); err != nil {
			t.Errorf("kind %d at its limit: %v", k, err)
		}
		if _, err := decodeMessage(mustEncode(t, message{V: 1, Kind: k, Body: make([]byte, k.limit()+1)})); !errors.Is(err, wire.ErrTooLarge) {
			t.Errorf("kind %d over its limit: %v", k, err)
		}
	}
	s := play(t)
	if err := s.write(kindRequest, make([]byte, MaxRequest+1)); err == nil {
		t.Error("wrote a request over its limit")
	}
}

// checkMessage holds what must be true of any bytes.
func checkMessage(t *testing.T, data []byte) {
	m, err := decodeMessage(data)
	if err != nil {
		if !wire.IsFault(err) {
			t.Fatalf("%x: %v is no fault", data, err)
		}
		return
	}
	if len(m.Body) > m.Kind.limit() {
		t.Fatalf("%x: body of %d bytes", data, len(m.Body))
	}
	if m.Kind == kindAddrs {
		checkAddress(t, m.Body)
	}
	if m.Kind == kindRefusal && refusalOf(m.Body).Error() == "" {
		t.Fatal("a refusal without words")
	}
}

func checkAddress(t *testing.T, data []byte) {
	a, err := decodeAddress(data)
	if err != nil {
		if !wire.IsFault(err) {
			t.Fatalf("%x: %v is no fault", data, err)
		}
		return
	}
	if _, err := a.Peer.PublicKey(); err != nil || len(a.Addrs) > 6 {
		t.Fatalf("%x: %+v, %v", data, a, err)
	}
}

func TestW31MutatedMessages(t *testing.T) {
	all := samples(t)
	var seeds [][]byte
	for _, name := range slices.Sorted(maps.Keys(all)) {
		seeds = append(seeds, all[name])
	}
	p2ptest.Mutate(10_000, seeds, func(data []byte) { checkMessage(t, data) })
}

func TestW38MutatedAddresses(t *testing.T) {
	m, err := decodeMessage(samples(t)["join-addrs"])
	if err != nil {
		t.Fatal(err)
	}
	p2ptest.Mutate(10_000, [][]byte{m.Body}, func(data []byte) { checkAddress(t, data) })
}

func FuzzMessage(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data)
	}
	f.Fuzz(checkMessage)
}

func FuzzAddress(f *testing.F) {
	m, err := decodeMessage(samples(f)["join-addrs"])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.Body)
	f.Fuzz(checkAddress)
}
