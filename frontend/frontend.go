// Package frontend carries the built page inside the program.
package frontend

import (
	"embed"
	"io/fs"
)

// dist is filled by "make frontend"; a fresh clone has only .gitkeep in it.
//
//go:embed all:dist
var dist embed.FS

// Dist is the built page, index.html at its top. Without a build it is empty.
func Dist() fs.FS {
	page, err := fs.Sub(dist, "dist")
	if err != nil { // only for a malformed name
		panic(err)
	}
	return page
}
