package generate

import (
	"bytes"
	"fmt"
	"image"

	"golang.org/x/image/vp8"
)

// decodePicture decodes a key frame whose structure is right. It takes a decoder of its
// own: one that was used for a larger picture keeps that size. What arrives may be
// crafted, and the decoder is not ours: a panic of it is an error.
func decodePicture(frame []byte) (picture *image.YCbCr, err error) {
	defer func() {
		if trouble := recover(); trouble != nil {
			picture, err = nil, fmt.Errorf("the VP8 decoder gave up: %v", trouble)
		}
	}()
	s, err := parseStructure(frame)
	if err != nil {
		return nil, err
	}
	if !s.key {
		return nil, errKind
	}
	decoder := vp8.NewDecoder()
	decoder.Init(bytes.NewReader(frame), len(frame))
	if _, err := decoder.DecodeFrameHeader(); err != nil {
		return nil, err
	}
	return decoder.DecodeFrame()
}
