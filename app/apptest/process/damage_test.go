package process

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
)

// damage flips one byte in the stored envelope of a message, in the files of a
// stopped node. The row holds the envelope's id and then its bytes, near whose
// beginning stands the workspace's id.
func damage(t *testing.T, data, workspace, message string) {
	t.Helper()
	ws, id := unhex(t, workspace), unhex(t, message)
	files, err := filepath.Glob(filepath.Join(data, "*"))
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // a folder
		}
		for at := 0; ; {
			next := bytes.Index(content[at:], id)
			if next < 0 {
				break
			}
			at += next + len(id)
			envelope := content[at:min(at+80, len(content))]
			if bytes.Contains(envelope, ws) {
				content[at+300] ^= 0x10
				changed++
			}
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if changed == 0 {
		t.Fatalf("the envelope %s was not found in %v", message, files)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestADamagedRowIsReportedAndFetchedAgain damages messages of either writer, the
// first, a middle and the last one of each chain.
func TestADamagedRowIsReportedAndFetchedAgain(t *testing.T) {
	t.Parallel()
	const each = 12
	places := []int{each / 2}
	if long() {
		places = []int{0, each / 2, each - 1}
	}
	for _, own := range []bool{false, true} {
		for _, which := range places {
			t.Run(fmt.Sprintf("own %v, message %d", own, which), func(t *testing.T) {
				ana, ben := pair(t)
				both := []*clitest.Node{ana, ben}
				var texts []string
				for i, n := range both {
					lines := names(fmt.Sprintf("node%d", i), each)
					texts = append(texts, begin(t, n, lines, nil).acknowledged()...)
				}
				agree(t, both, texts)
				list := ana.Messages(t, "general")
				ws := clitest.Run[struct{ Workspaces []api.Workspace }](t, ana, "workspace", "list").Workspaces[0].ID
				victim := names(fmt.Sprintf("node%d", map[bool]int{true: 0, false: 1}[own]), each)[which]
				at := slices.IndexFunc(list, func(m clitest.Message) bool { return m.Text == victim })
				ana.Stop(t)
				damage(t, ana.Data, ws, list[at].ID)
				ben.Stop(t)
				ana.Start(t)
				until(t, "the damage is reported", func() bool {
					return slices.ContainsFunc(statusOf(t, ana).Problems, func(p string) bool { return strings.Contains(p, "damaged") })
				})
				t.Logf("%q", statusOf(t, ana).Problems)
				say(t, ana, "written with damage in the store") // must not take the place of what is lost
				ben.Start(t)
				begin := time.Now()
				// Comes after what was lost: the list alone would not tell, it was never damaged.
				say(t, ben, "written after that")
				texts = append(texts, "written with damage in the store", "written after that")
				noRepeats(t, agree(t, both, texts))
				if took := time.Since(begin); took > 15*time.Second {
					t.Errorf("fetching it again took %v", took)
				}
				ben.Stop(t) // now only Ana has it: a newcomer gets everything from her
				cleo := start(t)
				enter(t, cleo, ana.Invite(t), "Cleo")
				noRepeats(t, agree(t, []*clitest.Node{ana, cleo}, texts))
				ben.Start(t)
				say(t, ana, "and later")
				noRepeats(t, agree(t, []*clitest.Node{ana, ben, cleo}, append(texts, "and later")))
				for i, n := range []*clitest.Node{ana, ben, cleo} {
					for _, p := range statusOf(t, n).Problems {
						if !strings.Contains(p, "damaged") {
							t.Errorf("node %d says %q", i, p)
						}
					}
				}
			})
		}
	}
}
