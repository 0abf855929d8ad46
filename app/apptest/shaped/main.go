// Shaped runs a node like "parvis serve", whose lines in calls are as bad as it is told:
// for tests of what people see then. All nodes of the test listen on 127.0.0.1 alone.
//
//	shaped --data FOLDER
//
// The first line on stdout is that of "parvis serve". Each line on stdin is JSON, what the
// line of this node is from then on, in both directions: {"loss":0.05,"delayMs":100,"kbps":300}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"parvis/app"
	"parvis/app/calls"
	"parvis/app/web"
	"parvis/frontend"
	"parvis/media"
	"parvis/media/mediatest"
)

func main() {
	data := flag.String("data", "", "folder of the node")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *data); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, data string) (err error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	line := &uplink{up: mediatest.NewPipe(mediatest.Shape{}, 1), down: mediatest.NewPipe(mediatest.Shape{}, 2)}
	defer line.close()
	node := app.New(app.Config{
		Data: data, Listen: []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"}, NoMDNS: true, Unprotected: true, Version: "shaped", Log: log,
		Rooms: line.room,
	})
	defer func() { err = errors.Join(err, node.Close()) }()
	if err := node.Start(ctx); err != nil {
		return err
	}
	page := &web.Server{
		Listen: "127.0.0.1:0", Backend: node.API().Wire(), Content: web.Content(node.API().Content), Media: node.Page(), Assets: frontend.Dist(), Data: data, Log: log,
	}
	if err := page.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, page.Close()) }()
	ready, _ := json.Marshal(map[string]string{"event": "ready", "ui": page.URL()})
	fmt.Println(string(ready))
	go line.follow(os.Stdin, log)
	<-ctx.Done()
	return nil
}

// uplink is the one line that all connections of the node share.
type uplink struct {
	up, down *mediatest.Pipe

	mu    sync.Mutex
	rooms []*room // guarded by mu
}

// follow changes the line as it is told.
func (u *uplink) follow(from io.Reader, log *slog.Logger) {
	for told := bufio.NewScanner(from); told.Scan(); {
		var shape struct {
			Loss    float64
			DelayMs int
			Kbps    int
		}
		if err := json.Unmarshal(told.Bytes(), &shape); err != nil {
			log.Warn("not a shape", "line", told.Text(), "err", err)
			continue
		}
		next := mediatest.Shape{Loss: shape.Loss, Delay: time.Duration(shape.DelayMs) * time.Millisecond, Kbps: shape.Kbps}
		u.up.Reshape(next)
		u.down.Reshape(next)
	}
}

func (u *uplink) close() {
	u.mu.Lock()
	rooms := u.rooms
	u.mu.Unlock()
	for _, r := range rooms {
		_ = r.Close()
	}
	u.up.Close()
	u.down.Close()
}

// room puts the line between this node and everybody else: by the candidates that they
// send each other.
type room struct {
	*media.Room
	uplink *uplink

	mu    sync.Mutex
	lines map[media.ID]*mediatest.Line // guarded by mu
}

// room implements Rooms of [app.Config].
func (u *uplink) room(c media.Config) (calls.Room, error) {
	r := &room{uplink: u, lines: map[media.ID]*mediatest.Line{}}
	send := c.Send
	c.Send = func(to media.ID, s media.Signal) {
		if s, ok := r.through(to, 0, s); ok {
			send(to, s)
		}
	}
	inner, err := media.NewRoom(c)
	if err != nil {
		return nil, err
	}
	r.Room = inner
	u.mu.Lock()
	defer u.mu.Unlock()
	u.rooms = append(u.rooms, r)
	return r, nil
}

// Signal takes a signal whose addresses lead past the line, and makes them lead over it.
func (r *room) Signal(from media.ID, s media.Signal) error {
	s, ok := r.through(from, 1, s)
	if !ok {
		return nil
	}
	return r.Room.Signal(from, s)
}

func (r *room) through(other media.ID, owner int, s media.Signal) (media.Signal, bool) {
	if s.Kind != media.Candidate {
		return s, true
	}
	r.mu.Lock()
	line := r.lines[other]
	if line == nil {
		line = mediatest.NewLine(r.uplink.up, r.uplink.down)
		r.lines[other] = line
	}
	r.mu.Unlock()
	text, ok := line.Candidate(owner, s.SDP)
	s.SDP = text
	return s, ok
}

// Close ends the connections, then the lines that they went over.
func (r *room) Close() error {
	err := r.Room.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.lines {
		line.Close()
	}
	clear(r.lines)
	return err
}
