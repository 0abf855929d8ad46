//go:build !race

package docx_test

import "parvis/crdt/seal/sealtest"

// inputs is how many damaged files a test run reads.
const inputs = sealtest.Inputs
