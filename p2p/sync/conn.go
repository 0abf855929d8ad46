package sync

import (
	"encoding/binary"
	"errors"
	"io"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// frameTimeout is how long the peer may take to read one frame.
const frameTimeout = 30 * time.Second

const pointsMalformed = 10

// conn reads and writes frames as package wire lays them out: one reader and one
// writer at a time.
type conn struct {
	stream p2p.Stream
	in     *wire.Reader
}

// newConn waits for frames for ever; the first one has [helloTimeout].
func newConn(s p2p.Stream) *conn {
	return &conn{stream: s, in: wire.NewReader(s, helloTimeout)}
}

// patient lets the following frames take as long as they like: the transport
// notices a dead peer.
func (c *conn) patient() { c.in.SetIdle(0) }

// read returns the next frame.
func (c *conn) read() (Frame, error) {
	data, err := c.in.ReadFrame(MaxFrame)
	if err != nil {
		return nil, err
	}
	return DecodeFrame(data)
}

// write sends one frame.
func (c *conn) write(f Frame) error {
	data, err := EncodeFrame(f)
	if err != nil {
		return err
	}
	out := make([]byte, 0, len(data)+binary.MaxVarintLen32)
	out = append(binary.AppendUvarint(out, uint64(len(data))), data...)
	_ = c.stream.SetWriteDeadline(time.Now().Add(frameTimeout))
	_, err = c.stream.Write(out)
	return err
}

// bye ends a stream with a reason that the sink can read.
func (c *conn) bye(code Code) {
	if c.write(Bye{code}) != nil || c.stream.CloseWrite() != nil {
		_ = c.stream.Reset()
		return
	}
	// The sink closes when it has read the reason.
	_ = c.stream.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = io.Copy(io.Discard, io.LimitReader(c.stream, MaxFrame))
	_ = c.stream.Close()
}

// verdict says how to answer an error of a peer's frame: with which reason, and
// how many penalty points. A stream that just ended is not the peer's fault.
func verdict(err error) (Code, int) {
	switch {
	case errors.Is(err, ErrVersion):
		return CodeVersion, 0
	case errors.Is(err, ErrTooManyFeeds):
		return CodeTooMany, 0
	case errors.Is(err, ErrTooOften):
		return CodeTooOften, 0
	case errors.Is(err, ErrMalformed) || wire.IsFault(err):
		return CodeMalformed, pointsMalformed
	}
	return 0, 0
}
