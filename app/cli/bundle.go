package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web"
	"parvis/app/web/client"
)

func (s *session) bundleCommand() *cobra.Command {
	return group("bundle", "Carry a workspace by hand, in one file", s.bundleExport(), s.bundleImport())
}

// bundleRecord is what scripts read of a bundle that was written.
type bundleRecord struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
	api.BundleMade
}

func (s *session) bundleExport() *cobra.Command {
	var to string
	var all, textOnly bool
	cmd := &cobra.Command{
		Use: "export FILE", Short: "Write what the others lack to a file, for a USB stick", Args: cobra.ExactArgs(1),
		Long: "Write what other devices of the workspace lack to one file, to be carried to them and imported there with: parvis bundle import FILE\n" +
			"The file is encrypted for the workspace and signed by this device; to anybody else it is noise.\n\n" +
			"It holds the membership log, the messages and changes that some other active device is not known to have, and all pictures.\n" +
			"A device is known to have something once it said so: over the network, or in a bundle that came back from it.\n" +
			"With --for it holds what that person's devices, or that device, lack and may read. With --all it leaves nothing out.\n" +
			"A FILE that is there already is replaced once the new one is complete.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.inAtLeisure(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				query := url.Values{}
				if to != "" {
					id, err := personOrDevice(ctx, c, ws, to)
					if err != nil {
						return err
					}
					query.Set("for", id)
				}
				for name, set := range map[string]bool{"all": all, "text-only": textOnly} {
					if set {
						query.Set(name, "")
					}
				}
				made, err := saveBundle(ctx, c, "/content/bundle/"+ws.ID, query, args[0])
				if err != nil {
					return err
				}
				return s.print(map[string]bundleRecord{"bundle": made}, func(w io.Writer) {
					fmt.Fprintf(w, "%s: %s, %s, %s of pictures; %d bytes.\n", printable(made.File), count(made.Envelopes, "message or change", "messages and changes"),
						count(made.Entries, "log entry", "log entries"), count(made.Blocks, "block", "blocks"), made.Bytes)
					fmt.Fprintln(w, "Carry it to the other device and run there: parvis bundle import FILE")
				})
			})
		},
	}
	cmd.Flags().StringVar(&to, "for", "", "the person or device that gets it (default: all others)")
	cmd.Flags().BoolVar(&all, "all", false, "also what they are known to have")
	cmd.Flags().BoolVar(&textOnly, "text-only", false, "leave the pictures out")
	return cmd
}

// inAtLeisure is in without a limit of time for what comes after the workspace was
// found: that depends on the size of a file.
func (s *session) inAtLeisure(ctx context.Context, do func(ctx context.Context, c *client.Client, ws api.Workspace) error) error {
	var found api.Workspace
	if err := s.in(ctx, func(_ context.Context, _ *client.Client, ws api.Workspace) error { found = ws; return nil }); err != nil {
		return err
	}
	c, err := s.dial(ctx, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	return do(ctx, c, found)
}

// personOrDevice finds whom a bundle is for: a person, or one of the own devices by
// its name, or any device by its id.
func personOrDevice(ctx context.Context, c *client.Client, ws api.Workspace, wanted string) (string, error) {
	const whole = 64 // digits of an id: the node knows whose it is
	if len(wanted) == whole {
		return wanted, nil
	}
	p, err := person(ctx, c, ws.ID, wanted)
	if err == nil {
		return p.ID, nil
	}
	if f, ok := errors.AsType[*failure](err); !ok || f.code != api.CodeNotFound {
		return "", err
	}
	d, err := oneDevice(ctx, c, wanted)
	if f, ok := errors.AsType[*failure](err); ok && f.code == api.CodeNotFound {
		return "", &failure{code: api.CodeNotFound, message: "There is no person or device " + quote(wanted) + ". See: parvis people list, parvis device list", exit: ExitFailed}
	}
	return d.ID, err
}

// saveBundle writes a bundle beside its place first: there is never half a bundle
// under its name.
func saveBundle(ctx context.Context, c *client.Client, path string, query url.Values, name string) (made bundleRecord, err error) {
	part, err := os.CreateTemp(filepath.Dir(name), ".parvis-*.part")
	if err != nil {
		return made, invalid("The file cannot be written: %s. Choose another place.", err.Error())
	}
	defer func() {
		if err != nil {
			_ = part.Close()
			_ = os.Remove(part.Name())
		}
	}()
	out := &noting{to: part}
	trailer, err := c.Download(ctx, path, query, out)
	if out.failed != nil {
		return made, invalid("The file cannot be written: %s. Choose another place.", out.failed.Error())
	}
	if err != nil {
		return made, err
	}
	counts := trailer.Get(web.BundleTrailer)
	if counts == "" || json.Unmarshal([]byte(counts), &made.BundleMade) != nil {
		failed := &api.Error{Code: api.CodeInternal, Message: "The node did not finish the bundle. Please try again."}
		_ = json.Unmarshal([]byte(trailer.Get(web.FailureTrailer)), failed)
		return made, failed
	}
	if err := errors.Join(part.Sync(), part.Close()); err != nil {
		return made, invalid("The file cannot be written: %s. Choose another place.", err.Error())
	}
	if err := os.Rename(part.Name(), name); err != nil {
		return made, invalid("The file cannot be written: %s. Choose another place.", err.Error())
	}
	if folder, err := os.Open(filepath.Dir(name)); err == nil { // a stick is pulled out soon; where folders cannot be flushed, nothing is lost
		_ = folder.Sync()
		_ = folder.Close()
	}
	made.File, made.Bytes = name, out.bytes
	return made, nil
}

// noting counts what it writes and remembers why it could not.
type noting struct {
	to     io.Writer
	bytes  int64
	failed error
}

func (n *noting) Write(p []byte) (int, error) {
	written, err := n.to.Write(p)
	n.bytes += int64(written)
	n.failed = err
	return written, err
}

func (s *session) bundleImport() *cobra.Command {
	return &cobra.Command{
		Use: "import FILE", Short: "Take what is new out of a bundle", Args: cobra.ExactArgs(1),
		Long: "Take what is new out of a file that parvis bundle export wrote on another device of the workspace. The whole file is checked first;\n" +
			"a damaged, foreign or forged one changes nothing. To import a file twice does no harm.",
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return invalid("The file cannot be read: %s.", err.Error())
			}
			defer file.Close()
			if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
				return invalid("%s is no file. Name the file that parvis bundle export wrote.", quote(args[0]))
			}
			take := func(ctx context.Context, c *client.Client, ws string) error {
				taken, err := client.Upload[api.BundleTaken](ctx, c, "/content/bundle", url.Values{"workspace": {ws}}, file)
				if err != nil {
					return err
				}
				return s.print(map[string]api.BundleTaken{"import": taken}, func(w io.Writer) { showTaken(w, taken) })
			}
			if s.workspace != "" {
				return s.inAtLeisure(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error { return take(ctx, c, ws.ID) })
			}
			c, err := s.dial(cmd.Context(), nil) // the bundle says which workspace it is for
			if err != nil {
				return err
			}
			defer c.Close()
			return take(cmd.Context(), c, "")
		},
	}
}

func showTaken(w io.Writer, t api.BundleTaken) {
	fmt.Fprintf(w, "%s, %s and %s of pictures are new; %d were here already.\n", count(t.Envelopes, "message or change", "messages and changes"),
		count(t.Entries, "log entry", "log entries"), count(t.Blocks, "block", "blocks"), t.Known)
	if t.Elsewhere > 0 {
		fmt.Fprintf(w, "%d are for other devices and were left out.\n", t.Elsewhere)
	}
	if t.Waiting > 0 {
		fmt.Fprintf(w, "! %d build on what is missing here. Ask for a bundle made for this device, or with --all.\n", t.Waiting)
	}
	if t.Refused > 0 {
		fmt.Fprintf(w, "! %d were refused; the rest is in:\n", t.Refused)
		for _, r := range t.Reasons {
			fmt.Fprintf(w, "  %s %s: %s\n", printable(r.What), short(r.ID), printable(r.Reason))
		}
	}
}

// count says how many there are of a thing.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
