//go:build desktop && !bindings

package desktop

func catalogue() []any { return nil }
