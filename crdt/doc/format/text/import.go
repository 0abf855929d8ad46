package text

import (
	"context"
	"fmt"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// MaxFile is the most bytes that Import reads.
const MaxFile = 16 << 20

// Import reads plain text of any encoding; it is a format.Importer. An empty line
// ends a paragraph, another line end is a line break. Nothing is ever lost.
func Import(ctx context.Context, data []byte, _ format.Options) (rich.Document, format.Report, error) {
	if len(data) > MaxFile {
		return rich.Document{}, nil, fmt.Errorf("read text: %w", format.ErrTooLarge)
	}
	if !format.IsText(data) {
		return rich.Document{}, nil, fmt.Errorf("read text: %w", format.ErrNotThis)
	}
	if err := ctx.Err(); err != nil {
		return rich.Document{}, nil, fmt.Errorf("read text: %w", err)
	}
	var d rich.Document
	var open *rich.Paragraph
	for line := range strings.SplitSeq(format.Text(data), "\n") {
		line = strings.TrimRight(line, " \t")
		switch {
		case line == "":
			open = nil
			continue
		case open == nil:
			open = &rich.Paragraph{}
			d.Blocks = append(d.Blocks, open)
		default:
			open.Text = append(open.Text, &rich.Break{})
		}
		open.Text = rich.AppendText(open.Text, line, rich.Marks{})
	}
	return d.Settled(), nil, nil
}
