//go:build race

package docx_test

import "parvis/crdt/seal/sealtest"

// inputs: the race detector makes everything take several times as long.
const inputs = sealtest.Inputs / 10
