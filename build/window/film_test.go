//go:build window

package window

import (
	"errors"
	"os"
	"slices"

	"parvis/media/generate"
)

// film is what is in a WebM file.
type film struct {
	codecs        map[uint64]string // by track
	video, sound  *generate.Checker
	last, longest int // ms: of the latest block, and between two
	cluster       int // ms
}

// readFilm takes a recording apart and decodes its pictures, as a player does.
func readFilm(path string) (*film, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &film{codecs: map[uint64]string{}, video: generate.NewChecker(nil, ""), sound: generate.NewChecker(nil, "")}
	return f, f.read(data, 0)
}

// The elements of WebM that matter here.
const (
	idSegment     = 0x18538067
	idTracks      = 0x1654AE6B
	idTrack       = 0xAE
	idNumber      = 0xD7
	idCodec       = 0x86
	idCluster     = 0x1F43B675
	idTime        = 0xE7
	idSimpleBlock = 0xA3
)

var errCut = errors.New("the file ends in the middle of something")

func (f *film) read(data []byte, track uint64) error {
	for len(data) > 0 {
		id, rest, ok := varint(data, false)
		size, rest, ok2 := varint(rest, true)
		if !ok || !ok2 || size > uint64(len(rest)) {
			return errCut
		}
		content := rest[:size]
		data = rest[size:]
		var err error
		switch id {
		case idSegment, idTracks, idTrack, idCluster:
			err = f.read(content, 0)
		case idNumber:
			track = number64(content)
		case idCodec:
			f.codecs[track] = string(content)
		case idTime:
			f.cluster = int(number64(content))
		case idSimpleBlock:
			err = f.block(content)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *film) block(content []byte) error {
	track, rest, ok := varint(content, true)
	if !ok || len(rest) < 3 {
		return errCut
	}
	at := f.cluster + int(int16(uint16(rest[0])<<8|uint16(rest[1])))
	key, data := rest[2]&0x80 != 0, rest[3:]
	switch f.codecs[track] {
	case "V_VP8":
		f.video.Video(generate.Video, key, slices.Clone(data))
	case "A_OPUS":
		f.sound.Audio(uint64(1000*at), slices.Clone(data))
		f.longest = max(f.longest, at-f.last)
		f.last = at
	default:
		return errors.New("a block of no track")
	}
	return nil
}

// varint reads a number of variable length; a size has no marker in it.
func varint(data []byte, size bool) (value uint64, rest []byte, ok bool) {
	if len(data) == 0 || data[0] == 0 {
		return 0, nil, false
	}
	length := 1
	for mask := byte(0x80); data[0]&mask == 0; mask >>= 1 {
		length++
	}
	if length > len(data) {
		return 0, nil, false
	}
	value = number64(data[:length])
	if size {
		value &^= 1 << (7 * length)
	}
	return value, data[length:], true
}

func number64(data []byte) (value uint64) {
	for _, b := range data {
		value = value<<8 | uint64(b)
	}
	return value
}
