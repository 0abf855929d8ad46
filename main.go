//go:build !desktop && !bindings

// Parvis lets a team talk and write together without a server. This is the
// headless flavour: command line and browser interface, no window.
package main

import (
	"context"
	"os"

	"parvis/app/cli"
)

func main() {
	program := cli.Program{Version: version, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
	os.Exit(program.Run(context.Background(), os.Args[1:]))
}
