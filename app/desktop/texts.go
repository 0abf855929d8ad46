//go:build desktop || bindings

package desktop

import (
	"errors"
	"unicode"
	"unicode/utf8"

	"parvis/app/api"
)

// jsonText is what the bridge carries for an error.
func jsonText(err error) string {
	known := &api.Error{Code: api.CodeInternal, Message: "Something went wrong in the program. Please try again."}
	errors.As(err, &known)
	return known.Error()
}

// sentence is an error as a dialog shows it.
func sentence(err error) string {
	if known, ok := errors.AsType[*api.Error](err); ok {
		return known.Message
	}
	text := err.Error()
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
