//go:build desktop || bindings

package desktop

import (
	"hash/fnv"
	"path/filepath"
	"strconv"
)

// instance names the window of a data folder among all programs of the user. It
// only has to tell folders apart; the folder's own lock is what protects it.
func instance(data string) string {
	if absolute, err := filepath.Abs(data); err == nil {
		data = absolute
	}
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(data))
	return "parvis-" + strconv.FormatUint(sum.Sum64(), 36)
}
