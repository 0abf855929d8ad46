package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// MaxFrame is the most any frame may hold, whatever its reader allows.
	MaxFrame = 4 << 20
	// FirstByte is how long the opener of a stream may stay silent (W24).
	FirstByte = 10 * time.Second
	// Idle is how long a request protocol waits for the next byte (W24).
	Idle = 30 * time.Second

	readBuffer = 16 << 10
	// slowFactor times Idle is the most a single frame may take to arrive, so
	// that one byte now and then does not hold a stream for ever.
	slowFactor = 4
)

// Reader reads frames. Not safe for concurrent use.
type Reader struct {
	r        *bufio.Reader
	deadline func(time.Time) error // nil: the stream knows no deadlines
	idle     time.Duration
	count    int64
}

// NewReader reads frames from r. If idle is positive and r has
// SetReadDeadline, a frame whose next byte takes longer than idle, or that takes
// longer than four times idle as a whole, fails.
func NewReader(r io.Reader, idle time.Duration) *Reader {
	out := &Reader{r: bufio.NewReaderSize(r, readBuffer), idle: idle}
	if d, ok := r.(interface{ SetReadDeadline(time.Time) error }); ok {
		out.deadline = d.SetReadDeadline
	}
	return out
}

// SetIdle changes how long the following frames may let wait; 0 means for ever.
func (r *Reader) SetIdle(idle time.Duration) { r.idle = idle }

// Count is the number of bytes of all frames read, lengths included.
func (r *Reader) Count() int64 { return r.count }

// ReadFrame returns the next frame. A length above limit is ErrTooLarge and
// allocates nothing; a length that is not in its shortest form is ErrMalformed;
// io.EOF means that the other side closed between two frames.
func (r *Reader) ReadFrame(limit int) ([]byte, error) {
	end := time.Now().Add(slowFactor * r.idle)
	if err := r.extend(end); err != nil {
		return nil, err
	}
	size, err := r.length()
	if err != nil {
		return nil, err
	}
	if limit < 0 || size > uint64(min(limit, MaxFrame)) {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, size)
	}
	data := make([]byte, size)
	for done := 0; done < len(data); {
		if err := r.extend(end); err != nil {
			return nil, err
		}
		// Small steps, so that the deadline moves while bytes arrive.
		n, err := io.ReadFull(r.r, data[done:min(done+readBuffer, len(data))])
		done += n
		r.count += int64(n)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("read frame: %w", err)
		}
	}
	return data, nil
}

// length reads an unsigned varint of at most 5 bytes in its shortest form.
func (r *Reader) length() (uint64, error) {
	var size uint64
	for i := range 5 {
		b, err := r.r.ReadByte()
		if err != nil {
			if i > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			if errors.Is(err, io.EOF) && i == 0 {
				return 0, io.EOF
			}
			return 0, fmt.Errorf("read frame length: %w", err)
		}
		r.count++
		if b < 0x80 {
			if b == 0 && i > 0 {
				return 0, fmt.Errorf("%w: length not in its shortest form", ErrMalformed)
			}
			return size | uint64(b)<<(7*i), nil
		}
		size |= uint64(b&0x7f) << (7 * i)
	}
	return 0, fmt.Errorf("%w: length of more than 5 bytes", ErrTooLarge)
}

// extend lets the next byte take idle, but not past end.
func (r *Reader) extend(end time.Time) error {
	if r.deadline == nil || r.idle < 0 {
		return nil
	}
	var at time.Time
	if r.idle > 0 {
		at = time.Now().Add(r.idle)
		if at.After(end) {
			at = end
		}
	}
	if err := r.deadline(at); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	return nil
}

// Read reads one message of at most limit bytes.
func Read[T any](r *Reader, limit int) (T, error) {
	data, err := r.ReadFrame(limit)
	if err != nil {
		var none T
		return none, err
	}
	return Decode[T](data)
}

// Writer writes frames; they leave at Flush or when 64 KiB wait. Not safe for
// concurrent use.
type Writer struct {
	w        *bufio.Writer
	deadline func(time.Time) error
	idle     time.Duration
}

// NewWriter writes frames to w. If idle is positive and w has SetWriteDeadline,
// a write that makes no progress for idle fails.
func NewWriter(w io.Writer, idle time.Duration) *Writer {
	out := &Writer{idle: idle}
	if d, ok := w.(interface{ SetWriteDeadline(time.Time) error }); ok {
		out.deadline = d.SetWriteDeadline
	}
	// The deadline moves with every write that reaches the stream.
	out.w = bufio.NewWriterSize(extending{w, out}, 64<<10)
	return out
}

// extending sets the deadline before each piece of at most 64 KiB.
type extending struct {
	w   io.Writer
	own *Writer
}

func (e extending) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		if e.own.deadline != nil && e.own.idle > 0 {
			if err := e.own.deadline(time.Now().Add(e.own.idle)); err != nil {
				return done, fmt.Errorf("set deadline: %w", err)
			}
		}
		n, err := e.w.Write(p[done:min(done+64<<10, len(p))])
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// WriteFrame queues one frame.
func (w *Writer) WriteFrame(data []byte) error {
	if len(data) > MaxFrame {
		return fmt.Errorf("write frame: %w", ErrTooLarge)
	}
	var length [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(length[:], uint64(len(data)))
	if _, err := w.w.Write(length[:n]); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	if _, err := w.w.Write(data); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	return nil
}

// Flush sends what is queued.
func (w *Writer) Flush() error {
	if err := w.w.Flush(); err != nil {
		return fmt.Errorf("flush frames: %w", err)
	}
	return nil
}

// Write queues one message.
func Write[T any](w *Writer, v T) error {
	data, err := Encode(v)
	if err != nil {
		return err
	}
	return w.WriteFrame(data)
}

// Send writes one message and flushes it.
func Send[T any](w *Writer, v T) error {
	if err := Write(w, v); err != nil {
		return err
	}
	return w.Flush()
}
