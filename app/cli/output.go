package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"parvis/app"
	"parvis/app/api"
	"parvis/app/web/client"
)

// failure is an error with its exit code.
type failure struct {
	code, message string
	exit          int
}

func (f *failure) Error() string { return f.message }

func noNode(data, message string) error {
	return &failure{code: "no-node", message: fmt.Sprintf("No node runs on %s: %s. Start one with: parvis serve --data %s", data, message, data), exit: ExitNoNode}
}

func invalid(format string, args ...string) error {
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg
	}
	return &failure{code: "invalid", message: fmt.Sprintf(format, values...), exit: ExitFailed}
}

// report writes an error to stderr and returns the exit code it stands for.
func (s *session) report(err error) int {
	f := s.failureOf(err)
	if s.json {
		line, _ := json.Marshal(map[string]map[string]string{"error": {"code": f.code, "message": f.message}})
		fmt.Fprintln(s.Stderr, string(line))
	} else {
		fmt.Fprintln(s.Stderr, "parvis:", f.message)
	}
	return f.exit
}

func (s *session) failureOf(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if e, ok := errors.AsType[*api.Error](err); ok {
		f := &failure{code: e.Code, message: e.Message, exit: ExitFailed}
		if e.Code == "timeout" {
			f.exit = ExitTimeout
		}
		return f
	}
	switch {
	case errors.Is(err, app.ErrPassphrase):
		return &failure{code: api.CodeRefused, message: "The passphrase is wrong: nothing was opened. Start again with the right one.", exit: ExitFailed}
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{code: "timeout", message: fmt.Sprintf("The node did not answer within %s. It may be busy: try again, or allow more with --timeout.", s.timeout), exit: ExitTimeout}
	case errors.Is(err, context.Canceled):
		return &failure{code: "interrupted", message: "Interrupted.", exit: ExitFailed}
	case errors.Is(err, client.ErrClosed):
		return &failure{code: "no-node", message: "The node stopped while it was asked. Start it again with: parvis serve --data " + s.data, exit: ExitNoNode}
	}
	return &failure{code: "failed", message: firstUpper(err.Error()), exit: ExitFailed}
}

// print writes one JSON document, or what a person wants to read.
func (s *session) print(document any, text func(io.Writer)) error {
	if s.json {
		return s.printLine(document)
	}
	text(s.Stdout)
	return nil
}

// printLine writes one JSON document on a line of its own.
func (s *session) printLine(document any) error {
	encoder := json.NewEncoder(s.Stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(document)
}

// table writes aligned columns; head has a word for each, of parts that _ joins.
func table(w io.Writer, head string, rows [][]string) {
	columns := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(columns, strings.NewReplacer(" ", "\t", "_", " ").Replace(head))
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
		}
		fmt.Fprintln(columns, strings.Join(row, "\t"))
	}
	_ = columns.Flush()
}

// printable keeps text of other people from moving the cursor, colouring the
// terminal or turning the direction of what follows.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return ' '
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, text)
}

// short is how an id prints for people: enough to be named by.
func short(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return id
}

// distinctly is how ids print that people tell apart by: each so far that no other
// one begins like it, and at least as far as short prints it.
func distinctly(ids []string) []string {
	sorted := slices.Compact(slices.Sorted(slices.Values(ids)))
	shown := make([]string, len(ids))
	for i, id := range ids {
		at, _ := slices.BinarySearch(sorted, id)
		n := len(short(id))
		for _, next := range []int{at - 1, at + 1} { // what begins most like it stands beside it
			if next >= 0 && next < len(sorted) {
				n = max(n, shared(id, sorted[next])+1)
			}
		}
		shown[i] = id[:min(n, len(id))]
	}
	return shown
}

// shared is how many digits two ids have in common at their beginning.
func shared(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

func clock(ms int64) string {
	if ms == 0 {
		return "–"
	}
	return time.UnixMilli(ms).Format("2006-01-02 15:04")
}

func firstUpper(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}

// list makes an empty list print as [] and not as null.
func list[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}
