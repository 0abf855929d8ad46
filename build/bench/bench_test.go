//go:build bench

package bench

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/app/web/client"
	"parvis/app/web/endpoint"
)

const (
	starts   = 20     // of a node
	single   = 1000   // messages one after the other
	perNode  = 10_000 // messages of each node at once
	inFlight = 64     // calls of one sender at once
	measured = 1000   // messages of 1 kB on the wire
	idle     = time.Minute
)

// TestBench is messages, and nodes at rest and at start.
func TestBench(t *testing.T) {
	head := machine()
	program := clitest.Build(t, "parvis", "")
	team, joins := gather(t, program, 3)
	rows := []row{
		timed("join with a link: the whole command", joins, 5*time.Second, 5*time.Second),
		latency(t, team[0], team[1]),
		wire(t, team[0]),
		sustained(t, team),
	}
	rows = append(rows, rest(t, team[0])...)
	rows = append(rows, startups(t, team[2]))
	fmt.Printf("\n%s\n", head)
	figures(rows)
}

// member is one node of the measured team with an open connection to its api.
type member struct {
	*clitest.Node
	client  *client.Client
	ws      string
	channel string

	mu    sync.Mutex
	heard map[string]time.Time // when the event with this text came; guarded by mu
	count chan int             // how many texts were heard, after each
}

// gather starts n nodes of one workspace. They listen on TCP alone, so that the
// kernel's counters of their connections are the bytes on the wire. It says how long
// each join took.
func gather(t *testing.T, program string, n int) (team []*member, joins []time.Duration) {
	team = make([]*member, n)
	for i := range team {
		node := clitest.New(t, program)
		node.Serve = []string{program, "serve", "--data", node.Data, "--unprotected", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"}
		node.Start(t)
		if i == 0 {
			clitest.Run[struct{}](t, node, "workspace", "create", "Atelier", "--as", "P0")
		} else {
			link := team[0].Invite(t)
			begin := time.Now()
			clitest.Run[struct{}](t, node, "join", link, "--as", fmt.Sprintf("P%d", i))
			joins = append(joins, time.Since(begin))
		}
		team[i] = connect(t, node)
	}
	return team, joins
}

func connect(t *testing.T, node *clitest.Node) *member {
	t.Helper()
	m := &member{Node: node, heard: map[string]time.Time{}, count: make(chan int, 1_000_000)}
	at, err := endpoint.Read(node.Data)
	if err != nil {
		t.Fatal(err)
	}
	m.client, err = client.Dial(t.Context(), at.Host, at.Token, m.hear)
	if err != nil {
		t.Fatal(err)
	}
	m.ws = ask[[]api.Workspace](t, m, "Workspaces.List")[0].ID
	m.channel = ask[[]api.Channel](t, m, "Chat.Channels", client.Arg(m.ws))[0].ID
	return m
}

func (m *member) hear(e client.Event) {
	if e.Event == api.EventReload {
		m.count <- -1
		return
	}
	var message api.Message
	if e.Event != api.EventMessage || json.Unmarshal(e.Data, &message) != nil {
		return
	}
	m.mu.Lock()
	if _, again := m.heard[message.Text]; !again {
		m.heard[message.Text] = time.Now()
		m.count <- len(m.heard)
	}
	m.mu.Unlock()
}

func (m *member) when(text string) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.heard[text]
}

// await waits until all these texts have come. A slow reader is told to reload;
// then the list itself is asked.
func (m *member) await(t *testing.T, total int) {
	t.Helper()
	deadline := time.After(5 * time.Minute)
	for {
		select {
		case n := <-m.count:
			if n >= total {
				return
			}
			if n < 0 {
				m.poll(t, total)
				return
			}
		case <-deadline:
			t.Fatalf("%d of %d messages after 5 minutes", len(m.heard), total)
		}
	}
}

func (m *member) poll(t *testing.T, total int) {
	t.Helper()
	for {
		if len(m.Messages(t, "general")) >= total {
			return
		}
	}
}

func ask[R any](t *testing.T, m *member, method string, args ...json.RawMessage) R {
	t.Helper()
	result, err := client.Call[R](t.Context(), m.client, method, args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", method, err, m.Log())
	}
	return result
}

func (m *member) send(t *testing.T, text string) {
	t.Helper()
	ask[api.SentMessage](t, m, "Chat.Send", client.Arg(api.NewMessage{Workspace: m.ws, Channel: m.channel, Text: text}))
}

// latency is from the call on one node to the event on another.
func latency(t *testing.T, from, to *member) row {
	var all []time.Duration
	for i := range single {
		text := fmt.Sprintf("one %d", i)
		begin := time.Now()
		from.send(t, text)
		for to.when(text).IsZero() {
			<-to.count
		}
		all = append(all, to.when(text).Sub(begin))
	}
	return timed("message: call on A to event on B", all, 5*time.Millisecond, 30*time.Millisecond)
}

// sustained lets every node send at once, and ends when every node has heard all.
func sustained(t *testing.T, team []*member) row {
	before := len(team[0].Messages(t, "general"))
	for _, m := range team {
		m.await(t, before)
	}
	begin := time.Now()
	var senders sync.WaitGroup
	for who, m := range team {
		queue := make(chan string, perNode)
		for i := range perNode {
			queue <- fmt.Sprintf("many %d %d", who, i)
		}
		close(queue)
		for range inFlight {
			senders.Go(func() {
				for text := range queue {
					m.send(t, text)
				}
			})
		}
	}
	senders.Wait()
	sent := time.Since(begin)
	total := before + perNode*len(team)
	for _, m := range team {
		m.await(t, total)
	}
	took := time.Since(begin)
	rate := float64(perNode*len(team)) / took.Seconds()
	t.Logf("%d messages stored after %s, everywhere after %s", perNode*len(team), sent.Round(time.Millisecond), took.Round(time.Millisecond))
	return row{fmt.Sprintf("messages per second into a channel of %d nodes, all have all", len(team)), fmt.Sprintf("%.0f /s", rate), "", "≥ 2,000 /s", rate < 2000}
}

// startups is from the start of the process to its ready line.
func startups(t *testing.T, m *member) row {
	var all []time.Duration
	for range starts {
		m.Stop(t)
		begin := time.Now()
		m.Start(t)
		all = append(all, time.Since(begin))
	}
	return timed(fmt.Sprintf("start to ready, with %d messages", 3*perNode+single+measured), all, time.Second, time.Second)
}
