package cli

import (
	"testing"
	"time"
)

// What help texts show as the default is what the flag takes.
func TestATimeIsShownAsItIsWritten(t *testing.T) {
	for text, of := range map[string]time.Duration{
		"30s": 30 * time.Second, "1m": time.Minute, "10m": 10 * time.Minute, "1m30s": 90 * time.Second,
		"1h": time.Hour, "10h": 10 * time.Hour, "1h30m": 90 * time.Minute, "7d": 7 * day,
	} {
		if got := (span{&of}).String(); got != text {
			t.Errorf("%s is shown as %q", text, got)
		}
		var read time.Duration
		if err := (span{&read}).Set(text); err != nil || read != of {
			t.Errorf("%s is read as %s: %v", text, read, err)
		}
	}
}
