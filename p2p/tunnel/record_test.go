package tunnel

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"parvis/p2p/wire"
)

func TestW71AnEndWithinARecordIsNoEnd(t *testing.T) {
	packet, report := appendPacket(nil, []byte("packet")), appendReport(nil, 7)
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"between two":          {packet, io.EOF},
		"behind a report":      {report, io.EOF},
		"within a length":      {append(bytes.Clone(packet), 0), io.ErrUnexpectedEOF},
		"behind a length":      {packet[:lengthSize], io.ErrUnexpectedEOF},
		"within a packet":      {packet[:len(packet)-1], io.ErrUnexpectedEOF},
		"behind a zero":        {report[:lengthSize], io.ErrUnexpectedEOF},
		"within a report":      {report[:len(report)-1], io.ErrUnexpectedEOF},
		"a packet too long":    {[]byte{MaxPacket >> 8, MaxPacket&0xff + 1}, wire.ErrTooLarge},
		"the longest, cut off": {[]byte{MaxPacket >> 8, MaxPacket & 0xff}, io.ErrUnexpectedEOF},
	} {
		r := newRecords(bytes.NewReader(c.in))
		var err error
		for err == nil {
			_, _, err = r.next()
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
