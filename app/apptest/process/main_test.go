package process

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parvis/app/cli/clitest"
)

// patience is how long a test waits for what must happen.
const patience = 90 * time.Second

// program is the built headless flavour: the one that PARVIS_BIN names, or one of this run's own.
var program string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if program = os.Getenv("PARVIS_BIN"); program != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "parvis-process")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "parvis")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, "parvis")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// long reports whether the long runs were asked for.
func long() bool { return os.Getenv("PARVIS_LONG") != "" }

// start runs a new node on a fresh data folder until the end of the test.
func start(t *testing.T, flags ...string) *clitest.Node {
	t.Helper()
	if testing.Short() {
		t.Skip("runs whole nodes: not with -short")
	}
	n := clitest.New(t, program)
	n.Start(t, flags...)
	return n
}

// found makes a workspace, saves the recovery key and returns its words.
func found(t *testing.T, n *clitest.Node, name, person string) (words []string) {
	t.Helper()
	clitest.Run[struct{}](t, n, "workspace", "create", name, "--as", person)
	return n.SavePaper(t)
}

// enter joins with a link and says how long that took.
func enter(t *testing.T, n *clitest.Node, link, person string) time.Duration {
	t.Helper()
	begin := time.Now()
	clitest.Run[struct{}](t, n, "join", link, "--as", person)
	return time.Since(begin)
}

// pair is two people of one workspace on two nodes.
func pair(t *testing.T) (ana, ben *clitest.Node) {
	t.Helper()
	ana, ben = start(t), start(t)
	found(t, ana, "Atelier", "Ana")
	enter(t, ben, ana.Invite(t), "Ben")
	return ana, ben
}

func say(t *testing.T, n *clitest.Node, text string) {
	t.Helper()
	clitest.Run[struct{}](t, n, "chat", "send", "general", text)
}

// until looks several times a second, because other processes announce nothing to
// this one.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("gave up waiting: %s", what)
		}
		<-look.C
	}
}

// agree waits until all nodes hold the texts and show the same list, which it
// returns. What was stored but not acknowledged before a kill may come on top.
func agree(t *testing.T, nodes []*clitest.Node, texts []string) []clitest.Message {
	t.Helper()
	var lists [][]clitest.Message
	deadline := time.Now().Add(patience)
	for {
		lists = lists[:0]
		equal, lacking := true, ""
		for i, n := range nodes {
			list := n.Messages(t, "general")
			lists = append(lists, list)
			equal = equal && slices.EqualFunc(list, lists[0], sameMessage)
			if text := firstMissing(list, texts); text != "" && lacking == "" {
				lacking = fmt.Sprintf("node %d lacks %q", i, text)
			}
		}
		if equal && lacking == "" {
			return lists[0]
		}
		if time.Now().After(deadline) {
			for i, n := range nodes {
				t.Logf("node %d holds %d messages; its log:\n%s", i, len(lists[i]), n.Log())
			}
			t.Fatalf("no agreement: equal lists: %v; %s", equal, lacking)
		}
		time.Sleep(100 * time.Millisecond) // between two questions to other processes
	}
}

func sameMessage(a, b clitest.Message) bool {
	return a.ID == b.ID && a.Text == b.Text && a.AuthorName == b.AuthorName
}

func firstMissing(list []clitest.Message, texts []string) string {
	have := make(map[string]bool, len(list))
	for _, m := range list {
		have[m.Text] = true
	}
	for _, text := range texts {
		if !have[text] {
			return text
		}
	}
	return ""
}

// noRepeats fails when a text stands in the list more than once.
func noRepeats(t *testing.T, list []clitest.Message) {
	t.Helper()
	seen := make(map[string]bool, len(list))
	for _, m := range list {
		if seen[m.Text] {
			t.Errorf("%q is there twice", m.Text)
		}
		seen[m.Text] = true
	}
}

// burst is a running "chat send general -".
type burst struct {
	texts   []string
	command *exec.Cmd
	errors  bytes.Buffer // of the command; complete after done
	done    chan struct{}

	mu    sync.Mutex
	acked int         // guarded by mu
	news  func(n int) // called after each acknowledgement
}

// begin pipes texts into one sender; each acknowledgement is told to news.
func begin(t *testing.T, n *clitest.Node, texts []string, news func(acked int)) *burst {
	t.Helper()
	b := &burst{texts: texts, done: make(chan struct{}), news: news}
	b.command = exec.Command(n.Program, "--data", n.Data, "--json", "chat", "send", "general", "-")
	b.command.Stdin = strings.NewReader(strings.Join(texts, "\n") + "\n")
	b.command.Stderr = &b.errors
	out, err := b.command.StdoutPipe()
	if err == nil {
		err = b.command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(b.done)
		documents := json.NewDecoder(out)
		for {
			var document struct{ Message struct{ ID string } }
			if documents.Decode(&document) != nil || document.Message.ID == "" {
				break
			}
			b.mu.Lock()
			b.acked++
			acked := b.acked
			b.mu.Unlock()
			if b.news != nil {
				b.news(acked)
			}
		}
		_ = b.command.Wait()
	}()
	return b
}

// acknowledged waits for the sender's end and returns what the node acknowledged.
func (b *burst) acknowledged() []string {
	<-b.done
	return b.texts[:b.acked]
}

// names numbers n texts.
func names(prefix string, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%s-%06d", prefix, i)
	}
	return texts
}
