package format

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"parvis/crdt/doc/rich"
)

// MaxPicture is the most bytes of one picture of an import.
const MaxPicture = 32 << 20

// IsPicture reports whether pictures of that type are shown in documents.
func IsPicture(mime string) bool {
	return slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, mime)
}

// PictureType is the type of a picture by its first bytes, and empty when it is
// none that is shown. What a file says of itself does not count.
func PictureType(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(data, []byte("GIF87a")), bytes.HasPrefix(data, []byte("GIF89a")):
		return "image/gif"
	case len(data) > 12 && bytes.HasPrefix(data, []byte("RIFF")) && string(data[8:12]) == "WEBP":
		return "image/webp"
	}
	return ""
}

// pictureData is the content of a picture inside a text.
var pictureData = regexp.MustCompile(`data:image/[a-z+.-]{1,20};base64,[A-Za-z0-9+/=]+`)

// cutName is what stands in a text for a picture that was cut out.
const cutName = "data:picture-"

// Pictures are the pictures that a text file holds itself. They are cut out before
// a parser sees the text, which would else carry megabytes about, and are stored
// when the document needs them.
type Pictures struct {
	files rich.Files
	cut   []string          // their addresses
	kept  map[string]string // file ids, by what stands in the text
}

// NewPictures begins with none. Without files nothing is stored.
func NewPictures(files rich.Files) *Pictures {
	return &Pictures{files: files, kept: map[string]string{}}
}

// Cut gives the text with a short address in the place of each picture.
func (p *Pictures) Cut(text []byte) []byte {
	return pictureData.ReplaceAllFunc(text, func(address []byte) []byte {
		p.cut = append(p.cut, string(address))
		return []byte(cutName + strconv.Itoa(len(p.cut)-1))
	})
}

// Attach stores the picture of an address and gives its file id. There is none
// when the text does not hold the picture, or not one that can be shown; lost says
// which.
func (p *Pictures) Attach(ctx context.Context, address, name string) (file, lost string, err error) {
	if file, known := p.kept[address]; known {
		return file, "", nil
	}
	data, held := p.content(address)
	mime := PictureType(data)
	switch {
	case !held || p.files == nil || len(data) > MaxPicture:
		return "", LossImage, nil
	case mime == "":
		return "", LossImageFormat, nil
	}
	file, err = p.files.Attach(ctx, data, mime, name)
	if err != nil {
		return "", LossImage, fmt.Errorf("keep picture: %w", err)
	}
	p.kept[address] = file
	return file, "", nil
}

// content is the picture of an address, and whether the text holds it. One whose
// content cannot be decoded is empty.
func (p *Pictures) content(address string) (data []byte, held bool) {
	number, ok := strings.CutPrefix(address, cutName)
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 || n >= len(p.cut) {
		return nil, false
	}
	_, text, _ := strings.Cut(p.cut[n], ",")
	data, err = base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, true
	}
	return data, true
}
