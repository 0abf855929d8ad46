//go:build wine

package wine

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"parvis/app/cli/clitest"
)

// TestWindowsAndLinuxTalk runs create, join and talk with the Windows program on
// either side of the invitation. Its commands run natively: they only need the
// endpoint file, which lies in a folder that both see.
func TestWindowsAndLinuxTalk(t *testing.T) {
	native := clitest.Build(t, "parvis", "")
	windows := clitest.Build(t, "parvis.exe", "", "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	for _, test := range []struct {
		name           string
		founder, guest *clitest.Node
	}{
		{"Windows joins Linux", clitest.New(t, native), underWine(t, native, windows)},
		{"Linux joins Windows", underWine(t, native, windows), clitest.New(t, native)},
	} {
		t.Run(test.name, func(t *testing.T) { talk(t, test.founder, test.guest) })
	}
}

func talk(t *testing.T, founder, guest *clitest.Node) {
	founder.Start(t)
	guest.Start(t)
	clitest.Run[struct{}](t, founder, "workspace", "create", "Atelier", "--as", "Ana")
	begin := time.Now()
	clitest.Run[struct{}](t, guest, "join", founder.Invite(t), "--as", "Ben")
	t.Logf("joined in %s", time.Since(begin).Round(time.Millisecond))
	texts := []string{"hello from the founder é漢", "hello from the guest"}
	clitest.Run[struct{}](t, founder, "chat", "send", "general", texts[0])
	clitest.Run[struct{}](t, guest, "chat", "send", "general", texts[1])
	here, there := founder.Await(t, "general", texts...), guest.Await(t, "general", texts...)
	same := func(a, b clitest.Message) bool { return a.ID == b.ID && a.Text == b.Text }
	if !slices.EqualFunc(here, there, same) {
		t.Errorf("the lists differ: %v and %v", here, there)
	}
}

// underWine is a node that is the Windows program. Its data folder lies in the
// prefix, on drive C.
func underWine(t *testing.T, native, windows string) *clitest.Node {
	t.Helper()
	drive := filepath.Join(os.Getenv("WINEPREFIX"), "drive_c")
	data, err := os.MkdirTemp(drive, "parvis-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(data) })
	return &clitest.Node{
		Program: native, Data: data,
		Serve: []string{os.Getenv("PARVIS_WINE"), windows, "serve", "--data", `C:\` + filepath.Base(data), "--unprotected", "--no-mdns",
			"--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--listen", "/ip4/127.0.0.1/tcp/0"},
	}
}
