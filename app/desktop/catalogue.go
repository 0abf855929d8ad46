//go:build bindings

package desktop

import "parvis/app/api"

// catalogue adds the events to what the page's types are generated from. It
// exists only in the program that generates them.
func catalogue() []any { return []any{&Catalogue{}} }

// Catalogue mentions types that no bound method does.
type Catalogue struct{}

// Events mentions the payloads of all events.
func (*Catalogue) Events() (api.EventMap, error) { return api.EventMap{}, nil }
