package wasm

import (
	"errors"
	"strings"
)

// errMemory: the engine gave an address outside its memory.
var errMemory = errors.New("address outside the document engine's memory")

// read is a view of memory; it is valid until the engine runs again.
func (in *instance) read(at, length uint64) []byte {
	data, ok := in.engine.Memory().Read(uint32(at), uint32(length))
	if !ok {
		panic(errMemory)
	}
	return data
}

func (in *instance) write(at uint32, data []byte) {
	if !in.engine.Memory().Write(at, data) {
		panic(errMemory)
	}
}

func (in *instance) writeUint32(at, v uint32) {
	if !in.engine.Memory().WriteUint32Le(at, v) {
		panic(errMemory)
	}
}

func (in *instance) writeUint64(at uint32, v uint64) {
	if !in.engine.Memory().WriteUint64Le(at, v) {
		panic(errMemory)
	}
}

// readString copies a string out of memory.
func (in *instance) readString(at, length uint64) string {
	return strings.ToValidUTF8(string(in.copy(at, length)), "\uFFFD")
}

// copy is memory that is going to be copied, which a call may do only so often.
func (in *instance) copy(at, length uint64) []byte {
	if in.copied += int(uint32(length)); in.copied > maxCopied {
		panic(errTooMuch)
	}
	return in.read(at, length)
}

func (in *instance) freeString(at, length uint64) {
	in.reenter(in.engine, "__wbindgen_free", at, length, 1)
}

// passString copies text into memory that the engine frees.
func (in *instance) passString(text string) (at, length uint64) {
	at = in.reenter(in.engine, "__wbindgen_malloc", uint64(len(text)), 1)
	in.write(uint32(at), []byte(text))
	return at, uint64(len(text))
}

// returnString writes a string's place to memory: pointer and length, zero for none.
func (in *instance) returnString(to uint32, text string, ok bool) {
	var at, length uint64
	if ok {
		at, length = in.passString(text)
	}
	in.writeUint32(to+4, uint32(length))
	in.writeUint32(to, uint32(at))
}

// array is the array behind a handle.
func (in *instance) array(handle uint64) *array {
	list, ok := in.heap.get(handle).(*array)
	if !ok {
		panic(errors.New(debugText(in.heap.get(handle)) + " is no array"))
	}
	return list
}

// bytes is what a Uint8Array, or an array of small numbers, holds.
func (in *instance) bytes(handle uint64) []byte {
	switch v := in.heap.get(handle).(type) {
	case *byteArray:
		return v.data
	case *array:
		data := make([]byte, len(v.items))
		for i, item := range v.items {
			data[i] = byte(toNumber(item))
		}
		return data
	}
	return nil
}

// symbolFor is Symbol.for(name).
func (in *instance) symbolFor(name string) *symbol {
	s, ok := in.symbols[name]
	if !ok {
		s = &symbol{name}
		in.symbols[name] = s
	}
	return s
}
