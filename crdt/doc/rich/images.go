package rich

import "context"

// Images finds the pictures of a document by their file id. An exporter asks
// for each picture once, and only for as many bytes as the caller allows.
type Images interface {
	// Image returns the content of a picture and its type, such as "image/png".
	Image(ctx context.Context, file string) (data []byte, mime string, err error)
}

// Files stores the pictures of an imported document.
type Files interface {
	// Attach stores a picture and returns its file id.
	Attach(ctx context.Context, data []byte, mime, name string) (file string, err error)
}
