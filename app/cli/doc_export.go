package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

// endings are the formats of documents by the endings of their files.
var endings = map[string]string{
	".md": "md", ".markdown": "md", ".html": "html", ".htm": "html", ".txt": "txt",
	".docx": "docx", ".odt": "odt", ".pdf": "pdf", ".automerge": "automerge",
}

// formatOf is the format of a file that is to be called out: what the ending of its
// name says, which formatName must not contradict.
func formatOf(out, formatName string) (string, error) {
	ending := strings.ToLower(filepath.Ext(out))
	meant, known := endings[ending]
	switch {
	case out == "-" || ending == "" || !known && formatName != "":
		return cmp.Or(formatName, "md"), nil
	case !known:
		return "", invalid("No format ends in %s. Say with --format which one you want: md, html, txt, docx, odt, pdf or automerge.", quote(ending))
	case formatName != "" && formatName != meant:
		return "", invalid("A file that ends in %s would be opened as %s, but --format says %s. Change one of them.", quote(ending), meant, quote(formatName))
	}
	return meant, nil
}

func (s *session) docExport() *cobra.Command {
	var formatName, out, lang string
	var force, comments bool
	cmd := &cobra.Command{
		Use: "export ID", Short: "Write a document to a file; what the format cannot hold is reported on stderr", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := formatOf(out, formatName)
			if err != nil {
				return err
			}
			return s.onDocument(cmd.Context(), args[0], func(ctx context.Context, c *client.Client, d api.Doc) error {
				made, err := client.Call[api.DocExported](ctx, c, "Docs.Export", client.Arg(api.DocExport{Workspace: d.Workspace, ID: d.ID, Format: chosen, Lang: lang, Comments: comments}))
				if err != nil {
					return err
				}
				data, err := c.Get(ctx, "/content/export/"+made.Token)
				if err != nil {
					return err
				}
				if out == "-" {
					_, err = s.Stdout.Write(data)
					return err
				}
				mode := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
				if out == "" {
					out = filepath.Base(made.Name)
					if !force { // nobody named this file: it may be somebody's source
						mode |= os.O_EXCL
					}
				}
				if err := writeFile(out, data, mode); errors.Is(err, fs.ErrExist) {
					return invalid("%s is there already. Name another file with -o, or replace it with --force.", quote(out))
				} else if err != nil {
					return invalid("The file cannot be written: %s.", err.Error())
				}
				s.printLosses(made.Report)
				return s.print(map[string]any{"file": out, "size": made.Size, "report": made.Report}, func(w io.Writer) { fmt.Fprintln(w, out) })
			})
		},
	}
	cmd.Flags().StringVar(&formatName, "format", "", "md, html, txt, docx, odt, pdf or automerge (default: what the file's ending says, or else md)")
	cmd.Flags().StringVarP(&out, "output", "o", "", "the file to write (default: the document's title; - is stdout)")
	cmd.Flags().StringVar(&lang, "lang", "en", "en or fr: the words that a format itself writes")
	cmd.Flags().BoolVar(&comments, "comments", false, "with the comments in a pdf; the other formats hold them where they can")
	cmd.Flags().BoolVar(&force, "force", false, "replace a file that has the document's title; one that -o names is replaced anyway")
	return cmd
}

func writeFile(path string, data []byte, mode int) error {
	file, err := os.OpenFile(path, mode, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

// printLosses names on stderr what did not make it.
func (s *session) printLosses(report []api.DocLoss) {
	for _, loss := range report {
		fmt.Fprintf(s.Stderr, "parvis: not kept: %s (%d)\n", printable(lossText(loss.What)), loss.Count)
	}
}
