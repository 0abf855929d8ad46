package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"parvis/app"
	"parvis/app/api"
	"parvis/app/web"
)

// node answers every call with the JSON that stands beside its name, and notes
// what it was asked.
type node struct {
	answers map[string]string
	after   map[string]map[string]string // by method: what is answered from then on, with an event
	codes   map[string]string            // by method: a comparison that is told of then

	mu    sync.Mutex
	asked []string                      // guarded by mu
	hear  func(string, json.RawMessage) // guarded by mu; may be nil
}

func (n *node) Call(method string, args []json.RawMessage) (result, failure json.RawMessage) {
	asked := method
	for _, arg := range args {
		asked += " " + string(arg)
	}
	n.mu.Lock()
	n.asked = append(n.asked, asked)
	answer, known := n.answers[method]
	hear := n.hear
	if n.after[method] != nil {
		n.answers = maps.Clone(n.answers)
		maps.Copy(n.answers, n.after[method])
	}
	n.mu.Unlock()
	if hear != nil && n.after[method] != nil {
		hear("changed", json.RawMessage("null"))
	}
	if hear != nil && n.codes[method] != "" {
		hear("codes", json.RawMessage(n.codes[method]))
	}
	if !known {
		return nil, json.RawMessage(`{"code":"refused","message":"You may not do that. Ask an owner."}`)
	}
	return json.RawMessage(answer), nil
}

func (n *node) Subscribe(hear func(string, json.RawMessage)) func() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hear = hear
	return func() {}
}

func (n *node) last() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.asked) == 0 {
		return ""
	}
	return n.asked[len(n.asked)-1]
}

// calls reports whether a method was called.
func (n *node) calls(method string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.asked, func(asked string) bool { return asked == method || strings.HasPrefix(asked, method+" ") })
}

// run executes one command line against a node.
func run(t *testing.T, n *node, stdin string, args ...string) (out, errs string, exit int) {
	t.Helper()
	return runAt(t, n, strings.NewReader(stdin), args...)
}

// runAt is run at a terminal, where what is typed may come late or never.
func runAt(t *testing.T, n *node, stdin io.Reader, args ...string) (out, errs string, exit int) {
	t.Helper()
	data := t.TempDir()
	if n != nil {
		server := &web.Server{Backend: n, Data: data}
		if err := server.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer server.Close()
	}
	var stdout, stderr bytes.Buffer
	program := Program{Version: "1.2.3", Stdin: stdin, Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}
	exit = program.Run(t.Context(), append(args, "--data", data))
	return stdout.String(), stderr.String(), exit
}

const (
	oneWorkspace  = `[{"id":"aa11bb","name":"Atelier","self":"f00d","main":"0001","role":"owner","state":"ready"}]`
	twoWorkspaces = `[{"id":"aa11bb","name":"Atelier"},{"id":"aa11cc","name":"Bureau"}]`
	channels      = `[{"id":"c001","name":"general","space":"0001"},{"id":"c002","name":"general","space":"0002"},{"id":"c003","name":"ops","space":"0002"}]`
)

func TestDocuments(t *testing.T) {
	answers := map[string]string{
		"Workspaces.List":   oneWorkspace,
		"Workspaces.Create": `{"id":"aa11bb","name":"Atelier"}`,
		"Workspaces.Join":   `{"id":"aa11bb","name":"Atelier","self":"f00d","state":"ready"}`,
		"Workspaces.Invite": `{"id":"1e","link":"parvis://join#x","role":"member","uses":1,"expires":7}`,
		"People.List":       `[{"id":"f00d","name":"Ana","role":"owner","state":"verified","online":true,"lastSeen":5,"devices":1}]`,
		"Chat.Channels":     channels,
		"Chat.Send":         `{"id":"dead","seq":3}`,
		"Chat.Messages":     `{"messages":[{"id":"dead","author":"f00d","authorName":"Ana","text":"hi","sent":9,"reactions":[],"state":"held"}],"more":false}`,
		"Settings.Status":   `{"peer":"12D3","workspaces":null,"peers":null}`,
		"Settings.Waiting":  `[{"workspace":"aa11bb","name":"Atelier","count":2,"people":["Ben"]}]`,
	}
	tests := []struct {
		name string
		args []string
		want string // a part of the document
	}{
		{"workspace create", []string{"workspace", "create", "Atelier", "--as", "Ana"}, `{"workspace":{"id":"aa11bb","name":"Atelier"}}`},
		{"workspace list", []string{"workspace", "list"}, `{"workspaces":[{"id":"aa11bb","name":"Atelier",`},
		{"join", []string{"join", "parvis://join#x", "--as", "Ben"}, `{"workspace":{"id":"aa11bb","name":"Atelier"},"person":{"id":"f00d","name":"Ben"}}`},
		{"invite create", []string{"invite", "create"}, `"link":"parvis://join#x","role":"member","uses":1`},
		{"people list", []string{"people", "list"}, `{"people":[{`},
		{"channel list", []string{"channel", "list"}, `{"channels":[{`},
		{"chat send", []string{"chat", "send", "general", "hi"}, `{"message":{"id":"dead","seq":3}}`},
		{"chat list", []string{"chat", "list", "general"}, `"authorName":"Ana","text":"hi","sent":9,"edited":0,"deleted":false,"thread":""`},
		{"status", []string{"status"}, `"workspaces":[],"peers":[]`},
		{"what waits", []string{"status"}, `"waiting":[{"workspace":"aa11bb","name":"Atelier","count":2,"people":["Ben"]}]`},
		{"version", []string{"version"}, `{"version":"1.2.3"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, errs, exit := run(t, &node{answers: answers}, "", append(test.args, "--json")...)
			if exit != ExitDone || !strings.Contains(out, test.want) || !json.Valid([]byte(out)) {
				t.Errorf("exit %d, %q, %s; want %s in one document", exit, out, errs, test.want)
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	running := &node{answers: map[string]string{"Workspaces.List": oneWorkspace, "Chat.Channels": channels}}
	tests := []struct {
		name string
		node *node
		args []string
		exit int
		want string // in the sentence
	}{
		{"an unknown command", nil, []string{"dance"}, ExitUsage, "Unknown command"},
		{"an address that is none", nil, []string{"serve", "--listen", "foo"}, ExitUsage, "/ip4/0.0.0.0/udp/4001/quic-v1"},
		{"one of a super-peer", nil, []string{"superpeer", "--listen", "/ip4/1.2.3.4"}, ExitUsage, "/ip4/0.0.0.0/tcp/4001"},
		{"keys of a super-peer", nil, []string{"superpeer", "--unprotected"}, ExitUsage, "leave them out"},
		{"an unknown subcommand", nil, []string{"chat", "dance"}, ExitUsage, "parvis chat send"},
		{"an unknown flag", nil, []string{"status", "--dance"}, ExitUsage, "Unknown flag"},
		{"a missing argument", nil, []string{"chat", "send", "general"}, ExitUsage, "TEXT is missing. Usage: parvis chat send CHANNEL TEXT"},
		{"all arguments missing", nil, []string{"channel", "direct"}, ExitUsage, "PERSON… is missing"},
		{"an argument too many", nil, []string{"chat", "send", "general", "good", "morning"}, ExitUsage, `"morning" is too much`},
		{"a text like a flag", nil, []string{"chat", "send", "general", "-x"}, ExitUsage, "goes behind --"},
		{"help on nothing there is", nil, []string{"help", "nonsense"}, ExitUsage, `no command "nonsense"`},
		{"a missing flag", nil, []string{"workspace", "create", "Atelier"}, ExitUsage, "as"},
		{"a bare link", nil, []string{"parvis://join#x"}, ExitUsage, "parvis join LINK"},
		{"no node", nil, []string{"status"}, ExitNoNode, "parvis serve"},
		{"a refusal", running, []string{"chat", "send", "general", "hi"}, ExitFailed, "Ask an owner"},
		{"a document without a title", running, []string{"doc", "create", "  "}, ExitFailed, "needs a title"},
		{"a title without an end", running, []string{"doc", "rename", "x", strings.Repeat("a", 201)}, ExitFailed, "longer than 200"},
		{"an unknown channel", running, []string{"chat", "list", "kitchen"}, ExitFailed, `no channel "kitchen"`},
		{"no workspace yet", &node{answers: map[string]string{"Workspaces.List": "null"}}, []string{"channel", "list"}, ExitFailed, "workspace create"},
		{"several workspaces", &node{answers: map[string]string{"Workspaces.List": twoWorkspaces}}, []string{"channel", "list"}, ExitFailed, "--workspace"},
		{"status of an unknown workspace", running, []string{"status", "-w", "nows"}, ExitFailed, `no workspace "nows". See: parvis workspace list`},
		{"devices of an unknown workspace", running, []string{"device", "list", "-w", "nows"}, ExitFailed, `no workspace "nows"`},
		{"the network of an unknown workspace", running, []string{"doctor", "-w", "nows"}, ExitFailed, `no workspace "nows"`},
		{"codes of an unknown workspace", running, []string{"people", "verify", "-w", "nows"}, ExitFailed, `no workspace "nows"`},
		{"people of an unknown workspace", running, []string{"people", "list", "-w", "nows"}, ExitFailed, `no workspace "nows"`},
		{"status of an ambiguous workspace", &node{answers: map[string]string{"Workspaces.List": twoWorkspaces}}, []string{"status", "-w", "aa11"}, ExitFailed, "Several"},
		{"an ambiguous workspace", &node{answers: map[string]string{"Workspaces.List": twoWorkspaces}}, []string{"channel", "list", "-w", "aa11"}, ExitFailed, "Several"},
		{"a join that waits in vain", &node{answers: map[string]string{"Workspaces.Join": `{"id":"aa11bb","state":"joining","waiting":"Ana"}`, "Workspaces.List": `[{"id":"aa11bb","state":"joining","waiting":"Ana"}]`, "Workspaces.Comparisons": `[]`}},
			[]string{"join", "parvis://join#x", "--as", "Ben", "--wait", "50ms"}, ExitTimeout, "waiting for a computer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, errs, exit := run(t, test.node, "", test.args...)
			if exit != test.exit || !strings.Contains(errs, test.want) {
				t.Errorf("exit %d and %q, want %d and %q", exit, errs, test.exit, test.want)
			}
			_, errs, _ = run(t, test.node, "", append(test.args, "--json")...)
			lines := strings.Split(strings.TrimSpace(errs), "\n")
			var document struct {
				Error struct{ Code, Message string }
			}
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &document); err != nil || document.Error.Code == "" || document.Error.Message == "" {
				t.Errorf("with --json it says %q, want {\"error\":{\"code\",\"message\"}}", errs)
			}
		})
	}
}

func TestNames(t *testing.T) {
	all := []named{{"c0de01", "general"}, {"c0de02", "General"}, {"beef01", "ops"}, {"beef02", "beef01"}, {"ab", "x"}}
	tests := []struct {
		wanted string
		want   int // -1: refused
	}{
		{"c0de01", 0}, {"general", 0}, {"General", 1}, {"OPS", 2}, {"beef02", 3},
		{"beef01", 2}, // an id goes before a name
		{"c0de0", -1}, {"GENERAL", -1}, {"a", -1}, {"nothing", -1}, {"", -1},
	}
	for _, test := range tests {
		got, err := find("channel", test.wanted, all)
		if err != nil {
			got = -1
		}
		if got != test.want {
			t.Errorf("%q means %d, want %d", test.wanted, got, test.want)
		}
	}
}

func TestIdsAreShownSoFarThatTheyDiffer(t *testing.T) {
	const a, b, c = "a24cee4d1a451c3f0011223344556677", "a24cee4d1a451c3f0099223344556677", "b00000000000000000000000000000ff"
	for _, test := range []struct{ ids, want []string }{
		{nil, []string{}},
		{[]string{a}, []string{"a24cee4d1a45"}},
		{[]string{a, c}, []string{"a24cee4d1a45", "b00000000000"}},
		{[]string{b, c, a}, []string{"a24cee4d1a451c3f009", "b00000000000", "a24cee4d1a451c3f001"}},
		{[]string{a, a}, []string{"a24cee4d1a45", "a24cee4d1a45"}},
		{[]string{"ab", "abcd"}, []string{"ab", "abcd"}},
		{[]string{"ab"}, []string{"ab"}},
	} {
		if got := distinctly(test.ids); !slices.Equal(got, test.want) {
			t.Errorf("%q are shown as %q, want %q", test.ids, got, test.want)
		}
	}
	for _, kind := range []string{"space", "document", "person"} {
		all := []named{{a, "Board"}, {c, "ops"}, {b, "Board"}}
		_, err := find(kind, "Board", all)
		if err == nil || !strings.HasSuffix(err.Error(), "(a24cee4d1a451c3f001, a24cee4d1a451c3f009).") {
			t.Errorf("two of a kind: %v, want ids that differ", err)
		}
		if i, err := find(kind, "a24cee4d1a451c3f009", all); i != 2 || err != nil {
			t.Errorf("what is shown finds %d, %v", i, err)
		}
	}
}

func TestWhatIsNotThereNamesItsList(t *testing.T) {
	for kind, want := range map[string]string{
		"device": "parvis device list", "person": "parvis people list", "invitation": "parvis invite list", "document": "parvis doc list",
		"channel": "parvis channel list", "space": "parvis space list", "workspace": "parvis workspace list", "call": "parvis call list",
	} {
		_, err := find(kind, "nothing", nil)
		if err == nil || !strings.HasSuffix(err.Error(), "See: "+want) {
			t.Errorf("no %s gives %v, want %s named", kind, err, want)
		}
		program := Program{Stdout: io.Discard, Stderr: io.Discard}
		root := (&session{Program: program}).root()
		if cmd, rest, err := root.Find(strings.Fields(want)[1:]); err != nil || len(rest) > 0 || cmd.Name() != "list" {
			t.Errorf("%s is no command", want)
		}
	}
}

func TestTheMainSpacesChannelGoesFirst(t *testing.T) {
	n := &node{answers: map[string]string{"Workspaces.List": oneWorkspace, "Chat.Channels": channels, "Chat.Send": `{"id":"dead","seq":3}`}}
	if _, errs, exit := run(t, n, "", "chat", "send", "#general", "hi"); exit != ExitDone || !strings.Contains(n.last(), `"channel":"c001"`) {
		t.Errorf("exit %d %s, asked %s", exit, errs, n.last())
	}
}

func TestSendReadsLines(t *testing.T) {
	n := &node{answers: map[string]string{"Workspaces.List": oneWorkspace, "Chat.Channels": channels, "Chat.Send": `{"id":"dead","seq":3}`}}
	out, errs, exit := run(t, n, "one\n\ntwo\nthree", "chat", "send", "ops", "-", "--json")
	if exit != ExitDone || strings.Count(out, "\n") != 3 || !strings.Contains(n.last(), `"text":"three"`) {
		t.Errorf("exit %d, printed %q, asked last %s; %s", exit, out, n.last(), errs)
	}
}

func TestALineThatCannotBeSentIsNamed(t *testing.T) {
	n := &node{answers: map[string]string{"Workspaces.List": oneWorkspace, "Chat.Channels": channels, "Chat.Send": `{"id":"dead","seq":3}`}}
	refusing := &node{answers: map[string]string{"Workspaces.List": oneWorkspace, "Chat.Channels": channels}}
	for name, c := range map[string]struct {
		node     *node
		in, want string
	}{
		"a line without an end": {n, "one\n\n" + strings.Repeat("x", maxLine+1) + "\n", "Line 3 of the input: It is longer"},
		"a refused line":        {refusing, "\none\n", "Line 2 of the input: You may not do that."},
	} {
		t.Run(name, func(t *testing.T) {
			if _, errs, exit := run(t, c.node, c.in, "chat", "send", "ops", "-"); exit != ExitFailed || !strings.Contains(errs, c.want) {
				t.Errorf("exit %d, %q, want %q", exit, errs, c.want)
			}
		})
	}
}

func TestAListThatIsCutSaysSo(t *testing.T) {
	const page = `{"messages":[{"id":"dead01","author":"f00d","authorName":"Ana","text":"hi","sent":9}],"more":`
	for name, c := range map[string]struct {
		more string
		args []string
		said bool
	}{
		"cut":             {"true}", nil, true},
		"whole":           {"false}", nil, false},
		"cut as was said": {"true}", []string{"--limit", "1"}, false},
		"cut, as JSON":    {"true}", []string{"--json", "--limit", "1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := &node{answers: map[string]string{"Workspaces.List": oneWorkspace, "Chat.Channels": channels, "Chat.Messages": page + c.more}}
			_, errs, exit := run(t, n, "", append([]string{"chat", "list", "ops"}, c.args...)...)
			if exit != ExitDone || strings.Contains(errs, "older ones") != c.said {
				t.Errorf("exit %d, said %q", exit, errs)
			}
		})
	}
}

func TestTheVersionIsAFlagToo(t *testing.T) {
	if out, errs, exit := run(t, nil, "", "--version"); exit != ExitDone || out != "parvis 1.2.3\n" {
		t.Errorf("exit %d, %q, %q", exit, out, errs)
	}
}

func TestAWrongPassphraseIsSaidWithoutTheProgramsWords(t *testing.T) {
	s := &session{}
	if got := s.failureOf(fmt.Errorf("open key slots: %w", app.ErrPassphrase)); strings.Contains(got.message, "slot") || got.code != api.CodeRefused {
		t.Errorf("says %q", got.message)
	}
}

func TestOthersTextCannotMoveTheCursor(t *testing.T) {
	if got := printable("a\x1b[31mb\u202ec\r\nd"); got != "a[31mbc d" {
		t.Errorf("got %q", got)
	}
}

func TestPassphrase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(file, []byte("correct horse \r\nsecond line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := func(value string) func(string) string { return func(string) string { return value } }
	tests := []struct {
		name, file, env, want string
		nobody, failing       bool
	}{
		{name: "from the first line of the file", file: file, env: "other", want: "correct horse "},
		{name: "from the environment", env: "battery staple", want: "battery staple"},
		{name: "nobody to ask", nobody: true},
		{name: "a file that is not there", file: file + "x", failing: true},
		{name: "an empty file", file: os.DevNull, failing: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &session{Program: Program{Stdin: strings.NewReader(""), Getenv: environment(test.env)}, passphrase: passphraseFlags{file: test.file}}
			ask := s.asker(t.Context())
			if (ask == nil) != test.nobody {
				t.Fatalf("somebody to ask: %v", ask != nil)
			}
			if ask == nil {
				return
			}
			got, err := ask()
			if got != test.want || (err != nil) != test.failing {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestALinkInPiecesIsOneLink(t *testing.T) {
	n := &node{answers: map[string]string{"Workspaces.Join": `{"id":"aa11bb","name":"Atelier","self":"f00d","state":"ready"}`}}
	if _, errs, exit := run(t, n, "", "join", "parvis://join#ab", "cd", "--as", "Ben"); exit != ExitDone {
		t.Fatalf("exit %d: %s", exit, errs)
	}
	if got := n.last(); !strings.Contains(got, `"link":"parvis://join#ab cd"`) {
		t.Errorf("asked %s", got)
	}
}
