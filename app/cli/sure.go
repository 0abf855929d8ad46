package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// terminal is the terminal that somebody sits at, if that is where the input comes from.
func (s *session) terminal() (*os.File, bool) {
	file, ok := s.Stdin.(*os.File)
	return file, ok && term.IsTerminal(int(file.Fd()))
}

// addYes adds the flag that stands for the answer to what [session.sure] asks.
func addYes(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVar(yes, "yes", false, "do not ask whether to do it")
}

// sure asks whether to do what cannot be undone, unless yes was said before; where nobody
// can be asked it has to be.
func (s *session) sure(ctx context.Context, yes bool, about string) error {
	if yes {
		return nil
	}
	terminal, ok := s.terminal()
	if !ok {
		return invalid("%s Nothing was changed. To do it, say --yes.", about)
	}
	return s.ask(ctx, terminal, about)
}

// ask shows what is about to happen and waits for the word yes.
func (s *session) ask(ctx context.Context, in io.Reader, about string) error {
	fmt.Fprintf(s.Stderr, "%s\nType yes to do it: ", about)
	line, err := typedLine(ctx, in)
	if err != nil {
		return err
	}
	if !strings.EqualFold(strings.TrimSpace(line), "yes") {
		return invalid("Nothing was changed.")
	}
	return nil
}

// typedLine waits for a line that somebody types, until ctx ends.
func typedLine(ctx context.Context, in io.Reader) (string, error) {
	lines := make(chan string, 1)
	go func() { // ends with the process when nothing is typed
		line, _ := bufio.NewReader(in).ReadString('\n')
		lines <- line
	}()
	select {
	case line := <-lines:
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// addForce adds the flag by which a file is replaced.
func addForce(cmd *cobra.Command, force *bool) {
	cmd.Flags().BoolVar(force, "force", false, "replace a file of that name")
}

// freeFile refuses the name of a file that is there already, unless it may be replaced.
func freeFile(name string, force bool) error {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return invalid("The file cannot be written: %s. Choose another place.", err.Error())
	case info.IsDir():
		return invalid("%s is a folder. Name a file in it.", quote(name))
	case !force:
		return invalid("%s is there already. Name another file, or replace it with --force.", quote(name))
	}
	return nil
}
