// Command mutation asks whether the tests notice when a validator forgets a check. It
// switches off each check of the packages in targets.go, one at a time, runs the
// package's tests, and reports what survived. Survivors that change nothing stand, with
// the reason, in equivalent.txt.
//
//	go run ./build/mutation                  all packages
//	go run ./build/mutation crdt/feed p2p    those whose folder begins so
//	go run ./build/mutation -by-hand         the mutants of rules that are no single check
//
// A package is compiled once, with a switch before every check; each run of its tests
// then has one of them off.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// switchVariable chooses the check that is off.
const switchVariable = "PARVIS_MUTANT"

func main() {
	only := flag.Bool("by-hand", false, "run the mutants that are written by hand, and nothing else")
	list := flag.Bool("list", false, "list the checks and run nothing")
	match := flag.String("match", "", "only checks whose name, as -list prints it, fits this regular expression")
	flag.Parse()
	if err := work(*only, *list, *match, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

func work(byHand, list bool, match string, folders []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	scratch, err := os.MkdirTemp("", "parvis-mutation-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	wanted, err := regexp.Compile(match)
	if err != nil {
		return err
	}
	r := &run{ctx: ctx, list: list, scratch: scratch, match: wanted}
	if r.equivalent, err = readEquivalents(filepath.Join("build", "mutation", "equivalent.txt")); err != nil {
		return err
	}
	if byHand {
		return r.byHand()
	}
	return r.all(folders)
}

// run is one run of the program.
type run struct {
	ctx        context.Context
	scratch    string
	list       bool
	match      *regexp.Regexp
	equivalent map[string]string // reasons by the key of a check
	patience   time.Duration     // with one run of a package's tests

	checks, killed, same int
	survived             []check
}

// errSurvivors reports checks that no test misses.
var errSurvivors = errors.New("some checks are missed by no test")

func (r *run) all(only []string) error {
	for _, t := range targets {
		if len(only) > 0 && !begins(t.folder, only) {
			continue
		}
		if err := r.target(t); err != nil {
			return err
		}
	}
	fmt.Printf("\n%d checks: %d killed, %d change nothing (equivalent.txt), %d survived\n", r.checks, r.killed, r.same, len(r.survived))
	for _, c := range r.survived {
		fmt.Printf("survived  %s:%d  %s\n", c.file, c.line, c.key())
	}
	if len(r.survived) > 0 {
		return errSurvivors
	}
	return nil
}

func begins(folder string, only []string) bool {
	for _, o := range only {
		if strings.HasPrefix(folder, strings.TrimPrefix(o, "./")) {
			return true
		}
	}
	return false
}

// target runs all mutants of one package.
func (r *run) target(t target) error {
	begin := time.Now()
	files, checks, err := instrument(t)
	if err != nil {
		return err
	}
	if r.list {
		for _, c := range checks {
			fmt.Printf("%s:%d  %s\n", c.file, c.line, c.key())
		}
		r.checks += len(checks)
		return nil
	}
	program, err := r.compile(t.folder, files)
	if err != nil {
		return err
	}
	r.patience = 5 * time.Minute
	begin = time.Now()
	if out, passed := r.test(t, program, 0, false); !passed {
		return fmt.Errorf("the tests of %s fail without any mutant:\n%s", t.folder, out)
	}
	r.patience = 20*time.Second + 6*time.Since(begin) // a mutant that hangs is noticed
	looked, killed, same, survived := 0, 0, 0, 0
	for i, c := range checks {
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		if !r.match.MatchString(c.key()) {
			continue
		}
		looked++
		if _, known := r.equivalent[c.key()]; known {
			same++
			continue
		}
		_, passed := r.test(t, program, i+1, true)
		if passed && len(t.slow) > 0 {
			_, passed = r.test(t, program, i+1, false)
		}
		if passed {
			survived++
			r.survived = append(r.survived, c)
			fmt.Printf("survived  %s:%d  %s\n", c.file, c.line, c.key())
		} else {
			killed++
		}
	}
	fmt.Printf("%-16s %4d checks: %4d killed, %3d change nothing, %3d survived  (%s)\n", t.folder, looked, killed, same, survived, time.Since(begin).Round(time.Second))
	r.checks, r.killed, r.same = r.checks+looked, r.killed+killed, r.same+same
	return nil
}

// compile builds the test program of a package with other files in place of its own.
func (r *run) compile(folder string, files map[string][]byte) (string, error) {
	overlay, err := writeOverlay(r.scratch, files)
	if err != nil {
		return "", err
	}
	program := filepath.Join(r.scratch, strings.ReplaceAll(folder, "/", "-")+".test")
	build := exec.CommandContext(r.ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", program, "./"+folder)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile the mutants of %s: %w\n%s", folder, err, out)
	}
	return program, nil
}

// properties runs the properties of crdt/member, with so many random logs, and the worked
// cases.
func (r *run) properties(program string, logs int) (out string, passed bool) {
	command := exec.CommandContext(r.ctx, program, "-test.run", "^Test(Properties|WorkedCase|LFACase|TheRevocation|Rank)", "-test.timeout", "5m")
	command.Dir = filepath.FromSlash("crdt/member")
	command.Env = append(os.Environ(), fmt.Sprintf("PARVIS_LOGS=%d", logs))
	text, err := command.CombinedOutput()
	return string(text), err == nil
}

// test runs the tests of a package with one check off (0: none). fast leaves out the
// slow ones.
func (r *run) test(t target, program string, mutant int, fast bool) (out string, passed bool) {
	args := []string{"-test.failfast", "-test.timeout", r.patience.String()}
	skip := t.never
	if fast {
		skip = append(slices.Clone(skip), t.slow...)
	}
	if len(skip) > 0 {
		args = append(args, "-test.skip", "^("+strings.Join(skip, "|")+")$")
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.patience+5*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.Dir = filepath.FromSlash(t.folder)
	command.Env = append(os.Environ(), fmt.Sprintf("%s=%d", switchVariable, mutant), "GOMEMLIMIT=2GiB", "PARVIS_LOGS=100")
	text, err := command.CombinedOutput()
	return string(text), err == nil
}
