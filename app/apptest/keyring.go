package apptest

import "errors"

// NoKeyring is a system without a keyring: it keeps nothing.
type NoKeyring struct{}

var errNoKeyring = errors.New("no keyring")

// Set fails.
func (NoKeyring) Set(string, string, string) error { return errNoKeyring }

// Get fails.
func (NoKeyring) Get(string, string) (string, error) { return "", errNoKeyring }

// Delete fails.
func (NoKeyring) Delete(string, string) error { return errNoKeyring }
