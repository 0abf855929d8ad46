package wasm

import (
	"math"
	"math/big"
	"strconv"

	"parvis/crdt/seal"
)

// textBinding writes what text makes of a value to memory: pointer, then length.
func textBinding(name string, text func(v value) (string, bool)) binding {
	return binding{name, "ir", "", func(in *instance, s []uint64) {
		t, ok := text(in.heap.get(s[1]))
		in.returnString(uint32(s[0]), t, ok)
	}}
}

// textBindings turn values into strings.
func textBindings() []binding {
	always := func(text func(value) string) func(value) (string, bool) {
		return func(v value) (string, bool) { return text(v), true }
	}
	return []binding{
		textBinding("__wbg_String_8564e559799eccda", always(toString)),
		textBinding("__wbg___wbindgen_debug_string_edece8177ad01481", always(debugText)),
		textBinding("__wbg_stack_3b0d974bbf31e44f", always(func(value) string { return "" })),
		textBinding("__wbg_stringify_98fc97c9bbe0e3c0", always(debugText)),
		textBinding("__wbg___wbindgen_string_get_d109740c0d18f4d7", func(v value) (string, bool) { t, ok := v.(string); return t, ok }),
		{"__wbg_toString_30d9e686a1bd8b7e", "r", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(toString(in.heap.get(s[0]))) }},
		{"__wbg_toString_49bf30263e075265", "ri", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(inRadix(in.heap.get(s[0]), s[1])) }},
		{"__wbg_toString_7b43db62ff51d976", "iri", "", func(in *instance, s []uint64) {
			in.returnString(uint32(s[0]), inRadix(in.heap.get(s[1]), s[2]), true)
		}},
	}
}

// inRadix is v.toString(radix) of a whole number.
func inRadix(v value, radix uint64) string {
	base := int(int32(radix))
	if base < 2 || base > 36 {
		base = 10
	}
	switch v := v.(type) {
	case *big.Int:
		return v.Text(base)
	case float64:
		if base != 10 && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return strconv.FormatInt(int64(v), base)
		}
	}
	return toString(v)
}

// otherBindings are what a page gives its WebAssembly beside values: randomness, a log
// and exceptions.
func otherBindings() []binding {
	return []binding{
		{"__wbg_getRandomValues_cc7f052a444bb2ce", "ii", "", func(in *instance, s []uint64) {
			in.write(uint32(s[0]), seal.Random(int(uint32(s[1]))))
		}},
		{"__wbg_error_a6fa202b58aa1cd3", "ii", "", func(in *instance, s []uint64) {
			in.complaint = in.readString(s[0], s[1])
			in.freeString(s[0], s[1])
		}},
		{"__wbg_log_eb752234eec406d1", "r", "", func(*instance, []uint64) {}},
		{"__wbg_log_7befb5e25df658bf", "rr", "", func(*instance, []uint64) {}},
		{"__wbg___wbindgen_throw_9c31b086c2b26051", "ii", "", func(in *instance, s []uint64) {
			panic(&exception{"Error", in.readString(s[0], s[1])}) // ends the call; wazero returns it
		}},
		{"__wbindgen_init_externref_table", "", "", func(in *instance, _ []uint64) { in.initTable() }},
	}
}
