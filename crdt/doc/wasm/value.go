package wasm

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// value is a JavaScript value: nil for null, undefined, bool, float64, string,
// *big.Int, or one of the pointers below.
type value any

type (
	undefined struct{}
	// array is an Array.
	array struct{ items []value }
	// object is a plain Object. Its keys keep the order in which they were set.
	object struct {
		keys  []string
		props map[string]value
	}
	// byteArray is a Uint8Array.
	byteArray struct{ data []byte }
	// date is a Date, in milliseconds since 1970.
	date struct{ ms float64 }
	// scalar is what the page calls an ImmutableString: a string that is one value and
	// not a text to be edited.
	scalar struct{ text string }
	// counter is a number that concurrent changes add to.
	counter struct{ n float64 }
	// exception is an Error.
	exception struct{ name, message string }
	// symbol is a Symbol; two are the same when the pointers are.
	symbol struct{ name string }
	// function is a function that Go provides; this and the arguments as in apply.
	function struct {
		call func(this value, args []value) (value, error)
	}
)

func newObject() *object { return &object{props: map[string]value{}} }

// with sets a property and returns the object, for literals.
func (o *object) with(key string, v value) *object {
	o.set(key, v)
	return o
}

func (o *object) set(key string, v value) {
	if _, ok := o.props[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.props[key] = v
}

func (o *object) remove(key string) {
	if _, ok := o.props[key]; ok {
		delete(o.props, key)
		o.keys = slices.DeleteFunc(o.keys, func(k string) bool { return k == key })
	}
}

// get is a property, undefined when the object or the property is not there.
func (o *object) get(key string) value {
	if o != nil {
		if v, ok := o.props[key]; ok {
			return v
		}
	}
	return undefined{}
}

func newStrings(items []string) *array {
	list := &array{items: make([]value, len(items))}
	for i, item := range items {
		list.items[i] = item
	}
	return list
}

// isObject is typeof v === "object" && v !== null.
func isObject(v value) bool {
	switch v.(type) {
	case *array, *object, *byteArray, *date, *scalar, *counter, *exception:
		return true
	}
	return false
}

// toString is String(v).
func toString(v value) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case undefined:
		return "undefined"
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return numberText(v)
	case string:
		return v
	case *big.Int:
		return v.String()
	case *scalar:
		return v.text
	case *exception:
		return v.Error()
	case *array:
		parts := make([]string, len(v.items))
		for i, item := range v.items {
			parts[i] = toString(item)
		}
		return strings.Join(parts, ",")
	}
	return "[object Object]"
}

func (e *exception) Error() string { return e.name + ": " + e.message }

// numberText is String(n) for what Automerge asks: whole numbers without a point.
func numberText(n float64) string {
	switch {
	case math.IsNaN(n):
		return "NaN"
	case math.IsInf(n, 0):
		return strings.Replace(strconv.FormatFloat(n, 'f', -1, 64), "+", "", 1)
	case math.Abs(n) < 1e21:
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strconv.FormatFloat(n, 'g', -1, 64)
}

// debugText describes a value in an error message.
func debugText(v value) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case *array:
		parts := make([]string, len(v.items))
		for i, item := range v.items {
			parts[i] = debugText(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *object:
		parts := make([]string, len(v.keys))
		for i, key := range v.keys {
			parts[i] = key + ": " + debugText(v.props[key])
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case *byteArray:
		return fmt.Sprintf("Uint8Array(%d)", len(v.data))
	case *symbol:
		return "Symbol(" + v.name + ")"
	}
	return toString(v)
}
