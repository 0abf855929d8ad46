//go:build desktop || bindings

// Parvis lets a team talk and write together without a server. This is the
// desktop flavour: without a command it opens the window.
package main

import (
	"context"
	_ "embed"
	"log/slog"
	"os"

	"parvis/app/cli"
	"parvis/app/desktop"
)

//go:embed build/appicon.png
var icon []byte

func main() {
	program := cli.Program{Version: version, Window: window, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
	os.Exit(program.Run(context.Background(), os.Args[1:]))
}

func window(_ context.Context, w cli.Window) error {
	shown := desktop.Window{
		Node: w.Node, Terminal: desktop.Terminal{Started: w.Started, Ended: w.Ended}, Assets: w.Assets, Data: w.Data, Link: w.Link, Icon: icon,
		Media: w.Node.Page(), MayCapture: w.Node.Page().MayCapture,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if w.Browser != nil {
		shown.Browser = w.Browser
	}
	return shown.Run()
}
