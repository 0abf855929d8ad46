package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// served is the headless program in a process of its own.
type served struct {
	program, data string
	process       *exec.Cmd
	out           io.Closer
}

// start runs the node and returns the time from the start of the process to its
// ready line.
func (s *served) start() (time.Duration, error) {
	s.process = exec.Command(s.program, "serve", "--data", s.data, "--unprotected", "--no-mdns",
		"--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--listen", "/ip4/127.0.0.1/tcp/0")
	s.process.Stderr = os.Stderr
	out, err := s.process.StdoutPipe()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := s.process.Start(); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	took := time.Since(begin)
	s.out = out
	if err != nil || !strings.Contains(line, `"ready"`) {
		return 0, errors.Join(fmt.Errorf("the first line is %q", line), err, s.stop())
	}
	return took, nil
}

func (s *served) stop() error {
	if s.process == nil {
		return nil
	}
	err := s.process.Process.Signal(syscall.SIGTERM)
	if err == nil {
		err = s.process.Wait()
	}
	s.process = nil
	return err
}

// command runs one command of the command line on the node.
func (s *served) command(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, s.program, append([]string{"--data", s.data, "--json"}, args...)...)
	c.Stdin = strings.NewReader(stdin)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("parvis %s: %w", args[0], err)
	}
	return out, nil
}

func (s *served) invite(ctx context.Context) (string, error) {
	out, err := s.command(ctx, "", "invite", "create", "--uses", "50")
	if err != nil {
		return "", err
	}
	var document struct{ Invite struct{ Link string } }
	err = json.Unmarshal(out, &document)
	return document.Invite.Link, err
}

// program measures joins, starts and rest.
func program(ctx context.Context, o options) (rows []row, err error) {
	dir, err := os.MkdirTemp("", "parvis-bench")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.program == "" {
		o.program = filepath.Join(dir, "parvis")
		if out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", o.program, "parvis").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build: %w: %s", err, out)
		}
	}
	var nodes []*served
	defer func() {
		for _, n := range nodes {
			err = errors.Join(err, n.stop())
		}
	}()
	fresh := func() (*served, time.Duration, error) {
		n := &served{program: o.program, data: filepath.Join(dir, strconv.Itoa(len(nodes)))}
		took, err := n.start()
		if err == nil {
			nodes = append(nodes, n)
		}
		return n, took, err
	}
	a, first, err := fresh()
	if err != nil {
		return nil, err
	}
	if _, err := a.command(ctx, "", "workspace", "create", "Bench", "--as", "P0"); err != nil {
		return nil, err
	}
	joins, err := joinTimes(ctx, a, fresh)
	if err != nil {
		return nil, err
	}
	for _, n := range nodes[2:] { // one peer stays
		if err := n.stop(); err != nil {
			return nil, err
		}
	}
	nodes = nodes[:2]
	rows = append(rows, joins, row{what: "first start on an empty folder to ready", median: ms(first), target: "≤ 1 s", missed: first > time.Second})
	rested, err := rest(ctx, a, o.idle)
	if err != nil {
		return nil, err
	}
	rows = append(rows, rested...)
	started, err := starts(ctx, a, o)
	return append(rows, started), err
}

// joinTimes is from the start of "parvis join" to its end.
func joinTimes(ctx context.Context, inviter *served, fresh func() (*served, time.Duration, error)) (row, error) {
	link, err := inviter.invite(ctx)
	if err != nil {
		return row{}, err
	}
	var all []time.Duration
	for i := range 5 {
		n, _, err := fresh()
		if err != nil {
			return row{}, err
		}
		begin := time.Now()
		if _, err := n.command(ctx, "", "join", link, "--as", fmt.Sprintf("P%d", i+1)); err != nil {
			return row{}, err
		}
		all = append(all, time.Since(begin))
	}
	slowest := quantile(all, 1)
	return row{what: "join with a link, the whole command", median: ms(quantile(all, 0.5)), p99: ms(slowest), target: "≤ 5 s", missed: slowest > 5*time.Second}, nil
}

// starts is measured with messages in the workspace.
func starts(ctx context.Context, n *served, o options) (row, error) {
	var lines strings.Builder
	const stored = 5000
	for i := range stored {
		fmt.Fprintf(&lines, "message %d\n", i)
	}
	if _, err := n.command(ctx, lines.String(), "chat", "send", "general", "-"); err != nil {
		return row{}, err
	}
	var all []time.Duration
	for range o.starts {
		if err := n.stop(); err != nil {
			return row{}, err
		}
		took, err := n.start()
		if err != nil {
			return row{}, err
		}
		all = append(all, took)
	}
	slowest := quantile(all, 0.99)
	return row{what: fmt.Sprintf("start to ready, %d messages stored", stored), median: ms(quantile(all, 0.5)), p99: ms(slowest), target: "≤ 1 s", missed: slowest > time.Second}, nil
}

// rest is what a node in a workspace with a connected peer uses when nobody
// writes: after a while of rest, over as long again.
func rest(ctx context.Context, n *served, idle time.Duration) ([]row, error) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return []row{{what: "at rest", note: "not measured: this system has no /proc"}}, nil
	}
	pause := func() error {
		select {
		case <-time.After(idle):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	pid := n.process.Process.Pid
	if err := pause(); err != nil {
		return nil, err
	}
	resident, err := memory(pid)
	if err != nil {
		return nil, err
	}
	before, err := ticks(pid)
	if err != nil {
		return nil, err
	}
	if err := pause(); err != nil {
		return nil, err
	}
	after, err := ticks(pid)
	const perSecond = 100 // USER_HZ, the same on every Linux
	share := float64(after-before) / perSecond / idle.Seconds() * 100
	when := fmt.Sprintf("at rest for %s, one peer connected: ", idle)
	return []row{
		{what: when + "memory", median: fmt.Sprintf("%d MB", resident>>20), target: "≤ 120 MB", missed: resident > 120<<20},
		{what: when + "processor", median: fmt.Sprintf("%.2f %%", share), target: "< 1 % of a core", missed: share >= 1},
	}, err
}

// memory is the resident size in bytes.
func memory(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		return 0, errors.New("no VmRSS")
	}
	kb, err := strconv.ParseInt(string(found[1]), 10, 64)
	return kb << 10, err
}

// ticks is the processor time that a process has used.
func ticks(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat is short")
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return user + system, errors.Join(err, err2)
}
