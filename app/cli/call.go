package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) callCommand() *cobra.Command {
	return group("call", "Start, join and watch calls", s.callStart(), s.callJoin(), s.callLeave(), s.callStats(), s.callList(),
		s.callLink(), s.callGuests(),
		s.callDoor("admit", "Let a guest in who waits", "Calls.Admit", "%s comes in, as a guest."),
		s.callDoor("refuse", "Refuse a guest who waits", "Calls.Remove", "%s was refused."),
		s.callDoor("remove", "Send a guest out of the call", "Calls.Remove", "%s was sent out of the call."))
}

// mediaFlag is what is sent and played in a call. Camera and microphone belong to a
// page: from a terminal there are none.
func mediaFlag(cmd *cobra.Command, media *string, recording *bool) {
	cmd.Flags().BoolVar(recording, "allow-recording", false, "agree when a participant asks to record the call; without it recordings go on without what this terminal sends")
	cmd.Flags().StringVar(media, "media", api.MediaNone, "what to send: test (a generated picture and tone; counts what it receives) or none")
}

func checkMedia(media string) error {
	if media != api.MediaTest && media != api.MediaNone {
		return invalid("--media is test or none.")
	}
	return nil
}

func (s *session) callStart() *cobra.Command {
	var media string
	var recording bool
	cmd := &cobra.Command{
		Use: "start CHANNEL", Short: "Start a call in a channel and join it; where one goes on, join that one", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkMedia(media); err != nil {
				return err
			}
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				ch, err := channel(ctx, c, ws, args[0])
				if err != nil {
					return err
				}
				started, err := client.Call[api.Call](ctx, c, "Calls.Start", client.Arg(api.NewCall{Workspace: ws.ID, Channel: ch.ID, Media: media, AllowRecording: recording}))
				return s.printCall(started, err)
			})
		},
	}
	mediaFlag(cmd, &media, &recording)
	return cmd
}

func (s *session) callJoin() *cobra.Command {
	var media string
	var recording bool
	cmd := &cobra.Command{
		Use: "join ID", Short: "Join a call", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkMedia(media); err != nil {
				return err
			}
			return s.onCall(cmd.Context(), args[0], func(ctx context.Context, c *client.Client, found api.Call) error {
				joined, err := client.Call[api.Call](ctx, c, "Calls.Join", client.Arg(api.JoinCall{Workspace: found.Workspace, ID: found.ID, Media: media, AllowRecording: recording}))
				return s.printCall(joined, err)
			})
		},
	}
	mediaFlag(cmd, &media, &recording)
	return cmd
}

func (s *session) printCall(c api.Call, err error) error {
	if err != nil {
		return err
	}
	return s.print(map[string]api.Call{"call": c}, func(w io.Writer) { fmt.Fprintln(w, short(c.ID)) })
}

func (s *session) callLeave() *cobra.Command {
	return &cobra.Command{
		Use: "leave", Short: "Leave the call that this node is in", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				if _, err := client.Call[*client.Nothing](ctx, c, "Calls.Leave"); err != nil {
					return err
				}
				return s.print(map[string]bool{"left": true}, func(w io.Writer) { fmt.Fprintln(w, "You left the call.") })
			})
		},
	}
}

func (s *session) callStats() *cobra.Command {
	return &cobra.Command{
		Use: "stats ID", Short: "Show how the connections of the call are that this node is in", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.onCall(cmd.Context(), args[0], func(ctx context.Context, c *client.Client, found api.Call) error {
				stats, err := client.Call[api.CallStats](ctx, c, "Calls.Stats", client.Arg(api.CallRef{Workspace: found.Workspace, ID: found.ID}))
				if err != nil {
					return err
				}
				stats.Participants = list(stats.Participants)
				return s.print(stats, func(w io.Writer) {
					table(w, "NAME STATE PATH RTT-MS KBPS PICTURES BAD SOUND LOST", statRows(stats))
					if way := carriedBy(stats); way != "" {
						fmt.Fprintln(w, way)
					}
				})
			})
		},
	}
}

func statRows(stats api.CallStats) (rows [][]string) {
	n := func(n int64) string { return strconv.FormatInt(n, 10) }
	for _, p := range stats.Participants {
		rows = append(rows, []string{
			p.Name, p.State, pathOf(p, stats), n(p.RTTMs), strconv.Itoa(p.Kbps), n(p.FramesReceived), n(p.FramesBad), n(p.AudioPackets), n(p.AudioLost),
		})
	}
	return rows
}

// pathOf is the way that sound and pictures take to and from a participant: through whoever
// carries those of all, else the path of the connection.
func pathOf(p api.CallStat, stats api.CallStats) string {
	if p.Path == "" {
		return "" // there is no connection
	}
	if stats.BySuperPeer {
		return "super-peer"
	}
	for _, other := range stats.Participants {
		if other.Device == stats.Forwarder && other.Device != p.Device {
			return "through " + other.Name
		}
	}
	return p.Path
}

// carriedBy says who carries the sound and pictures of all; empty: each sends to each.
func carriedBy(stats api.CallStats) string {
	if stats.BySuperPeer {
		return "A super-peer carries the sound and pictures of all."
	}
	for _, p := range stats.Participants {
		if p.Device == stats.Forwarder {
			return printable(p.Name) + " carries the sound and pictures of all."
		}
	}
	if stats.Forwarder != "" {
		return "This computer carries the sound and pictures of all."
	}
	return ""
}

func (s *session) callList() *cobra.Command {
	var in string
	cmd := &cobra.Command{
		Use: "list", Short: "List the calls, the oldest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				query := api.CallQuery{Workspace: ws.ID}
				if in != "" {
					ch, err := channel(ctx, c, ws, in)
					if err != nil {
						return err
					}
					query.Channel = ch.ID
				}
				all, err := client.Call[[]api.Call](ctx, c, "Calls.List", client.Arg(query))
				if err != nil {
					return err
				}
				names, err := callNames(ctx, c, ws)
				if err != nil {
					return err
				}
				return s.print(map[string][]api.Call{"calls": list(all)}, func(w io.Writer) {
					table(w, "ID STARTED CHANNEL PEOPLE STATE", callRows(all, names))
				})
			})
		},
	}
	cmd.Flags().StringVar(&in, "channel", "", "only those of this channel")
	return cmd
}

// callNames are the names of channels and people, by their ids.
func callNames(ctx context.Context, c *client.Client, ws api.Workspace) (map[string]string, error) {
	channels, err := client.Call[[]api.Channel](ctx, c, "Chat.Channels", client.Arg(ws.ID))
	if err != nil {
		return nil, err
	}
	people, err := client.Call[[]api.Person](ctx, c, "People.List", client.Arg(ws.ID))
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, ch := range channels {
		names[ch.ID] = ch.Name
	}
	for _, p := range people {
		names[p.ID] = p.Name
	}
	return names, nil
}

// callRows shows who is in a call, or of one that is over who was; first who started it.
func callRows(all []api.Call, names map[string]string) (rows [][]string) {
	named := func(id string) string { return cmp.Or(names[id], short(id)) }
	for _, found := range all {
		people := found.People
		if len(found.Participants) > 0 {
			people = nil
			for _, p := range found.Participants {
				people = append(people, p.Person)
			}
		}
		var seen, there []string
		for _, id := range people {
			if slices.Contains(seen, id) {
				continue
			}
			seen = append(seen, id)
			if id == found.By {
				there = slices.Insert(there, 0, named(id))
			} else {
				there = append(there, named(id))
			}
		}
		rows = append(rows, []string{short(found.ID), clock(found.Started), named(found.Channel), strings.Join(there, ", "), callWord(found)})
	}
	return rows
}

// callWord is how a call stands, in a word.
func callWord(c api.Call) string {
	switch {
	case c.Here:
		return "here"
	case len(c.Participants) > 0:
		return "open"
	case c.Missed:
		return "missed"
	}
	return "over"
}

// onCall runs a command about one call, named by its id or the beginning of it.
func (s *session) onCall(ctx context.Context, wanted string, do func(ctx context.Context, c *client.Client, found api.Call) error) error {
	return s.in(ctx, func(ctx context.Context, c *client.Client, ws api.Workspace) error {
		all, err := client.Call[[]api.Call](ctx, c, "Calls.List", client.Arg(api.CallQuery{Workspace: ws.ID}))
		if err != nil {
			return err
		}
		things := make([]named, len(all))
		for i, found := range all {
			things[i] = named{found.ID, found.ID}
		}
		i, err := find("call", wanted, things)
		if err != nil {
			return err
		}
		return do(ctx, c, all[i])
	})
}
