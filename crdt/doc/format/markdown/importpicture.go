package markdown

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"

	"parvis/crdt/doc/rich"
)

// pictureSize is the size behind a picture's name.
var pictureSize = regexp.MustCompile(` ?=([0-9]{1,5})x([0-9]{1,5})$`)

// image reads a picture. One that the text does not hold is not fetched: its text
// stays.
func (r *lineReader) image(n *ast.Image, m rich.Marks) {
	inside := lineReader{i: r.i}
	inside.children(n, rich.Marks{})
	image := rich.Image{Alt: rich.PlainText(inside.line), Name: unescaped(string(n.Title))}
	if size := pictureSize.FindStringSubmatch(image.Name); size != nil {
		image.Name = strings.TrimSuffix(image.Name, size[0])
		image.Width, _ = strconv.Atoi(size[1])
		image.Height, _ = strconv.Atoi(size[2])
	}
	file, lost, err := r.i.pictures.Attach(r.i.ctx, string(n.Destination), image.Name)
	if err != nil && r.i.err == nil {
		r.i.err = err
	}
	if file == "" {
		r.i.lost.Add(lost, 1)
		r.put(image.Alt, m)
		return
	}
	image.File = file
	r.line = append(r.line, &image)
}
