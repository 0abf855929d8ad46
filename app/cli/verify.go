package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

// verifyCommand compares codes: with somebody who is in, or as the inviter's side of an
// invitation with codes first, or because somebody else began.
func (s *session) verifyCommand() *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{
		Use: "verify [PERSON]", Short: "Compare codes with somebody, so that you know who it is", Args: cobra.MaximumNArgs(1),
		Long: "Compares codes with somebody who is in the workspace and online: each of you reads a code out, on the phone or face to face, and types the other's. Without a PERSON it waits for somebody who opens an invitation with codes first, or who wants to verify you.",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), wait)
			defer cancel()
			return s.withEvents(ctx, func(ctx context.Context, node *client.Client, news <-chan struct{}) error {
				if len(args) == 0 {
					return s.verify(ctx, node, news)
				}
				ws, err := s.theWorkspace(ctx, node)
				if err != nil {
					return err
				}
				other, err := person(ctx, node, ws.ID, args[0])
				if err != nil {
					return err
				}
				begun, err := client.Call[api.Comparison](ctx, node, "People.Verify", client.Arg(ws.ID), client.Arg(other.ID))
				if err != nil {
					return err
				}
				return s.verifyPerson(ctx, node, news, begun)
			})
		},
	}
	cmd.Flags().Var(newSpan(&wait, 10*time.Minute), "wait", "how long to wait for the other person")
	return cmd
}

// verify answers what others begin.
func (s *session) verify(ctx context.Context, node *client.Client, news <-chan struct{}) error {
	asking := s.newCodes()
	for {
		all, err := client.Call[[]api.Comparison](ctx, node, "Workspaces.Comparisons")
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(all, func(c api.Comparison) bool { return c.Person != "" && c.State == "compare" }); i >= 0 {
			return s.verifyPerson(ctx, node, news, all[i])
		}
		answered, err := asking.look(ctx, node, news, func(c api.Comparison) bool { return c.Inviter && !c.Device && c.Person == "" })
		if err != nil {
			return err
		}
		if answered {
			return s.letIn(ctx, node, news, asking.last)
		}
		if err := await(ctx, node, news, "Nobody opened an invitation with codes first, or wanted to verify you, in this time."); err != nil {
			return err
		}
	}
}

// letIn waits until the codes of an invitation were compared, and says what became of it.
func (s *session) letIn(ctx context.Context, node *client.Client, news <-chan struct{}, id string) error {
	fmt.Fprintln(s.Stderr, "Waiting for the other person's code …")
	for {
		how, spent := s.codesEnded.of(id)
		switch {
		case how == "verified":
			return s.print(map[string]string{"codes": how}, func(w io.Writer) {
				fmt.Fprintln(w, "Both codes are right: the person is let in. See parvis people list.")
			})
		case spent:
			return &failure{code: api.CodeRefused, exit: ExitFailed, message: s.codesEnded.sentence(id) + " Nobody was let in. This was the third failure: the invitation has ended. Make a new one."}
		case how != "":
			return &failure{code: api.CodeRefused, exit: ExitFailed, message: s.codesEnded.sentence(id) + " Nobody was let in. Ask the person to open the invitation again; after three failures it ends."}
		}
		if err := await(ctx, node, news, "The codes were not compared in this time. Nobody is let in by it."); err != nil {
			return err
		}
	}
}

// verifyPerson carries one comparison with somebody who is in to its end.
func (s *session) verifyPerson(ctx context.Context, node *client.Client, news <-chan struct{}, begun api.Comparison) error {
	asking := s.newCodes()
	for {
		if _, err := asking.look(ctx, node, news, func(c api.Comparison) bool { return c.ID == begun.ID }); err != nil {
			return err
		}
		all, err := client.Call[[]api.Comparison](ctx, node, "Workspaces.Comparisons")
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(c api.Comparison) bool { return c.ID == begun.ID }) {
			return s.verdict(ctx, node, begun)
		}
		if err := await(ctx, node, news, "The codes were not compared in this time. Nobody is verified by it."); err != nil {
			return err
		}
	}
}

// How long after a comparison its record is looked for, which is written last.
const (
	recordTime  = 2 * time.Second
	recordEvery = 50 * time.Millisecond
)

// verdict says what became of a comparison that is over.
func (s *session) verdict(ctx context.Context, node *client.Client, c api.Comparison) error {
	for range recordTime / recordEvery {
		other, err := nameIn(ctx, node, c.Workspace, c.Person)
		if err != nil {
			return err
		}
		if other.VerifiedAt >= c.Begun {
			return s.print(map[string]api.Person{"person": other}, func(w io.Writer) {
				fmt.Fprintf(w, "%s is verified.\n", printable(other.Name))
			})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(recordEvery):
		}
	}
	return &failure{
		code: api.CodeRefused, exit: ExitFailed,
		message: s.codesEnded.sentence(c.ID) + " Nobody is verified by it. Try again in ten seconds.",
	}
}

// nameIn is a person by the id.
func nameIn(ctx context.Context, node *client.Client, ws, id string) (api.Person, error) {
	all, err := client.Call[[]api.Person](ctx, node, "People.List", client.Arg(ws))
	if err != nil {
		return api.Person{}, err
	}
	i := slices.IndexFunc(all, func(p api.Person) bool { return p.ID == id })
	if i < 0 {
		return api.Person{}, errors.New("a comparison with nobody") // a bug of the node
	}
	return all[i], nil
}

// introduceCommand tells the others whom one verified.
func (s *session) introduceCommand() *cobra.Command {
	return &cobra.Command{
		Use: "introduce PERSON", Short: "Tell everybody that you have verified somebody", Args: cobra.ExactArgs(1),
		Long: "Tells everybody in the workspace that you have verified somebody. They see that you say so; they are no surer by it than of you.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				other, err := person(ctx, c, ws.ID, args[0])
				if err != nil {
					return err
				}
				if _, err := client.Call[*client.Nothing](ctx, c, "People.Vouch", client.Arg(ws.ID), client.Arg(other.ID)); err != nil {
					return err
				}
				return s.print(map[string]api.Person{"person": other}, func(w io.Writer) {
					fmt.Fprintf(w, "Everybody sees now that you have verified %s.\n", printable(other.Name))
				})
			})
		},
	}
}
