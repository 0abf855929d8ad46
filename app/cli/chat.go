package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

// maxLine bounds one message read from stdin, in bytes.
const maxLine = 1 << 20

func (s *session) chatCommand() *cobra.Command {
	return group("chat", "Write and read messages", s.chatSend(), s.chatList(), s.chatFollow(),
		s.chatEdit(), s.chatDelete(), s.chatReact())
}

func (s *session) chatSend() *cobra.Command {
	var thread string
	cmd := &cobra.Command{
		Use: "send CHANNEL TEXT", Short: "Send a message; the text - reads lines from stdin, one message each", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.dial(cmd.Context(), nil)
			if err != nil {
				return err
			}
			defer c.Close()
			n, err := s.newMessage(cmd.Context(), c, args[0], thread)
			if err != nil {
				return err
			}
			if args[1] != "-" {
				n.Text = args[1]
				return s.send(cmd.Context(), c, n)
			}
			return s.sendLines(cmd.Context(), c, n)
		},
	}
	cmd.Flags().StringVar(&thread, "thread", "", "id of the message it answers")
	return cmd
}

// newMessage looks up where messages go, once for all of them.
func (s *session) newMessage(ctx context.Context, c *client.Client, channelName, thread string) (api.NewMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	ws, err := s.theWorkspace(ctx, c)
	if err != nil {
		return api.NewMessage{}, err
	}
	ch, err := channel(ctx, c, ws, channelName)
	if err == nil && thread != "" {
		thread, err = messageIn(ctx, c, ch, thread)
	}
	return api.NewMessage{Workspace: ws.ID, Channel: ch.ID, Thread: thread}, err
}

// send returns once the message is stored durably on this node.
func (s *session) send(ctx context.Context, c *client.Client, n api.NewMessage) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	sent, err := client.Call[api.SentMessage](ctx, c, "Chat.Send", client.Arg(n))
	if err != nil {
		return err
	}
	return s.print(map[string]api.SentMessage{"message": sent}, func(w io.Writer) { fmt.Fprintln(w, short(sent.ID)) })
}

// sendLines sends line after line, each only when the one before is stored: their
// order is the order of the input.
func (s *session) sendLines(ctx context.Context, c *client.Client, n api.NewMessage) error {
	lines := bufio.NewScanner(s.Stdin)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	number := 1
	for ; lines.Scan(); number++ {
		if n.Text = lines.Text(); n.Text == "" {
			continue
		}
		if err := s.send(ctx, c, n); err != nil {
			return atLine(number, err)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return atLine(number, &api.Error{Code: api.CodeInvalid, Message: "It is longer than 1 MiB, and a message has 16 KiB at most. Split it into several lines."})
	}
	return lines.Err()
}

// atLine says which line of the input a message could not be sent of: those before it are.
func atLine(number int, err error) error {
	e, ok := errors.AsType[*api.Error](err)
	if !ok {
		return err
	}
	before := "Nothing was sent."
	if number > 1 {
		before = "The lines before it are sent."
	}
	return &api.Error{Code: e.Code, Message: fmt.Sprintf("Line %d of the input: %s %s", number, e.Message, before)}
}

func (s *session) chatList() *cobra.Command {
	var q api.MessageQuery
	cmd := &cobra.Command{
		Use: "list CHANNEL", Short: "List the messages of a channel, oldest first", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.Limit < 1 {
				return invalid("--limit must be 1 or more.")
			}
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				ch, err := channel(ctx, c, ws, args[0])
				if err != nil {
					return err
				}
				q.Workspace, q.Channel = ws.ID, ch.ID
				for _, id := range []*string{&q.Thread, &q.Before} {
					if *id != "" {
						if *id, err = messageIn(ctx, c, ch, *id); err != nil {
							return err
						}
					}
				}
				all, more, err := pages(ctx, c, q)
				if err != nil {
					return err
				}
				if more && !cmd.Flags().Changed("limit") && !s.json {
					fmt.Fprintf(s.Stderr, "These are the newest %d; there are older ones. For more: --limit 500, or --before %s\n", len(all), short(all[0].ID))
				}
				return s.print(map[string][]api.Message{"messages": list(all)}, func(w io.Writer) {
					for _, m := range all {
						fmt.Fprintln(w, line(m))
					}
				})
			})
		},
	}
	cmd.Flags().IntVar(&q.Limit, "limit", 50, "how many, the newest")
	cmd.Flags().StringVar(&q.Before, "before", "", "only messages before this one, by its id")
	cmd.Flags().StringVar(&q.Thread, "thread", "", "only this message, by its id, and the answers to it")
	return cmd
}

// pages reads the newest q.Limit messages, page by page, oldest first, and says whether
// there are more.
func pages(ctx context.Context, c *client.Client, q api.MessageQuery) (all []api.Message, more bool, err error) {
	const page = 500
	var newestFirst [][]api.Message
	left, count := q.Limit, 0
	for left > 0 {
		q.Limit = min(left, page)
		got, err := client.Call[api.MessagePage](ctx, c, "Chat.Messages", client.Arg(q))
		if err != nil {
			return nil, false, err
		}
		more = got.More
		newestFirst = append(newestFirst, got.Messages)
		count += len(got.Messages)
		left -= len(got.Messages)
		if !got.More || len(got.Messages) == 0 {
			break
		}
		q.Before = got.Messages[0].ID
	}
	all = make([]api.Message, 0, count)
	for i := len(newestFirst) - 1; i >= 0; i-- {
		all = append(all, newestFirst[i]...)
	}
	return all, more && count > 0, nil
}

// line is one message for people. Line breaks in it cannot fake another message.
func line(m api.Message) string {
	text := printable(m.Text)
	if m.Deleted {
		text = "(deleted)"
	}
	return fmt.Sprintf("%s  %s  %s: %s%s", short(m.ID), clock(m.Sent), printable(m.AuthorName), text, extras(m))
}

// extras is what stands behind a message: that it was edited, reactions, answers.
func extras(m api.Message) string {
	var all strings.Builder
	if m.Edited > 0 && !m.Deleted {
		all.WriteString("  (edited)")
	}
	for _, r := range m.Reactions {
		fmt.Fprintf(&all, "  %s %d", printable(r.Emoji), len(r.People))
	}
	if m.Replies > 0 {
		fmt.Fprintf(&all, "  [%d in its thread]", m.Replies)
	}
	return all.String()
}

func (s *session) chatFollow() *cobra.Command {
	return &cobra.Command{
		Use: "follow CHANNEL", Short: "Print each new or changed message as one JSON line, until interrupted", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return s.follow(ctx, args[0])
		},
	}
}

// follow prints facts as they arrive. After a break it prints the newest page
// again: messages are told apart by their id, so repeats do no harm.
func (s *session) follow(ctx context.Context, name string) error {
	events := make(chan client.Event, 1024)
	c, err := s.dial(ctx, func(e client.Event) {
		if e.Event == api.EventMessage || e.Event == api.EventReload {
			select {
			case events <- e:
			case <-ctx.Done():
			}
		}
	})
	if err != nil {
		return err
	}
	defer c.Close()
	n, err := s.newMessage(ctx, c, name, "")
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Stderr, "following", printable(name))
	for {
		select {
		case e := <-events:
			if err := s.fact(ctx, c, n, e); err != nil {
				return err
			}
		case <-c.Done():
			return client.ErrClosed
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *session) fact(ctx context.Context, c *client.Client, where api.NewMessage, e client.Event) error {
	if e.Event == api.EventReload {
		page, err := client.Call[api.MessagePage](ctx, c, "Chat.Messages", client.Arg(api.MessageQuery{Workspace: where.Workspace, Channel: where.Channel, Limit: 500}))
		for _, m := range page.Messages {
			err = errors.Join(err, s.printLine(m))
		}
		return err
	}
	var m api.Message
	if err := json.Unmarshal(e.Data, &m); err != nil {
		return fmt.Errorf("read an event: %w", err)
	}
	if m.Workspace != where.Workspace || m.Channel != where.Channel {
		return nil
	}
	return s.printLine(m)
}
