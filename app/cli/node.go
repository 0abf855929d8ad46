package cli

import (
	"context"
	"errors"

	"parvis/app/web/client"
	"parvis/app/web/endpoint"
)

// dial connects to the node of the data folder.
func (s *session) dial(ctx context.Context, hear func(client.Event)) (*client.Client, error) {
	at, err := endpoint.Read(s.data)
	if errors.Is(err, endpoint.ErrNone) {
		return nil, noNode(s.data, "nobody has left an address there (a window does so only when it was started with --ui 127.0.0.1:0)")
	}
	if err != nil {
		return nil, noNode(s.data, err.Error())
	}
	c, err := client.Dial(ctx, at.Host, at.Token, hear)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, noNode(s.data, "nothing answers at "+at.Host)
	}
	return c, nil
}

// with runs one command about the whole node, within the time limit.
func (s *session) with(ctx context.Context, do func(ctx context.Context, c *client.Client) error) error {
	return s.reach(ctx, func(ctx context.Context, c *client.Client) error {
		if err := s.check(ctx, c); err != nil {
			return err
		}
		return do(ctx, c)
	})
}

// reach runs one command against the node, within the time limit.
func (s *session) reach(ctx context.Context, do func(ctx context.Context, c *client.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	c, err := s.dial(ctx, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	return do(ctx, c)
}
