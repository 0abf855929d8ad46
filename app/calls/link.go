package calls

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"parvis/crdt/call"
	"parvis/crdt/guest"
	"parvis/crdt/seal"
)

// MaxLinks is how many meeting links of a channel are valid at a time (rule L61).
const MaxLinks = 4

// LinkID names a meeting link. It is not the secret: who knows it cannot come in.
type LinkID [16]byte

// String returns 32 lower-case hexadecimal digits.
func (id LinkID) String() string { return hex.EncodeToString(id[:]) }

// ParseLinkID reads what String writes and nothing else.
func ParseLinkID(text string) (LinkID, error) {
	id, err := seal.ParseSpaceID(text) // of the same form
	if err != nil {
		return LinkID{}, fmt.Errorf("meeting link %.40q: %w", text, ErrNoLink)
	}
	return LinkID(id), nil
}

// Link is a meeting link of a channel: who has it may ask to come into its calls as a guest.
type Link struct {
	ID        LinkID
	Channel   ChannelID
	By        seal.ID // the person who made it
	MadeMs    int64   // that person's clock: a label
	URL       string  // empty: no super-peer that receives guests is reached now
	Revocable bool    // by this person

	space  seal.SpaceID
	secret guest.Secret
}

// LinksChanged says that other meeting links of a channel are valid than before.
type LinksChanged struct {
	Workspace seal.ID
	Channel   ChannelID
}

// Wardens know who has a say in a space.
type Wardens interface {
	// Moderates reports whether a person may undo what others did in a space.
	Moderates(space seal.SpaceID, person seal.ID) bool
	// Belongs reports whether a person may still write in a space.
	Belongs(space seal.SpaceID, person seal.ID) bool
}

// LinkStorage finds the records of meeting links.
type LinkStorage interface {
	// LinkRecords lists those of a channel, by envelope: that a link was made or revoked.
	LinkRecords(ctx context.Context, ws seal.ID, channel ChannelID) ([]Record, error)
}

// foldLinks is the valid links of a channel of a space, the oldest first (rules L60, L61).
func foldLinks(records []Record, space seal.SpaceID, channel ChannelID, belongs func(person seal.ID) bool) []Link {
	made, revoked := map[guest.Secret]Link{}, map[guest.Secret]bool{}
	for _, r := range records {
		secret := guest.Secret(r.Call)
		switch {
		case !r.counts() || r.Space != space || r.Channel != channel:
		case r.Op == OpRevoke:
			revoked[secret] = true
		case r.Op == OpLink && made[secret].By.IsZero() && belongs(r.Person):
			made[secret] = Link{ID: LinkID(secret.Link().Room), Channel: r.Channel, By: r.Person, MadeMs: r.AtMs, space: r.Space, secret: secret}
		}
	}
	var valid []Link
	for secret, l := range made {
		if !revoked[secret] {
			valid = append(valid, l)
		}
	}
	slices.SortFunc(valid, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.MadeMs, b.MadeMs), slices.Compare(a.ID[:], b.ID[:]))
	})
	return valid[max(0, len(valid)-MaxLinks):]
}

// links are the valid links of a channel.
func (v *view) links(ctx context.Context, channel ChannelID) ([]Link, error) {
	space, known, err := v.service.config.Channels.SpaceOf(ctx, v.ws, channel)
	_, own := v.team.Self()
	switch {
	case err != nil:
		return nil, fmt.Errorf("channel of a meeting link: %w", err)
	case !known || !v.team.MayJoin(space, own):
		return nil, fmt.Errorf("channel %s: %w", channel, ErrNotFound)
	}
	records, err := v.store().LinkRecords(ctx, v.ws, channel)
	if err != nil {
		return nil, err
	}
	v.mend(ctx, records)
	self, _ := v.team.Self()
	valid := foldLinks(records, space, channel, func(person seal.ID) bool { return v.team.Belongs(space, person) })
	for i := range valid {
		valid[i].Revocable = valid[i].By == self || v.team.Moderates(space, self)
	}
	return valid, nil
}

// Links are the valid meeting links of a channel, the oldest first.
func (s *Service) Links(ctx context.Context, ws seal.ID, channel ChannelID) ([]Link, error) {
	v, err := s.view(ws)
	if err != nil {
		return nil, err
	}
	valid, err := v.links(ctx, channel)
	if err != nil || len(valid) == 0 {
		return nil, err
	}
	if at, err := v.reception(ctx); err == nil {
		for i := range valid {
			valid[i].URL = valid[i].secret.URL(at.URL)
		}
	}
	return valid, nil
}

// MakeLink makes a meeting link of a channel.
func (s *Service) MakeLink(ctx context.Context, ws seal.ID, channel ChannelID) (Link, error) {
	v, err := s.view(ws)
	if err != nil {
		return Link{}, err
	}
	valid, err := v.links(ctx, channel)
	if err != nil {
		return Link{}, err
	}
	if len(valid) >= MaxLinks {
		return Link{}, ErrLinks
	}
	at, err := v.reception(ctx)
	if err != nil {
		return Link{}, err
	}
	space, _, err := s.config.Channels.SpaceOf(ctx, ws, channel)
	if err != nil {
		return Link{}, err
	}
	secret := guest.NewSecret()
	if err := v.write(ctx, space, Body{Op: OpLink, Call: call.ID(secret), Channel: channel}); err != nil {
		return Link{}, fmt.Errorf("make a meeting link: %w", err)
	}
	self, _ := v.team.Self()
	return Link{
		ID: LinkID(secret.Link().Room), Channel: channel, By: self, MadeMs: s.config.Now().UnixMilli(), URL: secret.URL(at.URL), Revocable: true,
		space: space, secret: secret,
	}, nil
}

// RevokeLink lets nobody in any more who comes by a meeting link. Guests who are in a call
// stay until they are removed.
func (s *Service) RevokeLink(ctx context.Context, ws seal.ID, channel ChannelID, id LinkID) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	valid, err := v.links(ctx, channel)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(valid, func(l Link) bool { return l.ID == id })
	if at < 0 {
		return ErrNoLink
	}
	if !valid[at].Revocable {
		return ErrNotYours
	}
	if err := v.write(ctx, valid[at].space, Body{Op: OpRevoke, Call: call.ID(valid[at].secret), Channel: channel}); err != nil {
		return fmt.Errorf("revoke a meeting link: %w", err)
	}
	return nil
}

// reception is where guests find a super-peer of the workspace; of several the same for all
// members, as far as they reach the same.
func (v *view) reception(ctx context.Context) (Reception, error) {
	doors := v.service.config.Doors
	if doors == nil {
		return Reception{}, ErrNoDoor
	}
	hosts := doors.Receiving(v.ws)
	slices.SortFunc(hosts, seal.ID.Compare)
	for _, host := range hosts {
		at, err := doors.Ask(ctx, v.ws, host)
		if err == nil && at.URL != "" {
			return at, nil
		}
		v.service.config.Log.Debug("ask a super-peer where guests come in", "host", host.Short(), "err", err)
	}
	return Reception{}, ErrNoDoor
}
