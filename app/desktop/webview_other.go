//go:build bindings || (desktop && !linux)

package desktop

func prepareWebview() {}
