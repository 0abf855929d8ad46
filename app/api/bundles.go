package api

import (
	"context"
	"io"
	"time"
)

// BundleExport says what goes into a bundle.
type BundleExport struct {
	Workspace string `json:"workspace"`
	For       string `json:"for"`      // id of a person or device; empty: everybody else
	All       bool   `json:"all"`      // also what they are known to have
	TextOnly  bool   `json:"textOnly"` // no pictures
}

// BundleMade counts what a bundle holds.
type BundleMade struct {
	Entries   int `json:"entries"`   // of the membership log
	Envelopes int `json:"envelopes"` // messages and changes
	Blocks    int `json:"blocks"`    // of pictures
}

// BundleTaken says what became of what a bundle held.
type BundleTaken struct {
	Workspace string          `json:"workspace"`
	Person    string          `json:"person"`  // whose device made it
	Made      int64           `json:"made"`    // when, by its clock
	Entries   int             `json:"entries"` // new here, as the next two
	Envelopes int             `json:"envelopes"`
	Blocks    int             `json:"blocks"`
	Known     int             `json:"known"`     // of any kind, here already
	Elsewhere int             `json:"elsewhere"` // not for this device
	Waiting   int             `json:"waiting"`   // it builds on what is missing here
	Refused   int             `json:"refused"`
	Reasons   []BundleRefused `json:"reasons"` // of some of the refused ones
}

// BundleRefused is one thing in a bundle that was not taken.
type BundleRefused struct {
	What   string `json:"what"` // entry, message or block
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// BundleService carries a workspace by hand.
type BundleService interface {
	// Export writes a bundle. What out got is no bundle when it fails.
	Export(ctx context.Context, what BundleExport, out io.Writer) (BundleMade, error)
	// Import takes a bundle for a workspace, or for the one that it is for. What is
	// no whole, honest bundle changes nothing.
	Import(ctx context.Context, workspace string, in io.Reader) (BundleTaken, error)
}

// bundleLimit bounds what depends on the size of a bundle and the speed of a stick.
const bundleLimit = 24 * time.Hour

// ExportBundle writes a bundle to out.
func (c *Content) ExportBundle(what BundleExport, out io.Writer) (BundleMade, error) {
	return runFor(c.edge, "Content.ExportBundle", bundleLimit, func(ctx context.Context) (BundleMade, error) {
		return c.bundles.Export(ctx, what, out)
	})
}

// ImportBundle takes what is in a bundle. An empty workspace means the one that the
// bundle is for.
func (c *Content) ImportBundle(workspace string, in io.Reader) (BundleTaken, error) {
	return runFor(c.edge, "Content.ImportBundle", bundleLimit, func(ctx context.Context) (BundleTaken, error) {
		taken, err := c.bundles.Import(ctx, workspace, in)
		taken.Reasons, err = list(taken.Reasons, err)
		return taken, err
	})
}
