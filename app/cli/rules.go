package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) workspaceRules() *cobra.Command {
	var trustees []string
	var quorum int
	var instant bool
	cmd := &cobra.Command{
		Use: "rules", Short: "Show what holds for the whole workspace; its first owner changes it", Args: cobra.NoArgs,
		Long: "Show what holds for the whole workspace. Trustees together can take the office of an owner or admin, the first owner's too: without\n" +
			"them nobody can. So many of them as the quorum says could do it to you as well: choose people who would not do it lightly.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				rules, err := client.Call[api.Rules](ctx, c, "Members.Rules", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				flags := cmd.Flags()
				if flags.Changed("trustee") {
					named := slices.DeleteFunc(trustees, func(name string) bool { return name == "" }) // none
					if rules.Trustees, err = persons(ctx, c, ws.ID, named); err != nil {
						return err
					}
					rules.Quorum = len(rules.Trustees)/2 + min(len(rules.Trustees), 1)
				}
				if flags.Changed("quorum") {
					rules.Quorum = quorum
				}
				if flags.Changed("instant") {
					rules.Instant = instant
				}
				if flags.Changed("trustee") || flags.Changed("quorum") || flags.Changed("instant") {
					if err := does(ctx, c, "Members.SetRules", rules); err != nil {
						return err
					}
				}
				people, err := client.Call[[]api.Person](ctx, c, "People.List", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				return s.print(map[string]api.Rules{"rules": rules}, func(w io.Writer) { showRules(w, rules, people) })
			})
		},
	}
	cmd.Flags().StringArrayVar(&trustees, "trustee", nil, "a person who is a trustee; may be repeated; empty: none")
	cmd.Flags().IntVar(&quorum, "quorum", 0, "how many trustees together depose somebody (more than half of them unless you say so)")
	cmd.Flags().BoolVar(&instant, "instant", true, "invitations may let people in before codes were compared")
	return cmd
}

func showRules(w io.Writer, rules api.Rules, people []api.Person) {
	var names []string
	here := 0
	for _, p := range people {
		for _, id := range rules.Trustees {
			if p.ID != id {
				continue
			}
			if out(p) {
				names = append(names, p.Name+" ("+p.State+")")
			} else {
				names = append(names, p.Name)
				here++
			}
		}
	}
	if len(names) == 0 {
		fmt.Fprintln(w, "There are no trustees: nobody can take the first owner's office.")
	} else {
		fmt.Fprintf(w, "%d of these trustees together can depose an owner or admin: %s.\n", rules.Quorum, printable(strings.Join(names, ", ")))
		if here < rules.Quorum {
			fmt.Fprintln(w, "! Too few of them are still here: nobody can be deposed until the first owner names others.")
		}
	}
	if len(names) == 0 && rules.Change {
		suggestTrustees(w, people)
	}
	if rules.Instant {
		fmt.Fprintln(w, "Invitations may let people in before codes were compared.")
	} else {
		fmt.Fprintln(w, "Nobody is let in before codes were compared.")
	}
}

// suggestTrustees proposes two of three as soon as there are three people (protocol 2.2).
func suggestTrustees(w io.Writer, people []api.Person) {
	var able []api.Person
	for _, p := range people {
		if !out(p) && p.State != "suspended" && p.Role != "guest" {
			able = append(able, p)
		}
	}
	if len(able) < 3 {
		return
	}
	slices.SortStableFunc(able, func(a, b api.Person) int { return cmp.Compare(prominence(a), prominence(b)) })
	fmt.Fprint(w, "Name three, two of whom can replace you if something happens to you: parvis workspace rules")
	for _, p := range able[:3] {
		wanted := quote(p.Name)
		if slices.ContainsFunc(people, func(o api.Person) bool { return o.ID != p.ID && strings.EqualFold(o.Name, p.Name) }) {
			wanted = p.ID // the name alone would not say who
		}
		fmt.Fprintf(w, " --trustee %s", wanted)
	}
	fmt.Fprintln(w)
}

// prominence orders who is proposed: oneself, then those with an office.
func prominence(p api.Person) int {
	if p.Self {
		return -1
	}
	return slices.Index([]string{"owner", "admin", "member"}, p.Role)
}

func (s *session) personConsent() *cobra.Command {
	var successor string
	cmd := &cobra.Command{
		Use: "consent PERSON", Short: "As a trustee, agree that somebody is deposed: prints a text for another trustee", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				d, err := deposition(ctx, c, ws.ID, args[0], successor)
				if err != nil {
					return err
				}
				text, err := client.Call[string](ctx, c, "Members.Consent", client.Arg(d))
				if err != nil {
					return err
				}
				return s.print(map[string]string{"consent": text}, func(w io.Writer) { fmt.Fprintln(w, text) })
			})
		},
	}
	cmd.Flags().StringVar(&successor, "successor", "", "who takes an owner's place; the last owner needs one")
	return cmd
}

// deposition finds whom it is about.
func deposition(ctx context.Context, c *client.Client, ws, wanted, successor string) (api.Deposition, error) {
	p, err := person(ctx, c, ws, wanted)
	d := api.Deposition{Workspace: ws, Person: p.ID}
	if err != nil || successor == "" {
		return d, err
	}
	next, err := person(ctx, c, ws, successor)
	d.Successor = next.ID
	return d, err
}

func (s *session) personDepose() *cobra.Command {
	var consents []string
	var successor string
	cmd := &cobra.Command{
		Use: "depose PERSON", Short: "As a trustee, take the office of an owner or admin together with other trustees", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.onPerson(cmd, args[0], func(ctx context.Context, c *client.Client, p api.Person) error {
				d, err := deposition(ctx, c, p.Workspace, p.ID, successor)
				if err != nil {
					return err
				}
				d.Consents = consents
				return does(ctx, c, "Members.Depose", d)
			}, func(p api.Person) string { return quote(p.Name) + " is a " + p.Role + " now." })
		},
	}
	cmd.Flags().StringVar(&successor, "successor", "", "who takes an owner's place; the last owner needs one")
	cmd.Flags().StringArrayVar(&consents, "consent", nil, "what another trustee got from \"parvis people consent\"; may be repeated")
	return cmd
}
