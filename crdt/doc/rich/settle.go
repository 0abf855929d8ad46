package rich

import "slices"

// Settled is the document as it would be read after it was written: with ids where
// they were missing, what cannot be next to each other joined, what cannot be in
// its place left out, comments and suggestions in the order of the text. Importers
// give settled documents.
func (d Document) Settled() Document {
	d.Blocks = blocksOf(d.Spans())
	order := marked(d)
	d.Comments, d.Suggestions = slices.Clone(d.Comments), slices.Clone(d.Suggestions)
	slices.SortFunc(d.Comments, func(a, b Comment) int { return order.compare(markComment, a.ID, b.ID) })
	slices.SortFunc(d.Suggestions, func(a, b Suggestion) int { return order.compare(markSuggestion, a.ID, b.ID) })
	return d
}
