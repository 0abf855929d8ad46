package audit

import (
	"os"
	"regexp"
)

var (
	hexIDs    = regexp.MustCompile(`[0-9a-f]{64}`)
	hexDigits = regexp.MustCompile(`[0-9a-f]{8}`)
)

// long asks for the runs of make test-long.
var long = os.Getenv("PARVIS_LONG") != ""
