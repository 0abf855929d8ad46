package odt

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"path"
	"strconv"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// drawing reads what is drawn in a line and reports whether n is that. Of what does
// not exist here the text stays.
func (w *walker) drawing(n *archive.Node, m marking) bool {
	switch n.Name {
	case "frame":
		w.frame(n)
	case "g":
		w.insideOf(n)
	case "control":
		w.i.lost.Add(format.LossForm, 1)
	case "custom-shape", "rect", "line", "polyline", "polygon", "path", "ellipse", "circle", "connector", "caption", "measure", "page-thumbnail", "scene", "regular-polygon":
		w.i.lost.Add(format.LossDrawing, 1)
		w.insideOf(n)
	default:
		return false
	}
	w.space = false
	return true
}

// insideOf adds the text inside a drawing to the line.
func (w *walker) insideOf(n *archive.Node) {
	inside := w.inner()
	inside.cell = true
	inside.children(n)
	line := rich.OneLine(grouped(inside.out))
	if len(line) > 0 && len(w.line) > 0 && n.Name == "text-box" {
		w.line = append(w.line, &rich.Break{})
	}
	w.line = append(w.line, line...)
}

// frame reads a frame: a picture, or something else in several forms of which the
// first is the best.
func (w *walker) frame(n *archive.Node) {
	var shown *archive.Node
	for _, c := range n.Children {
		switch c.Name {
		case "text-box":
			w.i.lost.Add(format.LossDrawing, 1)
			w.insideOf(c)
			return
		case "object", "object-ole", "applet", "floating-frame":
			w.i.lost.Add(w.kindOf(c), 1)
			return
		case "plugin":
			w.i.lost.Add(format.LossMedia, 1)
			return
		case "table":
			w.i.lost.Add(format.LossEmbedded, 1)
			return
		case "image":
			if shown == nil || w.pictureOf(shown).file == "" {
				shown = c
			}
		}
	}
	if shown == nil {
		w.i.lost.Add(format.LossDrawing, 1)
		return
	}
	w.picture(n, shown)
}

// kindOf says what an embedded object is, by its content.
func (w *walker) kindOf(object *archive.Node) string {
	if object.Child("math") != nil {
		return format.LossFormula
	}
	name := path.Clean(object.Attr("href")) + "/content.xml"
	if !w.i.file.Has(name) {
		return format.LossEmbedded
	}
	root, err := w.i.file.XML(name)
	switch {
	case err != nil:
		return format.LossEmbedded
	case root.Name == "math":
		return format.LossFormula
	case root.Child("body", "chart") != nil:
		return format.LossChart
	}
	return format.LossEmbedded
}

func (w *walker) picture(frame, shown *archive.Node) {
	kept := w.pictureOf(shown)
	if kept.lost != "" || w.note || w.margin {
		if kept.lost == "" {
			kept.lost = format.LossImage
		}
		w.i.lost.Add(kept.lost, 1)
		return
	}
	picture := &rich.Image{File: kept.file, Name: frame.Attr("name"), Alt: frame.Child("title").Plain(), Width: pixels(frame.Attr("width")), Height: pixels(frame.Attr("height"))}
	if picture.Alt == "" {
		picture.Alt = frame.Child("desc").Plain()
	}
	if picture.Width == kept.width && picture.Height == kept.height || w.i.ours && frame.Attr("style-name") == naturalPicture {
		picture.Width, picture.Height = 0, 0 // as large as it is
	}
	if w.i.ours {
		picture.Name = furtherName.ReplaceAllString(picture.Name, "")
		if strings.HasPrefix(picture.Name, namelessPicture) {
			picture.Name = ""
		}
	}
	w.line = append(w.line, picture)
}

// keptPicture is a picture that was stored, its own size in pixels, and why it was
// not.
type keptPicture struct {
	file          string
	lost          string
	width, height int
}

// pictureOf stores a picture of the file once.
func (w *walker) pictureOf(n *archive.Node) keptPicture {
	part := strings.TrimPrefix(path.Clean(n.Attr("href")), "/")
	kept, known := w.i.pictures[part]
	if !known {
		kept = w.keep(part)
		w.i.pictures[part] = kept
	}
	return kept
}

func (w *walker) keep(part string) keptPicture {
	data, err := w.i.file.Bytes(part)
	switch mime := format.PictureType(data); {
	case err != nil || len(data) == 0 || len(data) > format.MaxPicture || w.i.o.Files == nil:
		return keptPicture{lost: format.LossImage}
	case mime == "":
		return keptPicture{lost: format.LossImageFormat}
	default:
		file, err := w.i.o.Files.Attach(w.i.ctx, data, mime, path.Base(part))
		if err != nil {
			if w.i.err == nil {
				w.i.err = fmt.Errorf("keep picture: %w", err)
			}
			return keptPicture{lost: format.LossImage}
		}
		kept := keptPicture{file: file}
		if size, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil {
			kept.width, kept.height = size.Width, size.Height
		}
		return kept
	}
}

// perUnit is how many millimetres a unit of length is.
func perUnit(unit string) float64 {
	switch unit {
	case "mm":
		return 1
	case "cm":
		return 10
	case "in", "inch":
		return 25.4
	case "pt":
		return 25.4 / 72
	case "pc":
		return 25.4 / 6
	case "px":
		return 25.4 / pixelsPerInch
	}
	return 0
}

// length reads a length in millimetres; what is none is 0.
func length(text string) float64 {
	number := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz%")
	value, err := strconv.ParseFloat(number, 64)
	mm := value * perUnit(text[len(number):])
	if err != nil || math.IsNaN(mm) || mm < -1e5 || mm > 1e5 {
		return 0
	}
	return mm
}

func pixels(text string) int { return max(0, int(math.Round(length(text)/25.4*pixelsPerInch))) }
