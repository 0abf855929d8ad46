package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

// docWait is the least time for commands that start the document engine, whose
// first start compiles for some seconds.
const docWait = 2 * time.Minute

// docRecord is what scripts read of a document: cli.md's id, title and heads first.
type docRecord struct {
	api.Doc
	Heads []string `json:"heads,omitempty"`
}

func (s *session) docCommand() *cobra.Command {
	return group("doc", "Write and read documents", s.docCreate(), s.docList(), s.docText(), s.docAppend(), s.docEdit(),
		s.docRename(), s.docMove(), s.docTrash(), s.docRestore(), s.docImport(), s.docExport(), s.docHistory())
}

// document finds one document by id, title or the beginning of its id.
func document(ctx context.Context, c *client.Client, ws api.Workspace, wanted string) (api.Doc, error) {
	all, err := client.Call[[]api.Doc](ctx, c, "Docs.List", client.Arg(ws.ID))
	if err != nil {
		return api.Doc{}, err
	}
	things := make([]named, len(all))
	for i, d := range all {
		things[i] = named{d.ID, d.Title}
	}
	i, err := find("document", wanted, things)
	if err != nil {
		return api.Doc{}, err
	}
	return all[i], nil
}

// onDocument runs a command about one document, with the time that an engine needs.
func (s *session) onDocument(ctx context.Context, wanted string, do func(ctx context.Context, c *client.Client, d api.Doc) error) error {
	s.timeout = max(s.timeout, docWait)
	return s.in(ctx, func(ctx context.Context, c *client.Client, ws api.Workspace) error {
		d, err := document(ctx, c, ws, wanted)
		if err != nil {
			return err
		}
		return do(ctx, c, d)
	})
}

func refOf(d api.Doc) api.DocRef { return api.DocRef{Workspace: d.Workspace, ID: d.ID} }

func (s *session) docCreate() *cobra.Command {
	var in, folder string
	cmd := &cobra.Command{
		Use: "create TITLE", Short: "Make an empty document", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkTitle(args[0]); err != nil {
				return err
			}
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				spaceID, err := space(ctx, c, ws, in)
				if err != nil {
					return err
				}
				made, err := client.Call[api.Doc](ctx, c, "Docs.Create", client.Arg(api.NewDoc{Workspace: ws.ID, Space: spaceID, Title: args[0], Folder: folder}))
				return s.printDoc(made, err)
			})
		},
	}
	cmd.Flags().StringVar(&in, "space", "", "the space it belongs to (default: everybody's)")
	cmd.Flags().StringVar(&folder, "folder", "", `the folder it lies in, such as "Reports/2026"`)
	return cmd
}

func (s *session) printDoc(d api.Doc, err error) error {
	if err != nil {
		return err
	}
	return s.print(map[string]docRecord{"doc": {Doc: d}}, func(w io.Writer) {
		fmt.Fprintf(w, "%s (%s)\n", printable(d.Title), short(d.ID))
	})
}

func (s *session) docList() *cobra.Command {
	var trash bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the documents, the last changed first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				all, err := client.Call[[]api.Doc](ctx, c, "Docs.List", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				var shown []api.Doc
				for _, d := range all {
					if d.Trashed == trash {
						shown = append(shown, d)
					}
				}
				return s.print(map[string][]api.Doc{"docs": list(shown)}, func(w io.Writer) {
					var rows [][]string
					for _, d := range shown {
						rows = append(rows, []string{short(d.ID), d.Title, d.Folder, clock(d.Changed)})
					}
					table(w, "ID TITLE FOLDER CHANGED", rows)
				})
			})
		},
	}
	cmd.Flags().BoolVar(&trash, "trash", false, "list what is in the trash instead")
	return cmd
}

func (s *session) docText() *cobra.Command {
	return &cobra.Command{
		Use: "text ID", Short: "Print what a document says, without formatting", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.onDocument(cmd.Context(), args[0], func(ctx context.Context, c *client.Client, d api.Doc) error {
				text, err := client.Call[api.DocText](ctx, c, "Docs.Text", client.Arg(refOf(d)))
				if err != nil {
					return err
				}
				return s.print(text, func(w io.Writer) {
					for line := range strings.Lines(text.Text) {
						fmt.Fprintln(w, printable(strings.TrimRight(line, "\n")))
					}
				})
			})
		},
	}
}

func (s *session) docAppend() *cobra.Command {
	return &cobra.Command{
		Use: "append ID TEXT", Short: "Add a paragraph at the end; the text - reads lines from stdin, one paragraph each", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[1] != "-" {
				return s.onDocument(cmd.Context(), args[0], func(ctx context.Context, c *client.Client, d api.Doc) error {
					return s.appendLine(ctx, c, d, args[1])
				})
			}
			return s.appendLines(cmd.Context(), args[0])
		},
	}
}

func (s *session) appendLine(ctx context.Context, c *client.Client, d api.Doc, text string) error {
	_, err := client.Call[client.Nothing](ctx, c, "Docs.Append", client.Arg(api.DocAppend{Workspace: d.Workspace, ID: d.ID, Text: text}))
	if err != nil {
		return err
	}
	return s.printDoc(d, nil)
}

// appendLines adds line after line, each only when the one before is stored.
func (s *session) appendLines(ctx context.Context, wanted string) error {
	s.timeout = max(s.timeout, docWait)
	c, err := s.dial(ctx, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	ws, err := s.theWorkspace(ctx, c)
	if err != nil {
		return err
	}
	d, err := document(ctx, c, ws, wanted)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(s.Stdin)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		if err := s.appendOne(ctx, c, d, lines.Text()); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return invalid("A line is longer than a paragraph may be (1 MiB).")
	}
	return lines.Err()
}

func (s *session) appendOne(ctx context.Context, c *client.Client, d api.Doc, text string) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.appendLine(ctx, c, d, text)
}

func (s *session) docEdit() *cobra.Command {
	edit := api.DocEdit{}
	cmd := &cobra.Command{
		Use: "edit ID TEXT", Short: "Insert text at a position, after removing some there", Args: cobra.ExactArgs(2),
		Long: "Positions count UTF-16 code units from 0; the beginning of a paragraph, picture or footnote counts one.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.onDocument(cmd.Context(), args[0], func(ctx context.Context, c *client.Client, d api.Doc) error {
				edit.Workspace, edit.ID, edit.Text = d.Workspace, d.ID, args[1]
				_, err := client.Call[client.Nothing](ctx, c, "Docs.Edit", client.Arg(edit))
				return s.printDoc(d, err)
			})
		},
	}
	cmd.Flags().IntVar(&edit.At, "at", 0, "the position")
	cmd.Flags().IntVar(&edit.Delete, "delete", 0, "how many positions to remove there first")
	return cmd
}

// docChange is a command that changes the card of a document.
func (s *session) docChange(use, short, method string, args int, argument func(d api.Doc, args []string) []byte) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(args),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.onDocument(cmd.Context(), args[0], func(ctx context.Context, c *client.Client, d api.Doc) error {
				if _, err := client.Call[client.Nothing](ctx, c, method, argument(d, args)); err != nil {
					return err
				}
				d, err := document(ctx, c, api.Workspace{ID: d.Workspace}, d.ID)
				return s.printDoc(d, err)
			})
		},
	}
}

func (s *session) docRename() *cobra.Command {
	cmd := s.docChange("rename ID TITLE", "Give a document another title", "Docs.Rename", 2, func(d api.Doc, args []string) []byte {
		return client.Arg(api.DocName{Workspace: d.Workspace, ID: d.ID, Title: args[1]})
	})
	cmd.PreRunE = func(_ *cobra.Command, args []string) error { return checkTitle(args[1]) }
	return cmd
}

// checkTitle refuses what would leave a document without a name to call it by.
func checkTitle(title string) error {
	switch {
	case strings.TrimSpace(title) == "":
		return invalid("A document needs a title.")
	case utf8.RuneCountInString(title) > api.MaxDocTitle:
		return invalid("The title is longer than %s characters.", strconv.Itoa(api.MaxDocTitle))
	}
	return nil
}

func (s *session) docMove() *cobra.Command {
	return s.docChange("move ID FOLDER", `Put a document into a folder; "" is none`, "Docs.Move", 2, func(d api.Doc, args []string) []byte {
		return client.Arg(api.DocFolder{Workspace: d.Workspace, ID: d.ID, Folder: args[1]})
	})
}

func (s *session) docTrash() *cobra.Command {
	return s.docChange("trash ID", "Put a document into the trash", "Docs.Trash", 1, func(d api.Doc, _ []string) []byte {
		return client.Arg(refOf(d))
	})
}

func (s *session) docRestore() *cobra.Command {
	return s.docChange("restore ID", "Take a document out of the trash", "Docs.Restore", 1, func(d api.Doc, _ []string) []byte {
		return client.Arg(refOf(d))
	})
}

func (s *session) docHistory() *cobra.Command {
	return &cobra.Command{
		Use: "history ID", Short: "List who changed a document when", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.onDocument(cmd.Context(), args[0], func(ctx context.Context, c *client.Client, d api.Doc) error {
				all, err := client.Call[[]api.DocChange](ctx, c, "Docs.History", client.Arg(refOf(d)))
				if err != nil {
					return err
				}
				names, err := peopleNames(ctx, c, d.Workspace)
				if err != nil {
					return err
				}
				return s.print(map[string][]api.DocChange{"changes": list(all)}, func(w io.Writer) {
					var rows [][]string
					for _, change := range all {
						rows = append(rows, []string{short(change.Hash), clock(change.At), names[change.Person], fmt.Sprint(change.Ops)})
					}
					table(w, "CHANGE TIME PERSON OPERATIONS", rows)
				})
			})
		},
	}
}

func peopleNames(ctx context.Context, c *client.Client, ws string) (map[string]string, error) {
	all, err := client.Call[[]api.Person](ctx, c, "People.List", client.Arg(ws))
	names := map[string]string{}
	for _, p := range all {
		names[p.ID] = p.Name
	}
	return names, err
}

func (s *session) docImport() *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Make a document of a file (md, html, txt, docx, odt, automerge)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.timeout = max(s.timeout, docWait)
			data, err := readFile(args[0])
			if err != nil {
				return err
			}
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				made, err := client.Post[api.DocImported](ctx, c, "/content/import/"+ws.ID, map[string]string{"name": filepath.Base(args[0]), "folder": folder}, data)
				if err != nil {
					return err
				}
				s.printLosses(made.Report)
				return s.print(map[string]any{"doc": docRecord{Doc: made.Doc}, "report": made.Report}, func(w io.Writer) {
					fmt.Fprintf(w, "%s (%s)\n", printable(made.Doc.Title), short(made.Doc.ID))
				})
			})
		},
	}
	cmd.Flags().StringVar(&folder, "folder", "", "the folder it is put into")
	return cmd
}

// readFile reads a file that may be imported.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, invalid("The file cannot be read: %s.", err.Error())
	case info.IsDir() || info.Size() > api.MaxImport:
		return nil, invalid("%s is no file, or larger than 64 MiB.", quote(path))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, invalid("The file cannot be read: %s.", err.Error())
	}
	return data, nil
}
