package wasm

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestReadModule(t *testing.T) {
	for what, files := range map[string]fstest.MapFS{
		"run make frontend": {},
		"has SHA-256":       {"module/automerge.wasm": {Data: []byte("another engine")}},
	} {
		if _, err := readModule(files); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v does not say %q", err, what)
		}
	}
	if _, err := readModule(module); err != nil {
		t.Error(err)
	}
}
