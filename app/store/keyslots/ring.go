package keyslots

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/zalando/go-keyring"

	"parvis/crdt/seal"
)

// service is the name under which the keyring shows our entries.
const service = "Parvis"

// ringTimeout bounds how long a keyring may ask its user to unlock it.
const ringTimeout = 60 * time.Second

// Ring is a keyring: Secret Service on Linux, Keychain on macOS, the Credential
// Manager on Windows.
type Ring interface {
	Set(service, account, secret string) error
	Get(service, account string) (string, error)
	Delete(service, account string) error
}

func (o Options) ring() Ring {
	if o.Ring != nil {
		return o.Ring
	}
	return systemRing{}
}

// probe finds out whether a keyring really keeps things: there are systems
// where it takes a value and forgets it.
func probe(ring Ring) error {
	account, secret := "probe-"+hex.EncodeToString(seal.Random(8)), hex.EncodeToString(seal.Random(8))
	if err := ring.Set(service, account, secret); err != nil {
		return fmt.Errorf("probe keyring: %w", err)
	}
	got, err := ring.Get(service, account)
	if derr := ring.Delete(service, account); err == nil {
		err = derr
	}
	if err != nil {
		return fmt.Errorf("probe keyring: %w", err)
	}
	if got != secret {
		return errors.New("probe keyring: it gives back another value")
	}
	return nil
}

// systemRing is the keyring of the operating system.
type systemRing struct{}

func (systemRing) Set(service, account, secret string) error {
	_, err := inTime(func() (string, error) { return "", keyring.Set(service, account, secret) })
	return err
}

func (systemRing) Get(service, account string) (string, error) {
	return inTime(func() (string, error) { return keyring.Get(service, account) })
}

func (systemRing) Delete(service, account string) error {
	_, err := inTime(func() (string, error) { return "", keyring.Delete(service, account) })
	return err
}

// inTime gives up on a keyring that waits for somebody who is not there. What it
// waits for cannot be cancelled and ends by itself or with the process.
func inTime(call func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := call()
		done <- answer{text, err}
	}()
	timer := time.NewTimer(ringTimeout)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.text, a.err
	case <-timer.C:
		return "", errors.New("the keyring does not answer")
	}
}
