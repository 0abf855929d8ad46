package wasm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// stopGlobal is the global that [interruptible] adds: a call ends with a trap soon
// after it is set to 1.
const stopGlobal = "parvis_stop"

// turns is how many turns of loops pass between two looks, a fraction of a millisecond.
const turns = 1 << 16

// errModule: what is no WebAssembly module of the kind that [interruptible] knows.
var errModule = errors.New("unexpected WebAssembly")

// interruptible gives a WebAssembly module two globals, and a look at them to the
// beginning of every loop: one counts turns down, and whenever it is at 0, the other
// says whether to stop. wazero can end a running call by itself
// (WithCloseOnContextDone), but its check is a call out of WebAssembly in every turn of
// a loop, and Automerge three times as slow for it. With each look the memory grows by
// nothing, which in wazero comes back to Go for a moment: Go cannot stop compiled code
// elsewhere, and its garbage collector would hold all goroutines up, also the one that
// ends the call. A module without a memory is refused. Custom sections, the names of
// functions, are left out.
func interruptible(module []byte) ([]byte, error) {
	if len(module) < 8 || string(module[:8]) != "\x00asm\x01\x00\x00\x00" {
		return nil, errModule
	}
	out := bytes.NewBuffer(append(make([]byte, 0, len(module)+len(module)/8), module[:8]...))
	rest := reader{data: module[8:]}
	stop := uint64(0) // index of the global; globals come before exports and code
	memory := false
	for len(rest.data) > 0 && rest.err == nil {
		id := rest.byte()
		section := reader{data: rest.bytes(rest.uint())}
		var content []byte
		switch id {
		case 0:
			continue
		case 5: // memories
			memory, content = section.peek() > 0, section.data
		case 6: // globals: i32, mutable, i32.const 0 and 1, end
			stop = section.peek()
			content = section.append(2, []byte{0x7f, 1, 0x41, 0, 0x0b, 0x7f, 1, 0x41, 1, 0x0b})
		case 7: // exports: name, kind global, index
			entry := append([]byte{byte(len(stopGlobal))}, stopGlobal...)
			content = section.append(1, binary.AppendUvarint(append(entry, 3), stop))
		case 10:
			if !memory {
				return nil, fmt.Errorf("%w: no memory", errModule)
			}
			content = section.code(stop)
		default:
			content = section.data
		}
		if section.err != nil {
			return nil, fmt.Errorf("section %d: %w", id, section.err)
		}
		out.WriteByte(id)
		out.Write(binary.AppendUvarint(nil, uint64(len(content))))
		out.Write(content)
	}
	return out.Bytes(), rest.err
}

// reader reads a section. After an error everything is zero.
type reader struct {
	data []byte
	err  error
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.data, r.err = nil, errModule
		return nil
	}
	head := r.data[:n]
	r.data = r.data[n:]
	return head
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// skip passes over a LEB128 number of any kind.
func (r *reader) skip() {
	for range binary.MaxVarintLen64 {
		if r.byte() < 0x80 {
			return
		}
	}
	r.data, r.err = nil, errModule
}

// uint reads an unsigned LEB128 number.
func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.data, r.err = nil, errModule
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) peek() uint64 {
	v, _ := binary.Uvarint(r.data)
	return v
}

// append adds entries to a section that is a list.
func (r *reader) append(n uint64, entries []byte) []byte {
	out := binary.AppendUvarint(nil, r.uint()+n)
	return append(append(out, r.data...), entries...)
}

// look is what stands at the beginning of every loop.
func look(stop, left uint64) []byte {
	get := func(global uint64) []byte { return binary.AppendUvarint([]byte{0x23}, global) }
	set := func(global uint64) []byte { return binary.AppendUvarint([]byte{0x24}, global) }
	return bytes.Join([][]byte{
		get(left), {0x41, 1, 0x6b}, set(left), // left -= 1
		get(left), {0x45, 0x04, 0x40}, // if left == 0
		get(stop), {0x04, 0x40, 0x00, 0x0b}, // if stop, unreachable
		binary.AppendUvarint([]byte{0x41}, turns), set(left), // turns has no sign in its highest seven bits
		{0x41, 0, 0x40, 0x00, 0x1a}, // memory.grow 0, drop
		{0x0b},
	}, nil)
}

// code rewrites all functions.
func (r *reader) code(stop uint64) []byte {
	check := look(stop, stop+1)
	count := r.uint()
	out := binary.AppendUvarint(make([]byte, 0, len(r.data)+len(r.data)/8), count)
	for i := uint64(0); i < count && r.err == nil; i++ {
		body := reader{data: r.bytes(r.uint())}
		function := body.function(check)
		if body.err != nil {
			r.err = fmt.Errorf("function %d: %w", i, body.err)
		}
		out = append(binary.AppendUvarint(out, uint64(len(function))), function...)
	}
	return out
}

// function copies a function and puts check at the beginning of its loops.
func (r *reader) function(check []byte) []byte {
	all, copied := r.data, 0
	var out []byte
	for range r.uint() { // local variables: count and type
		r.uint()
		r.byte()
	}
	for len(r.data) > 0 {
		opcode := r.byte()
		r.immediates(opcode)
		if opcode == 0x03 {
			at := len(all) - len(r.data)
			out = append(append(out, all[copied:at]...), check...)
			copied = at
		}
	}
	return append(out, all[copied:]...)
}

// immediates skips what follows an opcode of WebAssembly 2.0 without vectors.
func (r *reader) immediates(opcode byte) {
	numbers := 0
	switch {
	case opcode >= 0x02 && opcode <= 0x04, // block, loop, if: a type
		opcode == 0x0c, opcode == 0x0d, opcode == 0x10, // br, br_if, call
		opcode >= 0x20 && opcode <= 0x26,                                 // variables and tables
		opcode >= 0x3f && opcode <= 0x42, opcode == 0xd0, opcode == 0xd2: // memory.size, memory.grow, constants, references
		numbers = 1
	case opcode == 0x11, opcode >= 0x28 && opcode <= 0x3e: // call_indirect, loads and stores
		numbers = 2
	case opcode == 0x0e, opcode == 0x1c: // br_table, select with types
		for range r.uint() {
			r.skip()
		}
		if opcode == 0x0e {
			numbers = 1
		}
	case opcode == 0x43:
		r.bytes(4)
	case opcode == 0x44:
		r.bytes(8)
	case opcode == 0xfc:
		numbers = r.extended()
	case opcode <= 0x01, opcode == 0x05, opcode == 0x0b, opcode == 0x0f, opcode == 0x1a, opcode == 0x1b, opcode >= 0x45 && opcode <= 0xc4, opcode == 0xd1:
	default:
		r.data, r.err = nil, fmt.Errorf("%w: opcode %#x", errModule, opcode)
	}
	for range numbers {
		r.skip()
	}
}

// extended is how many numbers follow an opcode that begins with 0xfc.
func (r *reader) extended() int {
	switch sub := r.uint(); {
	case sub <= 7:
		return 0
	case sub == 8, sub == 10, sub == 12, sub == 14:
		return 2
	case sub == 9, sub == 11, sub == 13, sub >= 15 && sub <= 17:
		return 1
	}
	r.data, r.err = nil, errModule
	return 0
}
