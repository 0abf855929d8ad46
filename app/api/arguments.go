package api

import (
	"fmt"

	"parvis/app/chat"
	"parvis/app/name"
	"parvis/crdt/seal"
)

// maxList bounds the ids in one argument.
const maxList = 600

// parser reads ids from arguments and keeps the first error.
type parser struct{ err error }

func (p *parser) fail(what, text string) {
	if p.err == nil {
		p.err = errInvalid{fmt.Sprintf("%.70q is not the id of a %s. Reload the list and try again.", text, what)}
	}
}

func (p *parser) id(text string) seal.ID {
	id, err := seal.ParseID(text)
	if err != nil {
		p.fail("thing here", text)
	}
	return id
}

// optional is the zero id for an empty text.
func (p *parser) optional(text string) seal.ID {
	if text == "" {
		return seal.ID{}
	}
	return p.id(text)
}

func (p *parser) optionalSpace(text string) seal.SpaceID {
	if text == "" {
		return seal.SpaceID{}
	}
	id, err := seal.ParseSpaceID(text)
	if err != nil {
		p.fail("space", text)
	}
	return id
}

func (p *parser) channel(text string) chat.ChannelID {
	id, err := chat.ParseChannelID(text)
	if err != nil {
		p.fail("channel", text)
	}
	return id
}

func (p *parser) all(texts []string) []seal.ID {
	if len(texts) > maxList {
		p.err = errInvalid{fmt.Sprintf("At most %d people can be named at once. Choose fewer.", maxList)}
		return nil
	}
	ids := make([]seal.ID, len(texts))
	for i, text := range texts {
		ids[i] = p.id(text)
	}
	return ids
}

func (p *parser) query(q MessageQuery) chat.Query {
	if q.Limit < 0 || q.Limit > chat.MaxPage {
		p.err = errInvalid{fmt.Sprintf("A page has 1 to %d messages. Ask for fewer.", chat.MaxPage)}
	}
	query := chat.Query{Thread: p.optional(q.Thread), Before: p.optional(q.Before), Around: p.optional(q.Around), Limit: q.Limit}
	if query.Limit == 0 {
		query.Limit = 50
	}
	return query
}

// cleanNames cleans names that a person typed.
func cleanNames(texts ...string) ([]string, error) {
	clean := make([]string, len(texts))
	for i, text := range texts {
		if clean[i] = name.Typed(text); clean[i] == "" {
			return nil, errInvalid{fmt.Sprintf("A name is missing or too long. Use 1 to %d visible characters.", name.Max)}
		}
	}
	return clean, nil
}

// checkInvite checks the limits of an invitation.
func checkInvite(n NewInvite) error {
	switch {
	case n.Role != "member" && n.Role != "guest":
		return errInvalid{"An invitation is for a member or a guest. Choose one of them."}
	case n.Uses < 1 || n.Uses > 500:
		return errInvalid{"An invitation can be used 1 to 500 times. Change the number."}
	case n.ExpiresMs < 60_000 || n.ExpiresMs > 366*24*3_600_000:
		return errInvalid{"An invitation lasts between a minute and a year. Change the time."}
	}
	return nil
}
