package process

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"parvis/app/cli/clitest"
)

// TestFsyncComesBeforeTheAcknowledgement watches the system calls of a node: of
// messages sent one after the other, no acknowledgement leaves the node before a
// flush of the database's log ended that began after the one before.
func TestFsyncComesBeforeTheAcknowledgement(t *testing.T) {
	tracer, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	n := start(t)
	found(t, n, "Atelier", "Ana")
	calls := filepath.Join(t.TempDir(), "calls")
	trace := exec.Command(tracer, "-f", "-y", "-s", "60", "-e", "trace=fsync,fdatasync,write", "-o", calls, "-p", strconv.Itoa(n.PID()))
	said, err := trace.StderrPipe()
	if err == nil {
		err = trace.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(said).ReadString('\n')
	if !strings.Contains(line, "attached") {
		_ = trace.Wait()
		t.Skipf("strace may not watch here: %s", line)
	}
	const count = 60
	acked := begin(t, n, names("watched", count), nil).acknowledged()
	if err := trace.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = trace.Wait()
	if len(acked) != count {
		t.Fatalf("%d of %d messages were acknowledged", len(acked), count)
	}
	text, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	answers, flushes, early := followCalls(string(text))
	t.Logf("%d flushes, %d acknowledgements", flushes, answers)
	if answers != count || early != 0 {
		t.Errorf("%d acknowledgements seen of %d, %d of them without a flush before", answers, count, early)
	}
	agree(t, []*clitest.Node{n}, acked)
}

// followCalls goes through a trace in the order of time.
func followCalls(trace string) (answers, flushes, early int) {
	begun := regexp.MustCompile(`^(\d+) +f(?:data)?sync\(\d+<[^>]*-wal>(?:\) += 0| <unfinished)`)
	ended := regexp.MustCompile(`^(\d+) +<\.\.\. f(?:data)?sync resumed>.*= 0`)
	answer := regexp.MustCompile(`^\d+ +write\(.*\\"result\\":\{\\"id\\":\\"[0-9a-f]`)
	running := map[string]int{} // by thread: how many answers there were when it began
	fresh := false              // a flush that began after the last answer has ended
	for line := range strings.Lines(trace) {
		if m := begun.FindStringSubmatch(line); m != nil {
			flushes++
			if strings.Contains(line, "unfinished") {
				running[m[1]] = answers
			} else {
				fresh = true
			}
		} else if m := ended.FindStringSubmatch(line); m != nil {
			if at, ok := running[m[1]]; ok && at == answers {
				fresh = true
			}
			delete(running, m[1])
		} else if answer.MatchString(line) {
			answers++
			if !fresh {
				early++
			}
			fresh = false
		}
	}
	return answers, flushes, early
}

func TestFollowCallsNoticesAnEarlyAnswer(t *testing.T) {
	const (
		flush  = `7 fdatasync(9</d/parvis.db-wal>) = 0`
		answer = `8 write(5<socket:[1]>, "\201~\0p{\"id\":3,\"result\":{\"id\":\"ab`
		begin  = `7 fsync(9</d/parvis.db-wal> <unfinished ...>`
		end    = `7 <... fsync resumed>) = 0`
		other  = `7 fdatasync(9</d/other>) = 0`
	)
	for _, c := range []struct {
		calls []string
		early int
	}{
		{[]string{flush, answer, flush, answer}, 0},
		{[]string{begin, end, answer}, 0},
		{[]string{flush, answer, answer}, 1},
		{[]string{begin, answer, end}, 1},
		{[]string{flush, begin, answer, end, answer}, 1},
		{[]string{other, answer}, 1},
	} {
		if _, _, early := followCalls(strings.Join(c.calls, "\n")); early != c.early {
			t.Errorf("%s: %d early answers, want %d", fmt.Sprint(c.calls), early, c.early)
		}
	}
}
