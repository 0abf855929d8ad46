package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"parvis/app"
)

// passphraseFlags say how the keys at rest are protected where there is no keyring.
type passphraseFlags struct {
	file        string
	unprotected bool
}

func (p *passphraseFlags) add(flags *pflag.FlagSet) {
	p.addFile(flags)
	flags.BoolVar(&p.unprotected, "unprotected", false, "keep the keys UNPROTECTED: whoever can read the data folder can read everything")
}

// addFile adds the flag of commands that ask for the passphrase and protect nothing.
func (p *passphraseFlags) addFile(flags *pflag.FlagSet) {
	flags.StringVar(&p.file, "passphrase-file", "", "read the passphrase of the keys from the first line of this file")
}

// asker returns what is called when the keys need a passphrase: it comes from the
// file, the environment or the terminal. Without any of them it is nil: the node
// starts locked, and the page asks.
func (s *session) asker(ctx context.Context) func() (string, error) {
	if s.passphrase.file != "" {
		return func() (string, error) { return readPassphraseFile(s.passphrase.file) }
	}
	if given := s.Getenv(passphraseVariable); given != "" {
		return func() (string, error) { return given, nil }
	}
	terminal, ok := s.Stdin.(*os.File)
	if s.Window != nil || !ok || !term.IsTerminal(int(terminal.Fd())) {
		return nil
	}
	return func() (string, error) { return s.askOn(ctx, terminal) }
}

// passphraseVariable may hold the passphrase.
const passphraseVariable = "PARVIS_PASSPHRASE"

// given is the file, with its whole path, or the variable in which a passphrase was named;
// empty: in none.
func (s *session) given() string {
	switch {
	case s.passphrase.file != "":
		return whole(s.passphrase.file)
	case s.Getenv(passphraseVariable) != "":
		return passphraseVariable
	}
	return ""
}

// whole is a path that means the same in every folder.
func whole(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// checkProtection refuses flags that contradict each other.
func (s *session) checkProtection() error {
	if s.passphrase.unprotected && s.given() != "" {
		return invalid("--unprotected and a passphrase contradict each other: leave one of them out.")
	}
	return nil
}

// askOn asks on the terminal without showing what is typed; a new passphrase is
// typed twice, because nobody can give a forgotten one back.
func (s *session) askOn(ctx context.Context, terminal *os.File) (string, error) {
	if !app.IsNew(s.data) {
		return s.readHidden(ctx, terminal, "Passphrase of the keys on this computer: ")
	}
	fmt.Fprintf(s.Stderr, "There is no keyring here to keep your keys. Choose a passphrase of at least %d characters that protects them.\nIt is asked for at each start. Nobody can recover it.\n", app.MinPassphrase)
	for {
		first, err := s.readHidden(ctx, terminal, "New passphrase: ")
		if err != nil {
			return "", err
		}
		if utf8.RuneCountInString(first) < app.MinPassphrase {
			fmt.Fprintf(s.Stderr, "That is shorter than %d characters.\n", app.MinPassphrase)
			continue
		}
		again, err := s.readHidden(ctx, terminal, "The same again: ")
		if err != nil || again == first {
			return first, err
		}
		fmt.Fprintln(s.Stderr, "The two differ.")
	}
}

// readHidden reads one line without showing it. The end of ctx ends it and leaves
// the terminal as it was.
func (s *session) readHidden(ctx context.Context, terminal *os.File, prompt string) (string, error) {
	before, err := term.GetState(int(terminal.Fd()))
	if err != nil {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	fmt.Fprint(s.Stderr, prompt)
	type line struct {
		text []byte
		err  error
	}
	typed := make(chan line, 1)
	go func() { // ends with the process when nothing is typed
		text, err := term.ReadPassword(int(terminal.Fd()))
		typed <- line{text, err}
	}()
	select {
	case got := <-typed:
		fmt.Fprintln(s.Stderr)
		if got.err != nil {
			return "", fmt.Errorf("read the passphrase: %w", got.err)
		}
		if len(got.text) == 0 {
			return "", errors.New("an empty passphrase protects nothing")
		}
		return string(got.text), nil
	case <-ctx.Done():
		fmt.Fprintln(s.Stderr)
		return "", errors.Join(ctx.Err(), term.Restore(int(terminal.Fd()), before))
	}
}

func readPassphraseFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	defer file.Close()
	line, err := bufio.NewReader(io.LimitReader(file, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", fmt.Errorf("the first line of %s is empty: it should be the passphrase", path)
	}
	return line, nil
}
