// Package clitest runs whole nodes as processes of their own and talks to them
// with the command line, the way a person or a script does.
package clitest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parvis/crdt/doc/doctest"
)

// patience is how long a node may take to start or to stop.
const patience = 60 * time.Second

// Build compiles the program once per test process and returns its path. env
// changes the target, such as GOOS=windows; tags choose the flavour.
func Build(t testing.TB, name, tags string, env ...string) string {
	t.Helper()
	top, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-tags", tags, "-o", program, ".")
	build.Dir = strings.TrimSpace(string(top))
	build.Env = append(os.Environ(), env...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return program
}

// Node is one node in a process of its own.
type Node struct {
	Program string   // the headless flavour, for this machine: runs the commands
	Serve   []string // what runs the node, when it is not Program serve
	Data    string   // its data folder, as this machine names it
	Env     []string // in addition to this process's

	Ready Ready // what it said when it was ready

	process *exec.Cmd
	ended   chan struct{}
	mu      sync.Mutex
	log     bytes.Buffer // what it wrote to stderr; guarded by mu
}

// Ready is the first line of a node.
type Ready struct {
	Event string   `json:"event"`
	UI    string   `json:"ui"`
	Peer  string   `json:"peer"`
	Addrs []string `json:"addrs"`

	Setup   string `json:"setup"`   // of a super-peer
	Metrics string `json:"metrics"` // of a super-peer
}

// Script writes a program that a shell runs, and returns its path.
func Script(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "parvis")
	// A child that starts meanwhile would keep it open for writing: nobody could run it.
	syscall.ForkLock.RLock()
	err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// New is a node on a fresh data folder, its keys in the clear.
func New(t testing.TB, program string) *Node {
	t.Helper()
	return &Node{Program: program, Data: doctest.Compiled(t, t.TempDir())}
}

// Start runs the node and waits until it is ready. The test stops it at its end.
func (n *Node) Start(t testing.TB, flags ...string) {
	t.Helper()
	command := n.Serve
	if command == nil {
		command = []string{n.Program, "serve", "--data", n.Data, "--unprotected", "--no-mdns",
			"--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--listen", "/ip4/127.0.0.1/tcp/0"}
	}
	command = append(command[:len(command):len(command)], flags...)
	n.process = exec.Command(command[0], command[1:]...)
	n.process.Env = append(os.Environ(), n.Env...)
	n.process.Stderr = writer(n.note)
	out, err := n.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.process.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	n.ended = ended
	first := make(chan string, 1)
	process := n.process
	go func() {
		defer close(ended)
		reader := bufio.NewReader(out)
		line, _ := reader.ReadString('\n')
		first <- line
		_, _ = io.Copy(io.Discard, reader)
		_ = process.Wait()
	}()
	t.Cleanup(func() { n.Kill(t) })
	select {
	case line := <-first:
		if err := json.Unmarshal([]byte(line), &n.Ready); err != nil {
			t.Fatalf("the node's first line is %q: %v\n%s", line, err, n.Log())
		}
	case <-time.After(patience):
		t.Fatalf("the node is not ready after %s\n%s", patience, n.Log())
	}
}

// PID is the process id of the running node.
func (n *Node) PID() int { return n.process.Process.Pid }

// Stop ends the node the polite way and waits.
func (n *Node) Stop(t testing.TB) {
	t.Helper()
	if err := n.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	select {
	case <-n.ended:
	case <-time.After(patience):
		t.Fatalf("the node did not stop within %s\n%s", patience, n.Log())
	}
	if code := n.process.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the stopped node ended with %d\n%s", code, n.Log())
	}
}

// Kill ends the node in the middle of whatever it does.
func (n *Node) Kill(t testing.TB) {
	t.Helper()
	_ = n.process.Process.Kill()
	<-n.ended
}

// Log is what the node has written to stderr.
func (n *Node) Log() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.String()
}

func (n *Node) note(p []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log.Write(p)
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

// Result is how one command ended.
type Result struct {
	Out, Err string
	Exit     int
}

// Try runs one command on the node with --json.
func (n *Node) Try(t testing.TB, stdin io.Reader, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	command := exec.CommandContext(ctx, n.Program, append([]string{"--data", n.Data, "--json"}, args...)...)
	var out, errs bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = stdin, &out, &errs
	err := command.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %v: %v", args, err)
	}
	return Result{out.String(), errs.String(), command.ProcessState.ExitCode()}
}

// Run runs one command, which must succeed, and decodes its document into v.
func Run[T any](t testing.TB, n *Node, args ...string) T {
	t.Helper()
	var document T
	result := n.Try(t, nil, args...)
	if result.Exit != 0 {
		t.Fatalf("parvis %s: exit %d\n%s\nnode:\n%s", strings.Join(args, " "), result.Exit, result.Err, n.Log())
	}
	if err := json.Unmarshal([]byte(result.Out), &document); err != nil {
		t.Fatalf("parvis %s printed %q: %v", strings.Join(args, " "), result.Out, err)
	}
	return document
}

// Message is what tests look at in a message document.
type Message struct {
	ID         string `json:"id"`
	AuthorName string `json:"authorName"`
	Text       string `json:"text"`
	State      string `json:"state"`
}

// Messages lists a channel.
func (n *Node) Messages(t testing.TB, channel string) []Message {
	t.Helper()
	return Run[struct{ Messages []Message }](t, n, "chat", "list", channel, "--limit", "1000000").Messages
}

// SavePaper writes the recovery key down, if it is on this computer, and types back what
// is asked for, as a person does before inviting anybody. It returns the words; none:
// they were saved before.
func (n *Node) SavePaper(t testing.TB) (words []string) {
	t.Helper()
	if Run[struct{ Recovery struct{ Paper string } }](t, n, "recovery", "status").Recovery.Paper != "unsaved" {
		return nil
	}
	key := Run[struct {
		Key struct {
			Words []string
			Ask   []int
		}
	}](t, n, "recovery", "show").Key
	confirm := []string{"recovery", "confirm"}
	for _, place := range key.Ask {
		confirm = append(confirm, key.Words[place-1])
	}
	Run[struct{}](t, n, confirm...)
	return key.Words
}

// Invite makes a link.
func (n *Node) Invite(t testing.TB, flags ...string) string {
	t.Helper()
	n.SavePaper(t)
	return Run[struct {
		Invite struct{ Link string }
	}](t, n, append([]string{"invite", "create"}, flags...)...).Invite.Link
}

// Await waits until a channel holds the wanted texts, in any order, and returns
// how it then stands.
func (n *Node) Await(t testing.TB, channel string, texts ...string) []Message {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		messages := n.Messages(t, channel)
		missing := lacks(messages, texts)
		if missing == "" {
			return messages
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q did not arrive within %s; node:\n%s", missing, patience, n.Log())
		}
		time.Sleep(50 * time.Millisecond) // between two questions to another process
	}
}

func lacks(messages []Message, texts []string) string {
	have := map[string]bool{}
	for _, m := range messages {
		have[m.Text] = true
	}
	for _, text := range texts {
		if !have[text] {
			return text
		}
	}
	return ""
}

// Texts numbers n texts.
func Texts(prefix string, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%s %d", prefix, i)
	}
	return texts
}
