package richtest

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
)

// Pictures is a store of pictures for tests: every file id of 64 characters is a
// small PNG, and storing that PNG gives the same id again.
type Pictures struct{}

const idLength = 64

// Image makes the picture of a file.
func (Pictures) Image(_ context.Context, file string) ([]byte, string, error) {
	if len(file) != idLength {
		return nil, "", errors.New("no such picture")
	}
	dots := image.NewRGBA(image.Rect(0, 0, 16, 12))
	for x := range 16 {
		for y := range 12 {
			dots.Set(x, y, color.RGBA{R: uint8(x * 16), G: uint8(y * 20), B: file[idLength-1] * 5, A: 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, dots); err != nil {
		return nil, "", err
	}
	out.WriteString(file) // readers of PNG ignore what follows
	return out.Bytes(), "image/png", nil
}

// Attach gives the id of a picture that Image made.
func (Pictures) Attach(_ context.Context, data []byte, mime, _ string) (string, error) {
	if mime != "image/png" || len(data) < idLength {
		return "", errors.New("not one of these pictures")
	}
	return string(data[len(data)-idLength:]), nil
}
