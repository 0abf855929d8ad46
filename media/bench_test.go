package media

import (
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"
)

// BenchmarkSend gives one packet of 1000 bytes to n participants and waits until
// all have it: queue, encryption, the loopback interface, order, both ends. It
// is sound, because pictures would go at the pace of the line.
func BenchmarkSend(b *testing.B) {
	for _, n := range []int{1, 3, 7} {
		b.Run(fmt.Sprintf("to %d", n), func(b *testing.B) { benchmarkSend(b, n) })
	}
}

func benchmarkSend(b *testing.B, n int) {
	arrived := make(chan uint64, 1024)
	rooms := map[ID]*Room{}
	var mu sync.Mutex
	news := make(chan struct{}, 1)
	open := func(number byte) (ID, *Room) {
		id := ID{number}
		signals := make(chan func(), 1000)
		room, err := NewRoom(Config{
			Self: id, Loopback: true, Changed: func() { wake(news) },
			Send: func(to ID, s Signal) {
				signals <- func() {
					mu.Lock()
					target := rooms[to]
					mu.Unlock()
					_ = target.Signal(id, s)
				}
			},
			Receive: func(_ ID, f Frame) { arrived <- binary.BigEndian.Uint64(f.Data[1:]) },
		})
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			for f := range signals {
				f()
			}
			close(done)
		}()
		b.Cleanup(func() {
			_ = room.Close()
			close(signals)
			<-done
		})
		mu.Lock()
		rooms[id] = room
		mu.Unlock()
		return id, room
	}
	me, room := open(0)
	for i := range n {
		id, other := open(byte(i + 1))
		room.Join(id, false)
		other.Join(me, true)
	}
	for up := 0; up < n; {
		<-news
		up = 0
		for _, s := range room.Stats() {
			if s.State == Connected {
				up++
			}
		}
	}
	data := make([]byte, 1000)
	b.SetBytes(int64(len(data) * n))
	number := uint64(0)
	for b.Loop() {
		number++
		frame := Frame{Stream: Audio, At: number * 20_000, Data: append([]byte(nil), data...)}
		binary.BigEndian.PutUint64(frame.Data[1:], number)
		room.Send(frame)
		late := time.After(2 * time.Second)
		for got := 0; got < n; {
			select {
			case g := <-arrived:
				if g == number {
					got++
				}
			case <-late:
				got = n
			}
		}
	}
}
