// Command quiet is "parvis serve" without gossip: everything is left to the sync
// streams. It is used by tests alone and prints the same ready line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"parvis/app"
	"parvis/app/web"
	"parvis/frontend"
)

type addresses []string

func (a *addresses) String() string { return fmt.Sprint(*a) }

// Set implements [flag.Value].
func (a *addresses) Set(one string) error {
	*a = append(*a, one)
	return nil
}

func main() {
	var listen addresses
	data := flag.String("data", "", "folder that holds everything of this node")
	flag.Var(&listen, "listen", "multiaddress to listen on; may be repeated")
	flag.Parse()
	if err := serve(*data, listen); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(data string, listen []string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	node := app.New(app.Config{Data: data, Listen: listen, NoMDNS: true, NoGossip: true, Unprotected: true, Version: "quiet"})
	if err := node.Start(ctx); err != nil {
		return errors.Join(err, node.Close())
	}
	defer func() { err = errors.Join(err, node.Close()) }()
	browser := &web.Server{Listen: "127.0.0.1:0", Backend: node.API().Wire(), Content: web.Content(node.API().Content), Assets: frontend.Dist(), Data: data}
	if err := browser.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, browser.Close()) }()
	line, err := json.Marshal(map[string]any{"event": "ready", "ui": browser.URL(), "peer": node.Peer(), "addrs": node.Addrs()})
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	<-ctx.Done()
	return nil
}
