//go:build unix

package media

import (
	"bufio"
	"encoding/json"

	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"parvis/crdt/seal"
)

const (
	forwarderEnv = "PARVIS_FORWARDER_PROCESS"
	crowdSize    = 8
	crowdRate    = 150 // packets a second of each: what one sends with a camera
	crowdTime    = 4 * time.Second
)

// letter is one line between a forwarder in a process of its own and the others: a
// signal, or what was measured.
type letter struct {
	From, To ID
	Signal   Signal
	Carried  uint64        // pieces
	CPU      time.Duration // of the whole process
}

// TestForwarderProcess is the forwarder of BenchmarkForward: one processor, no keys.
func TestForwarderProcess(t *testing.T) {
	if os.Getenv(forwarderEnv) == "" {
		t.Skip("it is a part of BenchmarkForward")
	}
	runtime.GOMAXPROCS(1)
	out := json.NewEncoder(os.Stdout)
	var mu sync.Mutex
	room, err := NewRoom(Config{Self: ID{0xff}, Loopback: true, Send: func(to ID, s Signal) {
		mu.Lock()
		defer mu.Unlock()
		_ = out.Encode(letter{To: to, Signal: s})
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer room.Close()
	room.Route(room.cfg.Self, true)
	for number := range crowdSize {
		room.Join(ID{byte(number + 1)}, false)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var l letter
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		if l.Signal.Kind != 0 {
			_ = room.Signal(l.From, l.Signal)
			continue
		}
		var used syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
			t.Fatal(err)
		}
		report := letter{CPU: time.Duration(used.Utime.Nano() + used.Stime.Nano())}
		for _, p := range *room.list.Load() {
			report.Carried += p.count.carried.Load()
		}
		mu.Lock()
		_ = out.Encode(report)
		mu.Unlock()
	}
}

// BenchmarkForward lets a forwarder in a process of its own carry the sound of eight to
// the others, and says how many packets leave it for each second of processor time.
func BenchmarkForward(b *testing.B) {
	child := exec.Command(os.Args[0], "-test.run=^TestForwarderProcess$")
	child.Env = append(os.Environ(), forwarderEnv+"=1")
	stdin, err := child.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = stdin.Close()
		_ = child.Wait()
	}()
	var mu sync.Mutex // of out
	out := json.NewEncoder(stdin)
	write := func(l letter) {
		mu.Lock()
		defer mu.Unlock()
		_ = out.Encode(l)
	}
	rooms := map[ID]*Room{}
	news := make(chan struct{}, 1)
	carrier := ID{0xff}
	for number := range crowdSize {
		id := ID{byte(number + 1)}
		room, err := NewRoom(Config{
			Self: id, Loopback: true, Changed: func() { wake(news) }, Frames: framesOf(seal.ID(id), crowdSize),
			Send: func(to ID, s Signal) { write(letter{From: id, To: to, Signal: s}) },
		})
		if err != nil {
			b.Fatal(err)
		}
		defer room.Close()
		rooms[id] = room
	}
	reports := make(chan letter, 1)
	go func() {
		defer close(reports)
		for lines := json.NewDecoder(stdout); ; {
			var l letter
			if lines.Decode(&l) != nil {
				return
			}
			if l.Signal.Kind == 0 {
				reports <- l
			} else {
				_ = rooms[l.To].Signal(carrier, l.Signal)
			}
		}
	}()
	for _, room := range rooms {
		room.Join(carrier, true)
		room.Route(carrier, false)
	}
	for up := 0; up < crowdSize; {
		<-news
		up = 0
		for _, room := range rooms {
			if s := room.Stats(); len(s) == 1 && s[0].State == Connected {
				up++
			}
		}
	}
	for b.Loop() {
		write(letter{})
		before := <-reports
		talk(rooms)
		write(letter{})
		after := <-reports
		carried, cpu := after.Carried-before.Carried, after.CPU-before.CPU
		if carried < crowdSize*crowdSize*crowdRate {
			b.Fatalf("only %d packets were carried", carried)
		}
		b.ReportMetric(float64(carried)/cpu.Seconds(), "packets/s")
	}
}

// talk lets all send.
func talk(rooms map[ID]*Room) {
	tick := time.NewTicker(time.Second / crowdRate)
	defer tick.Stop()
	data := make([]byte, 1000)
	for n := range int(crowdTime.Seconds() * crowdRate) {
		<-tick.C
		for _, room := range rooms {
			room.Send(Frame{Stream: Audio, At: uint64(n) * 20_000, Data: data})
		}
	}
}
