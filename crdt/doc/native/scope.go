//go:build automerge_native && cgo

package native

// #cgo LDFLAGS: -Wl,--unresolved-symbols=ignore-all
// #include <stdlib.h>
// #include "automerge.h"
import "C"

import (
	"fmt"
	"unsafe"

	_ "github.com/automerge/automerge-go" // brings the library that is called

	"parvis/crdt/doc"
)

// scope holds what lives in C during one call.
type scope struct {
	results []*C.AMresult
	memory  []unsafe.Pointer
}

func (s *scope) free() {
	for _, r := range s.results {
		C.AMresultFree(r)
	}
	for _, m := range s.memory {
		C.free(m)
	}
}

// fault is what Automerge says went wrong.
type fault string

func (f fault) Error() string { return string(f) }

// items are what a call returned, valid until the scope is freed.
func (s *scope) items(r *C.AMresult) ([]*C.AMitem, error) {
	s.results = append(s.results, r)
	return itemsOf(r)
}

func itemsOf(r *C.AMresult) ([]*C.AMitem, error) {
	if C.AMresultStatus(r) != 0 {
		return nil, fault(text(C.AMresultError(r)))
	}
	var items []*C.AMitem
	list := C.AMresultItems(r)
	for {
		item := C.AMitemsNext(&list, 1)
		if item == nil {
			return items, nil
		}
		items = append(items, item)
	}
}

// item is the one thing that a call returned, nil for none.
func (s *scope) item(r *C.AMresult) (*C.AMitem, error) {
	items, err := s.items(r)
	if err != nil || len(items) == 0 || C.AMitemValType(items[0]) == C.AM_VOID {
		return nil, err
	}
	return items[0], nil
}

// done is for calls that return nothing.
func (s *scope) done(r *C.AMresult) error {
	_, err := s.items(r)
	return err
}

// bytes copies data to C.
func (s *scope) bytes(data []byte) C.AMbyteSpan {
	m := C.CBytes(data)
	s.memory = append(s.memory, m)
	return C.AMbyteSpan{src: (*C.uint8_t)(m), count: C.size_t(len(data))}
}

func (s *scope) string(text string) C.AMbyteSpan { return s.bytes([]byte(text)) }

func data(span C.AMbyteSpan) []byte {
	return C.GoBytes(unsafe.Pointer(span.src), C.int(span.count))
}

func text(span C.AMbyteSpan) string { return string(data(span)) }

// join makes one list of several results.
func (s *scope) join(results []*C.AMresult) (C.AMitems, error) {
	joined := results[0]
	if _, err := s.items(joined); err != nil {
		return C.AMitems{}, err
	}
	for _, r := range results[1:] {
		if _, err := s.items(r); err != nil {
			return C.AMitems{}, err
		}
		joined = C.AMresultCat(joined, r)
		if _, err := s.items(joined); err != nil {
			return C.AMitems{}, err
		}
	}
	return C.AMresultItems(joined), nil
}

// value is a scalar of an item.
func value(item *C.AMitem) doc.Value {
	if item == nil {
		return doc.Value{}
	}
	var span C.AMbyteSpan
	var i C.int64_t
	var u C.uint64_t
	var f C.double
	var b C.bool
	switch C.AMitemValType(item) {
	case C.AM_NULL, C.AM_VOID:
		return doc.Value{}
	case C.AM_STR:
		C.AMitemToStr(item, &span)
		return doc.String(text(span))
	case C.AM_BYTES:
		C.AMitemToBytes(item, &span)
		return doc.Value{Kind: doc.KindBytes, Bytes: data(span)}
	case C.AM_BOOL:
		C.AMitemToBool(item, &b)
		return doc.Bool(bool(b))
	case C.AM_INT:
		C.AMitemToInt(item, &i)
		return doc.Int(int64(i))
	case C.AM_UINT:
		C.AMitemToUint(item, &u)
		return doc.Int(int64(u))
	case C.AM_COUNTER:
		C.AMitemToCounter(item, &i)
		return doc.Value{Kind: doc.KindCounter, Int: int64(i)}
	case C.AM_TIME:
		C.AMitemToTimestamp(item, &i)
		return doc.Value{Kind: doc.KindTime, Int: int64(i)}
	case C.AM_F64:
		C.AMitemToF64(item, &f)
		if whole := int64(f); float64(whole) == float64(f) {
			return doc.Int(whole) // as the other engine reads it
		}
		return doc.Value{Kind: doc.KindFloat, Float: float64(f)}
	}
	return doc.Value{Kind: doc.KindOther}
}

// mark is a value as marks take it.
func (s *scope) mark(v doc.Value) (*C.AMitem, error) {
	var r *C.AMresult
	switch v.Kind {
	case doc.KindString:
		r = C.AMitemFromStr(s.string(v.Str))
	case doc.KindBool:
		r = C.AMitemFromBool(C.bool(v.Bool))
	case doc.KindInt, doc.KindUint:
		r = C.AMitemFromInt(C.int64_t(v.Int))
	case doc.KindFloat:
		r = C.AMitemFromF64(C.double(v.Float))
	case doc.KindBytes:
		span := s.bytes(v.Bytes)
		r = C.AMitemFromBytes(span.src, span.count)
	default:
		return nil, fmt.Errorf("a mark cannot have a value of kind %d", v.Kind)
	}
	return s.item(r)
}
