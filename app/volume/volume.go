// Package volume says whether the disk under a folder is encrypted, as far as this
// computer tells without more rights than the person has.
package volume

import (
	"context"
	"time"
)

// Encryption says whether a disk is encrypted.
type Encryption string

// What is known of a disk.
const (
	On      Encryption = "on"
	Off     Encryption = "off"
	Unknown Encryption = "unknown"
)

// patience bounds how long the system is asked.
const patience = 10 * time.Second

// Of says it of the disk that a folder lies on. It may start a program of the system,
// and answers within ten seconds.
func Of(ctx context.Context, dir string) Encryption {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return encryption(ctx, dir)
}
