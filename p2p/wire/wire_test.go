package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parvis/p2p/p2ptest"
)

// sample has one field of each sort that messages use.
type sample struct {
	_     struct{} `cbor:",toarray"`
	V     uint
	Text  string
	Raw   []byte
	ID    [4]byte
	List  [][]byte
	Whole int64
	Inner []inner
}

type inner struct {
	_ struct{} `cbor:",toarray"`
	A uint64
	B bool
}

func aSample() sample {
	return sample{V: 1, Text: "é", Raw: []byte{1, 2}, ID: [4]byte{9, 8, 7, 6}, List: [][]byte{{}, {5}}, Whole: -7,
		Inner: []inner{{A: 1 << 40, B: true}}}
}

func frames(t testing.TB, bodies ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, 0)
	for _, b := range bodies {
		if err := w.WriteFrame(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestW20AFrameIsALengthAndAMessage(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, 0)
	want := aSample()
	if err := Send(w, want); err != nil {
		t.Fatal(err)
	}
	body, err := Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.Bytes(); int(got[0]) != len(body) || !bytes.Equal(got[1:], body) {
		t.Errorf("frame %x of message %x", got, body)
	}
	r := NewReader(&out, 0)
	got, err := Read[sample](r, 100)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := Encode(got); !bytes.Equal(again, body) {
		t.Errorf("read back as %+v", got)
	}
	if r.Count() != int64(len(body)+1) {
		t.Errorf("counted %d bytes", r.Count())
	}
	if _, err := Read[sample](r, 100); !errors.Is(err, io.EOF) || IsFault(err) {
		t.Errorf("after the last frame: %v", err)
	}
}

func TestW20AGoldenFrame(t *testing.T) {
	body, err := Encode(aSample())
	if err != nil {
		t.Fatal(err)
	}
	data := p2ptest.Golden(t, "wire-sample", frames(t, body))
	got, err := Read[sample](NewReader(bytes.NewReader(data), 0), 100)
	if err != nil || got.Text != "é" || got.Inner[0].A != 1<<40 {
		t.Errorf("the golden frame reads as %+v, %v", got, err)
	}
}

func TestW21ALengthOverTheLimitAllocatesNothing(t *testing.T) {
	for name, data := range map[string]string{
		"one over":         "0b",
		"4 GiB":            "ffffffff0f",
		"six bytes":        "ffffffffff01",
		"never ends":       strings.Repeat("ff", 64),
		"over MaxFrame":    "8180800480",
		"all bits of five": "ffffffff7f",
	} {
		t.Run("W21 "+name, func(t *testing.T) {
			raw, _ := hex.DecodeString(data)
			var before, after runtime.MemStats
			r := NewReader(bytes.NewReader(raw), 0)
			runtime.ReadMemStats(&before)
			_, err := r.ReadFrame(10)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrTooLarge) || !IsFault(err) {
				t.Errorf("error %v", err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 64<<10 {
				t.Errorf("allocated %d bytes", n)
			}
		})
	}
	t.Run("W21 no reader allows more than MaxFrame", func(t *testing.T) {
		raw, _ := hex.DecodeString("8180800480") // 8 MiB + 1
		if _, err := NewReader(bytes.NewReader(raw), 0).ReadFrame(1 << 30); !errors.Is(err, ErrTooLarge) {
			t.Errorf("error %v", err)
		}
		if err := NewWriter(io.Discard, 0).WriteFrame(make([]byte, MaxFrame+1)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("writing it: %v", err)
		}
	})
}

func TestW22OnlyTheOneEncodingIsTaken(t *testing.T) {
	type pair struct {
		_ struct{} `cbor:",toarray"`
		V uint
		B []byte
	}
	if _, err := Decode[pair]([]byte{0x82, 0x01, 0x41, 0x07}); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	for name, data := range map[string]string{
		"empty":                  "",
		"cut":                    "820141",
		"trailing byte":          "8201410700",
		"longer integer":         "82180141" + "07",
		"longer length":          "8201580107",
		"indefinite array":       "9f014107ff",
		"indefinite string":      "82015f4107ff",
		"too few elements":       "8101",
		"too many elements":      "8301410701",
		"text for bytes":         "82016107",
		"array for bytes":        "82018107",
		"null for bytes":         "8201f6",
		"negative":               "82204107",
		"float":                  "82f93c004107",
		"tag":                    "c182014107",
		"map":                    "a201410702f6",
		"huge announced length":  "82015bffffffffffffffff",
		"huge announced array":   "9bffffffffffffffff",
		"nested beyond 8 levels": strings.Repeat("81", 12) + "01",
	} {
		t.Run("W22 "+name, func(t *testing.T) {
			raw, err := hex.DecodeString(data)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode[pair](raw)
			switch {
			case name == "null for bytes" && err == nil && got.B == nil:
				// The library takes null for nil; protocols check for it.
			case !errors.Is(err, ErrMalformed):
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	t.Run("W22 invalid UTF-8", func(t *testing.T) {
		if _, err := Decode[string]([]byte{0x61, 0xff}); !errors.Is(err, ErrMalformed) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("W22 4097 elements", func(t *testing.T) {
		many, err := Encode(make([]uint, 4097))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode[[]uint](many); !errors.Is(err, ErrMalformed) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("W22 the result does not share memory with the frame", func(t *testing.T) {
		data := []byte{0x82, 0x01, 0x41, 0x07}
		got, err := Decode[pair](data)
		if err != nil {
			t.Fatal(err)
		}
		data[3] = 9
		if got.B[0] != 7 {
			t.Error("it does")
		}
	})
}

func TestW23TheLengthIsInItsShortestForm(t *testing.T) {
	for _, raw := range [][]byte{{0x80, 0x00}, {0x81, 0x00, 0x05}, {0x81, 0x80, 0x00, 0x05}} {
		if _, err := NewReader(bytes.NewReader(raw), 0).ReadFrame(10); !errors.Is(err, ErrMalformed) {
			t.Errorf("%x: %v", raw, err)
		}
	}
	for _, raw := range [][]byte{{0x81}, {0x05, 1, 2}} {
		_, err := NewReader(bytes.NewReader(raw), 0).ReadFrame(10)
		if !errors.Is(err, io.ErrUnexpectedEOF) || IsFault(err) {
			t.Errorf("cut frame %x: %v", raw, err)
		}
	}
}

func TestW24ASilentPeerIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer func() { _, _ = here.Close(), there.Close() }()
		start := time.Now()
		_, err := NewReader(here, Idle).ReadFrame(10)
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(start) != Idle {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
	t.Run("W24 nor one that sends a byte now and then", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			here, there := net.Pipe()
			defer func() { _, _ = here.Close(), there.Close() }()
			var sending sync.WaitGroup
			defer sending.Wait()
			sending.Go(func() {
				frame := append([]byte{100}, make([]byte, 100)...)
				for i := range frame {
					if _, err := there.Write(frame[i : i+1]); err != nil {
						return
					}
					time.Sleep(Idle / 2)
				}
			})
			start := time.Now()
			_, err := NewReader(here, Idle).ReadFrame(100)
			if took := time.Since(start); err == nil || took > slowFactor*Idle {
				t.Errorf("after %s: %v", took, err)
			}
			_ = here.Close()
		})
	})
	t.Run("W24 nor one that does not read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			here, there := net.Pipe()
			defer func() { _, _ = here.Close(), there.Close() }()
			start := time.Now()
			w := NewWriter(here, Idle)
			err := w.WriteFrame(make([]byte, 1<<20))
			if took := time.Since(start); err == nil || took != Idle {
				t.Errorf("after %s: %v", took, err)
			}
		})
	})
	t.Run("W24 a slow but steady peer is", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			here, there := net.Pipe()
			defer func() { _, _ = here.Close(), there.Close() }()
			var sending sync.WaitGroup
			defer sending.Wait()
			sending.Go(func() {
				for _, piece := range slices.Collect(slices.Chunk(frames(t, make([]byte, 60<<10)), 16<<10)) {
					if _, err := there.Write(piece); err != nil {
						return
					}
					time.Sleep(Idle - time.Second)
				}
			})
			if _, err := NewReader(here, Idle).ReadFrame(1 << 20); err != nil {
				t.Error(err)
			}
		})
	})
}

// checkDecode holds what must be true of any bytes.
func checkDecode(t *testing.T, data []byte) {
	v, err := Decode[sample](data)
	if err != nil {
		if !IsFault(err) {
			t.Fatalf("%x: %v is no fault", data, err)
		}
		return
	}
	again, err := Encode(v)
	if err != nil || !bytes.Equal(again, data) {
		t.Fatalf("%x was taken, but is encoded as %x (%v)", data, again, err)
	}
}

// checkFrames reads frames until an error.
func checkFrames(t *testing.T, data []byte) {
	r := NewReader(bytes.NewReader(data), 0)
	for total := 0; ; {
		frame, err := r.ReadFrame(1000)
		if err != nil {
			return
		}
		if total += len(frame) + 1; len(frame) > 1000 || total > len(data) {
			t.Fatalf("%x gave a frame of %d bytes", data, len(frame))
		}
	}
}

func TestW22MutatedMessages(t *testing.T) {
	body, err := Encode(aSample())
	if err != nil {
		t.Fatal(err)
	}
	p2ptest.Mutate(10_000, [][]byte{body}, func(data []byte) { checkDecode(t, data) })
}

func TestW20MutatedFrames(t *testing.T) {
	seeds := [][]byte{frames(t, []byte("one"), nil, make([]byte, 300)), frames(t, make([]byte, 999))}
	p2ptest.Mutate(10_000, seeds, func(data []byte) { checkFrames(t, data) })
}

func FuzzDecode(f *testing.F) {
	body, _ := Encode(aSample())
	f.Add(body)
	f.Fuzz(checkDecode)
}

func FuzzFrames(f *testing.F) {
	f.Add(frames(f, []byte("one"), make([]byte, 300)))
	f.Fuzz(checkFrames)
}
