package markdown

import (
	"context"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Limits of one parse. Some texts, made for that, take the parser a time that grows
// with the square of their length: nested quotes, open links, signs of emphasis.
const (
	maxTime  = 10 * time.Second
	maxSigns = 10_000 // signs of emphasis in one block
	perLook  = 256    // steps between two looks at the clock
)

// exhausted is what the guard panics with: the parser has no other way to stop.
type exhausted struct{}

// guard watches a parse from inside: as the reader of its blocks and as a parser of
// inline signs that never takes one.
type guard struct {
	text.Reader
	ctx   context.Context
	until time.Time
	steps int
	signs int
}

// parse builds the tree of a text; it panics with exhausted when that takes too
// long.
func parse(ctx context.Context, source []byte) ast.Node {
	g := &guard{Reader: text.NewReader(source), ctx: ctx, until: time.Now().Add(maxTime)}
	watched := parser.WithInlineParsers(util.Prioritized(g, 0))
	return goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithParserOptions(watched)).Parser().Parse(g)
}

func (g *guard) step() {
	g.steps++
	if g.steps%perLook == 0 && (g.ctx.Err() != nil || time.Now().After(g.until)) {
		panic(exhausted{})
	}
}

// PeekLine is called by every parser of blocks for every line and level.
func (g *guard) PeekLine() ([]byte, text.Segment) {
	g.step()
	return g.Reader.PeekLine()
}

// Trigger lists the signs that are counted.
func (g *guard) Trigger() []byte { return []byte("*_~[!<`&") }

// Parse counts a sign and leaves it to the other parsers.
func (g *guard) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	g.step()
	if sign := block.Peek(); sign == '*' || sign == '_' || sign == '~' {
		if g.signs++; g.signs > maxSigns {
			panic(exhausted{})
		}
	}
	return nil
}

// CloseBlock begins to count anew.
func (g *guard) CloseBlock(ast.Node, text.Reader, parser.Context) { g.signs = 0 }
