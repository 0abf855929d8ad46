package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"parvis/app/api"
	"parvis/app/block"
	"parvis/app/docs"
	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// pictures keeps the pictures of documents as sealed blocks.
type pictures struct {
	docs   *docs.Service
	blocks *block.Keeper
}

// pictureTypes are what a page may show. No SVG: it is a program.
var pictureTypes = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

func errPicture() error {
	return &api.Error{Code: api.CodeInvalid, Message: "This is not a picture that a document can show. Use PNG, JPEG, GIF or WebP."}
}

// sniffed is how many bytes tell the type of a file.
const sniffed = 512

// Add stores a picture and tells the others of it.
func (p pictures) Add(ctx context.Context, ws seal.ID, id doc.ID, name string, r io.Reader) (api.DocFile, error) {
	head := make([]byte, sniffed)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return api.DocFile{}, fmt.Errorf("read picture: %w", err)
	}
	mime := http.DetectContentType(head[:n])
	if !slices.Contains(pictureTypes, mime) {
		return api.DocFile{}, errPicture()
	}
	space, err := p.docs.SpaceOf(ctx, ws, id)
	if err != nil {
		return api.DocFile{}, err
	}
	ref, err := p.blocks.Put(ctx, ws, space, io.MultiReader(bytes.NewReader(head[:n]), r), pictureName(name), mime)
	if err != nil {
		return api.DocFile{}, fmt.Errorf("store picture: %w", err)
	}
	if err := p.docs.Attach(ctx, ws, id, ref); err != nil {
		return api.DocFile{}, err
	}
	return api.DocFile{File: fmt.Sprintf("%x", ref.Index), Size: int64(ref.Size), Mime: mime}, nil
}

// pictureName: what comes from a clipboard has none.
func pictureName(name string) string {
	if name == "" {
		return "picture"
	}
	return name
}

// Open reads a picture, fetching it from others where it is not here.
func (p pictures) Open(ctx context.Context, ws seal.ID, id doc.ID, file string) (api.Picture, error) {
	ref, err := p.docs.File(ctx, ws, id, file)
	if err != nil {
		return api.Picture{}, err
	}
	if !slices.Contains(pictureTypes, ref.Mime) {
		return api.Picture{}, errPicture()
	}
	space, err := p.docs.SpaceOf(ctx, ws, id)
	if err != nil {
		return api.Picture{}, err
	}
	opened, err := p.blocks.Read(ctx, ws, space, ref)
	if err != nil {
		return api.Picture{}, fmt.Errorf("read picture: %w", err)
	}
	return api.Picture{Mime: ref.Mime, Size: int64(ref.Size), Bytes: opened}, nil
}
