// Package frontend carries the built pages inside the program.
package frontend

import (
	"embed"
	"io/fs"
)

// dist is filled by "make frontend"; a fresh clone has only .gitkeep in it.
//
//go:embed all:dist
var dist embed.FS

// meet is the page of guests, filled likewise.
//
//go:embed all:dist-meet
var meet embed.FS

// Meet is the built page of guests, index.html at its top, which super-peers serve. Without
// a build it is empty.
func Meet() fs.FS {
	page, err := fs.Sub(meet, "dist-meet")
	if err != nil { // only for a malformed name
		panic(err)
	}
	return page
}

// Dist is the built page, index.html at its top. Without a build it is empty.
func Dist() fs.FS {
	page, err := fs.Sub(dist, "dist")
	if err != nil { // only for a malformed name
		panic(err)
	}
	return page
}
