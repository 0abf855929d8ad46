package apptest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/cli"
	"parvis/app/web"
)

// command runs one command line on the node.
func (n *Node) command(args ...string) (out, errs string, exit int) {
	n.t.Helper()
	server := &web.Server{Backend: n.API().Wire(), Content: web.Content(n.API().Content), Data: n.Dir}
	if err := server.Start(n.t.Context()); err != nil {
		n.t.Fatal(err)
	}
	defer server.Close()
	var stdout, stderr bytes.Buffer
	program := cli.Program{Version: "test", Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}
	exit = program.Run(n.t.Context(), append(args, "--data", n.Dir))
	return stdout.String(), stderr.String(), exit
}

// carry runs a bundle command, which must succeed, and decodes its document.
func carry[T any](n *Node, args ...string) T {
	n.t.Helper()
	out, errs, exit := n.command(append([]string{"bundle", "--json"}, args...)...)
	var document T
	if err := json.Unmarshal([]byte(out), &document); err != nil || exit != cli.ExitDone {
		n.t.Fatalf("bundle %v: exit %d, %v\n%s%s", args, exit, err, out, errs)
	}
	return document
}

type carried struct{ Bundle api.BundleMade }

type taken struct{ Import api.BundleTaken }

// text is the text of a document.
func (n *Node) text(ws, document string) string {
	n.t.Helper()
	text, err := n.API().Docs.Text(api.DocRef{Workspace: ws, ID: document})
	if err != nil {
		n.t.Fatalf("read the document: %v", err)
	}
	return text.Text
}

func (n *Node) write(ws, document, text string) {
	n.t.Helper()
	if err := n.API().Docs.Append(api.DocAppend{Workspace: ws, ID: document, Text: text}); err != nil {
		n.t.Fatalf("write into the document: %v", err)
	}
}

// TestK63K64TwoNodesThatNeverMeetAreCarriedTogether: once Ben has joined, only one
// of the two runs at a time.
func TestK63K64TwoNodesThatNeverMeetAreCarriedTogether(t *testing.T) {
	ana, ben := New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	ana.person(ws, "Ben") // knows his name, which the command line takes
	ben.Stop()

	ana.Say(ws, "hello from Ana")
	document := ana.document(ws, "", "Report")
	ana.write(ws, document, "Ana's paragraph")
	data := picture(1 << 20)
	stored, err := ana.API().Content.AddPicture(ws, document, "view.png", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	there := filepath.Join(t.TempDir(), "to-ben.parvis")
	if made := carry[carried](ana, "export", there, "--for", "Ben").Bundle; made.Envelopes < 4 || made.Blocks < 5 {
		t.Errorf("carried %+v", made)
	}
	ana.Stop()

	if err := os.WriteFile(filepath.Join(ben.Dir, "bundle-7.part"), []byte("of a crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	ben.Start()
	in := carry[taken](ben, "import", there).Import
	if in.Envelopes < 4 || in.Blocks < 5 || in.Refused+in.Waiting+in.Elsewhere > 0 || in.Workspace != ws {
		t.Errorf("taken %+v", in)
	}
	if texts := ben.Texts(ws); !slices.Equal(texts, []string{"hello from Ana"}) {
		t.Errorf("Ben reads %q", texts)
	}
	if !bytes.Equal(ben.picture(ws, document, stored.File), data) {
		t.Error("the picture is not there")
	}
	again := carry[taken](ben, "import", there).Import
	if again.Entries+again.Envelopes+again.Blocks+again.Refused > 0 || again.Known < in.Envelopes+in.Blocks {
		t.Errorf("taken twice: %+v", again)
	}
	ben.Say(ws, "hello from Ben")
	ben.write(ws, document, "Ben's paragraph")
	back := filepath.Join(t.TempDir(), "to-ana.parvis")
	if made := carry[carried](ben, "export", back, "--text-only").Bundle; made.Envelopes < 2 || made.Blocks > 0 {
		t.Errorf("carried back %+v", made)
	}
	text, list := ben.text(ws, document), ben.Texts(ws)
	ben.refuses(t, back)
	ben.Stop()

	ana.Start()
	if in := carry[taken](ana, "import", back).Import; in.Envelopes < 2 || in.Refused+in.Waiting+in.Elsewhere > 0 {
		t.Errorf("taken back %+v", in)
	}
	if texts := ana.Texts(ws); !slices.Equal(texts, list) || len(texts) != 2 {
		t.Errorf("Ana reads %q, Ben %q", texts, list)
	}
	if got := ana.text(ws, document); got != text || !strings.Contains(got, "Ana's") || !strings.Contains(got, "Ben's") {
		t.Errorf("Ana's document is %q, Ben's %q", got, text)
	}
	if first := ana.Messages(ws, ana.General(ws))[0]; first.State != "delivered" && first.State != "read" {
		t.Errorf("what came back did not say that the message arrived: %s", first.State)
	}
}

// refuses looks what the command line says of files that are no good bundles.
func (n *Node) refuses(t *testing.T, good string) {
	file, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(file)
	flipped[len(flipped)/2] ^= 1
	for name, bad := range map[string]struct {
		file []byte
		want string
	}{
		"damaged":   {flipped, "is damaged or was not copied"},
		"cut off":   {file[:len(file)-1], "is damaged or was not copied"},
		"a picture": {picture(100), "is not a bundle"},
		"empty":     {nil, "is not a bundle"},
		"newer":     {append([]byte("parvis bundle 2\n"), file[16:]...), "another version"},
		"foreign":   {append(bytes.Clone(file[:16]), bytes.Repeat([]byte{7}, 4000)...), "for a workspace that is not on this device"},
		"long":      {append(bytes.Clone(file[:16]), make([]byte, 16<<20)...), "for a workspace that is not on this device"},
	} {
		path := filepath.Join(t.TempDir(), "bad.parvis")
		if err := os.WriteFile(path, bad.file, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, errs, exit := n.command("bundle", "import", path); exit != cli.ExitFailed || out != "" || !strings.Contains(errs, bad.want) {
			t.Errorf("%s: exit %d, %q, %q", name, exit, out, errs)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(n.Dir, "bundle-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
