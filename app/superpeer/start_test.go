package superpeer

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"parvis/p2p/mailbox"
	"parvis/p2p/mailbox/mailboxtest"
)

// taken is a port that somebody uses until the test frees it.
func taken(t *testing.T) (port int, free func()) {
	t.Helper()
	listener, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port, func() { _ = listener.Close() }
}

func TestThePortStays(t *testing.T) {
	dir := t.TempDir()
	usual, freeUsual := taken(t)
	other, freeOther := taken(t)
	if port, err := portOf(dir, usual, other); err == nil {
		t.Errorf("both are taken, and it is port %d", port)
	}
	freeOther()
	if port, err := portOf(dir, usual, other); err != nil || port != other {
		t.Errorf("first port %d, %v; want %d", port, err, other)
	}
	freeUsual()
	if port, err := portOf(dir, usual, other); err != nil || port != other {
		t.Errorf("then port %d, %v; want the same", port, err)
	}
	for _, text := range []string{"", "x", "0", "65536"} {
		if err := os.WriteFile(filepath.Join(dir, portFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if port, err := portOf(dir, usual, other); err == nil || !strings.Contains(err.Error(), portFile) {
			t.Errorf("%q is port %d, %v", text, port, err)
		}
	}
}

func TestASuperPeerWhosePortIsTakenDoesNotStart(t *testing.T) {
	dir := t.TempDir()
	port, _ := taken(t)
	if err := os.WriteFile(filepath.Join(dir, portFile), []byte(strconv.Itoa(port)), 0o600); err != nil {
		t.Fatal(err)
	}
	s := New(Config{Data: dir})
	if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), strconv.Itoa(port)) {
		t.Errorf("started on another port: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestANewCodeReplacesTheOldOne(t *testing.T) {
	dir := t.TempDir()
	first := start(t, Config{Data: dir})
	old, peer := first.identity.secret, first.Peer()
	if first.Attached() {
		t.Error("nobody has attached it")
	}
	anne := newAdmin(1)
	from := mailboxtest.Peer(1)
	if code, _ := first.lists.Publish(t.Context(), from, old[:], anne.list(t, 1, [][32]byte{anne.key})); code != mailbox.CodeStored {
		t.Fatalf("code %d", code)
	}
	if !first.Attached() {
		t.Error("it was attached")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := start(t, Config{Data: dir, NewCode: true})
	fresh := second.identity.secret
	if fresh == old || second.Peer() != peer || !second.Attached() {
		t.Error("the code is the old one, or it is another super-peer")
	}
	if code, _ := second.lists.Publish(t.Context(), from, old[:], anne.list(t, 2, [][32]byte{anne.key})); code != mailbox.CodeBadSetup {
		t.Errorf("with the old code: %d", code)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if third := start(t, Config{Data: dir}); third.identity.secret != fresh {
		t.Error("the new code did not stay")
	}
}

func TestWhoWatchesLearnsOfALoss(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Config{Data: dir})
	anne := newAdmin(1)
	ana := mailboxtest.Peer(1)
	key, _ := ana.PublicKey()
	if code, _ := s.lists.Publish(t.Context(), ana, s.identity.secret[:], anne.list(t, 1, [][32]byte{anne.key}, key)); code != mailbox.CodeStored {
		t.Fatalf("code %d", code)
	}
	v := mailbox.Visit{Peer: ana, Workspace: workspace}
	object := mailbox.Object{ID: [32]byte{1}, Bytes: bytes.Repeat([]byte("a mark that is easy to find"), 20)}
	if err := s.keeper.Put(t.Context(), v, tag, []mailbox.Object{object}, false); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "mailbox.db")
	file, err := os.ReadFile(path)
	at := bytes.Index(file, object.Bytes[:100])
	if err != nil || at < 0 {
		t.Fatalf("the object is not found: %v", err)
	}
	file[at] ^= 1
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s = start(t, Config{Data: dir})
	before, err := s.keeper.Admit(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.keeper.Watch(t.Context(), v, []mailbox.Tag{tag})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Leave()
	<-w.Wake()
	w.Take()
	if found, _, err := s.keeper.Fetch(t.Context(), v, tag, [][32]byte{object.ID}); len(found) != 0 || err != nil {
		t.Fatalf("%d objects, %v", len(found), err)
	}
	select {
	case <-w.Wake():
	default:
		t.Fatal("who watches is not told")
	}
	if _, alarmed := w.Take(); !alarmed {
		t.Error("it is told as news")
	}
	if after, err := s.keeper.Admit(t.Context(), v); err != nil || after.Store == before.Store {
		t.Errorf("the store has the same name, %v", err)
	}
}
