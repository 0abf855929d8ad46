package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// passphraseFlags say how the keys at rest are protected where there is no keyring.
type passphraseFlags struct {
	file        string
	unprotected bool
}

func (p *passphraseFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&p.file, "passphrase-file", "", "read the passphrase of the keys from the first line of this file")
	flags.BoolVar(&p.unprotected, "unprotected", false, "keep the keys UNPROTECTED: whoever can read the data folder can read everything")
}

// asker returns what is called when the keys need a passphrase: it comes from the
// file, the environment or the terminal. Without any of them it is nil: the node
// starts locked, and the page asks.
func (s *session) asker() func() (string, error) {
	if s.passphrase.file != "" {
		return func() (string, error) { return readPassphraseFile(s.passphrase.file) }
	}
	if given := s.Getenv("PARVIS_PASSPHRASE"); given != "" {
		return func() (string, error) { return given, nil }
	}
	terminal, ok := s.Stdin.(*os.File)
	if s.Window != nil || !ok || !term.IsTerminal(int(terminal.Fd())) {
		return nil
	}
	return func() (string, error) { return s.askOn(terminal) }
}

// askOn asks on the terminal without showing what is typed.
func (s *session) askOn(terminal *os.File) (string, error) {
	fmt.Fprint(s.Stderr, "Passphrase of the keys on this computer: ")
	typed, err := term.ReadPassword(int(terminal.Fd()))
	fmt.Fprintln(s.Stderr)
	if err != nil {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	if len(typed) == 0 {
		return "", errors.New("an empty passphrase protects nothing")
	}
	return string(typed), nil
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
