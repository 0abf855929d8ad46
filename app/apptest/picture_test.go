package apptest

import (
	"bytes"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"parvis/app/api"
)

// picture makes bytes that count as a PNG.
func picture(size int) []byte {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{9}).Read(data)
	copy(data, "\x89PNG\x0D\x0A\x1A\x0A")
	return data
}

// document makes a document and waits until the others see it.
func (n *Node) document(ws, space, title string, others ...*Node) string {
	n.t.Helper()
	made, err := n.API().Docs.Create(api.NewDoc{Workspace: ws, Space: space, Title: title})
	if err != nil {
		n.t.Fatalf("create a document: %v", err)
	}
	for _, o := range others {
		o.Until("the document is there", func() bool { return slices.Contains(o.documents(ws), made.ID) })
	}
	return made.ID
}

func (n *Node) documents(ws string) []string {
	n.t.Helper()
	list, err := n.API().Docs.List(ws)
	if err != nil {
		n.t.Fatalf("documents: %v", err)
	}
	var ids []string
	for _, d := range list {
		ids = append(ids, d.ID)
	}
	return ids
}

// picture reads a picture of a document; nil while it is not here.
func (n *Node) picture(ws, document, file string) []byte {
	var out bytes.Buffer
	err := n.API().Content.Picture(ws, document, file, func(string, int64) io.Writer { return &out })
	if err != nil {
		return nil
	}
	return out.Bytes()
}

// blocks counts the blocks in the node's folder.
func (n *Node) blocks() int {
	paths, err := filepath.Glob(filepath.Join(n.Dir, "blocks", "??", "*"))
	if err != nil {
		n.t.Fatal(err)
	}
	return len(paths)
}

func TestAPictureTravelsToEverybodyWhoMayReadTheDocument(t *testing.T) {
	nodes, ws := trio(t)
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	document := ana.document(ws, "", "Report", ben, cleo)
	data := picture(5 << 20)
	stored, err := ana.API().Content.AddPicture(ws, document, "view.png", bytes.NewReader(data))
	if err != nil || stored.Mime != "image/png" || stored.Size != int64(len(data)) {
		t.Fatalf("stored %+v, %v", stored, err)
	}
	for _, n := range []*Node{ana, ben, cleo} {
		n.Until("the picture is there", func() bool { return bytes.Equal(n.picture(ws, document, stored.File), data) })
	}
	// Who has it gives it on: Ana is gone, and a newcomer asks.
	link := ana.Invite(ws)
	ana.Say(ws, "see you")
	ben.Until("Ben is up to date", func() bool { return len(ben.Texts(ws)) == 1 })
	ana.Stop()
	dan := New(t)
	dan.Join(link, "Dan")
	dan.Until("the picture reaches the newcomer", func() bool { return bytes.Equal(dan.picture(ws, document, stored.File), data) })
}

func TestAPictureOfAPrivateSpaceStaysThere(t *testing.T) {
	nodes, ws := trio(t)
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	space, err := ana.API().Workspaces.CreateSpace(api.NewSpace{Workspace: ws, Name: "board", People: []string{ana.person(ws, "Ben")}, History: "full"})
	if err != nil {
		t.Fatal(err)
	}
	document := ana.document(ws, space.ID, "Plans", ben)
	data := picture(1 << 20)
	stored, err := ana.API().Content.AddPicture(ws, document, "plan.png", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	ben.Until("Ben has the picture", func() bool { return bytes.Equal(ben.picture(ws, document, stored.File), data) })
	open := ana.document(ws, "", "Open", ben, cleo)
	if slices.Contains(cleo.documents(ws), document) || cleo.picture(ws, document, stored.File) != nil || cleo.picture(ws, open, stored.File) != nil {
		t.Error("Cleo sees what is private")
	}
	if n := cleo.blocks(); n > 0 {
		t.Errorf("Cleo holds %d blocks", n)
	}
}

func TestAPictureOutlivesARestart(t *testing.T) {
	ana := New(t)
	ws := ana.Found("Atelier", "Ana")
	document := ana.document(ws, "", "Report")
	data := picture(300_000)
	stored, err := ana.API().Content.AddPicture(ws, document, "", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	ana.Stop()
	ana.Start()
	if got := ana.picture(ws, document, stored.File); !bytes.Equal(got, data) {
		t.Errorf("%d bytes came back", len(got))
	}
}

func TestAPictureWaitsAtTheSuperPeer(t *testing.T) {
	s := NewSuperPeer(t)
	ana, ben, ws := pair(t, s)
	document := ana.document(ws, "", "Report", ben)
	ben.Stop()
	data := picture(3 << 20)
	stored, err := ana.API().Content.AddPicture(ws, document, "view.png", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	ana.Stop() // it brings what it wrote before it ends
	ben.Start()
	ben.Until("the picture is there", func() bool { return bytes.Equal(ben.picture(ws, document, stored.File), data) })
}
