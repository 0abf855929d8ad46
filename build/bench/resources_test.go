//go:build bench

package bench

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// rest is what a connected node uses when nobody writes.
func rest(t *testing.T, m *member) []row {
	const ticksPerSecond = 100 // USER_HZ, the same on every Linux
	time.Sleep(idle)           // let it come to rest: what is measured is a minute in which nothing happens
	before := ticks(t, m.PID())
	time.Sleep(idle)
	share := float64(ticks(t, m.PID())-before) / ticksPerSecond / idle.Seconds()
	resident := memory(t, m.PID(), "VmRSS")
	return []row{
		{"idle for a minute: resident memory", fmt.Sprintf("%d MB", resident>>20), "", "≤ 120 MB", resident > 120<<20},
		{"idle for a minute: share of a core", fmt.Sprintf("%.2f %%", share*100), "", "< 1 %", share >= 0.01},
	}
}

// memory is what the kernel counts of a process, in bytes: VmRSS what is resident,
// VmHWM the most that ever was.
func memory(t *testing.T, pid int, which string) int64 {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(which + `:\s+(\d+) kB`).FindSubmatch(content)
	if found == nil {
		t.Fatalf("no %s of process %d", which, pid)
	}
	value, _ := strconv.ParseInt(string(found[1]), 10, 64)
	return value << 10
}

// ticks is the processor time a process has used.
func ticks(t *testing.T, pid int) int {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(content[strings.LastIndexByte(string(content), ')')+2:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return user + system
}

// wire counts the bytes, both ways and with acknowledgements, that one message of
// 1 kB costs between its author and one of the others.
func wire(t *testing.T, from *member) row {
	what := "bytes on the wire per message of 1 kB and receiver"
	before, peers := carried(t, from)
	if peers == 0 {
		return row{what, "no ss", "", "–", false}
	}
	for i := range measured {
		from.send(t, fmt.Sprintf("%04d%s", i, strings.Repeat("w", 1020)))
	}
	for {
		if settled := from.settled(t); settled {
			break
		}
	}
	after, _ := carried(t, from)
	return row{what, strconv.Itoa((after - before) / measured / peers), "", "–", false}
}

// settled waits until nothing waits for the others.
func (m *member) settled(t *testing.T) bool {
	t.Helper()
	for _, message := range m.Messages(t, "general") {
		if message.State == "local" {
			return false
		}
	}
	return true
}

// carried sums what the kernel counted on the node's connections to its peers, and
// counts these.
func carried(t *testing.T, m *member) (bytes, peers int) {
	t.Helper()
	for _, address := range m.Ready.Addrs {
		parts := strings.Split(address, "/")
		if len(parts) < 5 || parts[3] != "tcp" || net.ParseIP(parts[2]) == nil {
			continue
		}
		out, err := exec.Command("ss", "-tniHO", "state", "established", "sport", "=", ":"+parts[4]).Output()
		if err != nil {
			return 0, 0
		}
		for line := range strings.Lines(string(out)) {
			peers++
			for _, found := range regexp.MustCompile(`bytes_(?:sent|received):(\d+)`).FindAllStringSubmatch(line, -1) {
				value, _ := strconv.Atoi(found[1])
				bytes += value
			}
		}
	}
	return bytes, peers
}
