package app

import (
	"context"
	"sync"

	"parvis/app/calls"
	"parvis/app/chat"
	"parvis/crdt/seal"
)

// missedCalls shows the missed calls to conversations.
type missedCalls struct{ app *App }

// Missed implements [chat.Calls].
func (m missedCalls) Missed(ctx context.Context, ws seal.ID, channel chat.ChannelID) int {
	return m.app.calls.Missed(ctx, ws, calls.ChannelID(channel))
}

// missedSoFar tells a conversation when another number of its calls is missed.
type missedSoFar struct {
	app *App

	mu   sync.Mutex
	told map[conversation]int // guarded by mu
}

type conversation struct {
	ws      seal.ID
	channel calls.ChannelID
}

func (m *missedSoFar) look(c calls.Call) {
	if !c.Direct {
		return
	}
	at := conversation{c.Workspace, c.Channel}
	m.mu.Lock()
	missed := m.app.calls.Missed(context.Background(), at.ws, at.channel)
	news := m.told[at] != missed
	if news {
		if m.told == nil {
			m.told = map[conversation]int{}
		}
		m.told[at] = missed
	}
	m.mu.Unlock()
	if news {
		m.app.chat.Refresh(context.Background(), at.ws, chat.ChannelID(at.channel))
	}
}
