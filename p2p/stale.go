package p2p

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	msmux "github.com/multiformats/go-multistream"
)

// staleAfter is how long an older connection has to answer a probe.
const staleAfter = 2 * time.Second

// probe closes those of a peer's older connections that answer no more. A
// process that was killed and came back connects anew, while its last QUIC
// connection seems open to us for another 30 seconds; streams opened meanwhile
// would go there (W13).
func (n *Node) probe(run *hosted, older []network.Conn) {
	for _, c := range older {
		if !n.begin(run) {
			return
		}
		go func() {
			defer n.wg.Done()
			if !answers(run.ctx, c) {
				n.log.Debug("close a dead connection", "peer", textOf(c.RemotePeer()).Short())
				_ = c.Close()
			}
		}()
	}
}

// answers sends one ping over this very connection.
func answers(ctx context.Context, c network.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, staleAfter)
	defer cancel()
	s, err := c.NewStream(network.WithAllowLimitedConn(ctx, "probe"))
	if err != nil {
		return false
	}
	defer func() { _ = s.Reset() }()
	_ = s.SetDeadline(time.Now().Add(staleAfter))
	if _, err := msmux.SelectOneOf([]protocol.ID{ping.ID}, s); err != nil {
		return false
	}
	var sent, back [ping.PingSize]byte
	_, _ = rand.Read(sent[:])
	if _, err := s.Write(sent[:]); err != nil {
		return false
	}
	_, err = io.ReadFull(s, back[:])
	return err == nil && bytes.Equal(sent[:], back[:])
}
