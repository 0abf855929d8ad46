package wasm

import (
	"math"
	"math/big"

	"github.com/tetratelabs/wazero/api"
)

// testBinding asks something about one value.
func testBinding(name string, test func(v value) bool) binding {
	return binding{name, "r", "i", func(in *instance, s []uint64) { s[0] = truth(test(in.heap.get(s[0]))) }}
}

// testBindings are the questions that Automerge asks about values.
func testBindings() []binding {
	isArray := func(v value) bool { _, ok := v.(*array); return ok }
	return []binding{
		testBinding("__wbg_instanceof_Object_03924e0dbda74bd8", isObject),
		testBinding("__wbg_isArray_94898ed3aad6947b", isArray),
		testBinding("__wbg_isArray_74b636a53056fecb", isArray),
		testBinding("__wbg_instanceof_ArrayBuffer_53db37b06f6b9afe", func(value) bool { return false }),
		testBinding("__wbg_instanceof_Date_699138a4c8668446", func(v value) bool { _, ok := v.(*date); return ok }),
		testBinding("__wbg_instanceof_Uint8Array_abd07d4bd221d50b", func(v value) bool { _, ok := v.(*byteArray); return ok }),
		testBinding("__wbg___wbindgen_is_undefined_35bb9f4c7fd651d5", func(v value) bool { return v == undefined{} }),
		testBinding("__wbg___wbindgen_is_null_2042690d351e14f0", func(v value) bool { return v == nil }),
		testBinding("__wbg___wbindgen_is_object_b4593df85baada48", isObject),
		testBinding("__wbg___wbindgen_is_function_5cd60d5cf78b4eef", func(v value) bool { _, ok := v.(*function); return ok }),
		testBinding("__wbg___wbindgen_is_string_dde0fd9020db4434", func(v value) bool { _, ok := v.(string); return ok }),
		testBinding("__wbg___wbindgen_is_bigint_aeae3893f30ed54e", func(v value) bool { _, ok := v.(*big.Int); return ok }),
		{"__wbg___wbindgen_boolean_get_2304fb8c853028c8", "r", "i", func(in *instance, s []uint64) {
			if b, ok := in.heap.get(s[0]).(bool); ok {
				s[0] = truth(b)
				return
			}
			s[0] = 0xFFFFFF
		}},
		{"__wbg___wbindgen_number_get_f73a1244370fcc2c", "ir", "", func(in *instance, s []uint64) {
			n, ok := in.heap.get(s[1]).(float64)
			in.writeUint64(uint32(s[0])+8, math.Float64bits(n))
			in.writeUint32(uint32(s[0]), uint32(truth(ok)))
		}},
		{"__wbg___wbindgen_lt_bf66da04b96dff63", "rr", "i", func(in *instance, s []uint64) {
			order, ok := compare(in.heap.get(s[0]), in.heap.get(s[1]))
			s[0] = truth(ok && order < 0)
		}},
		{"__wbg___wbindgen_gt_09497b4a65452cf9", "rr", "i", func(in *instance, s []uint64) {
			order, ok := compare(in.heap.get(s[0]), in.heap.get(s[1]))
			s[0] = truth(ok && order > 0)
		}},
		{"__wbg___wbindgen_jsval_loose_eq_0ad77b7717db155c", "rr", "i", func(in *instance, s []uint64) {
			s[0] = truth(looselyEqual(in.heap.get(s[0]), in.heap.get(s[1])))
		}},
	}
}

// compare orders two numbers; it is false for anything else, and for NaN.
func compare(a, b value) (int, bool) {
	x, ok := toBig(a)
	y, ok2 := toBig(b)
	if !ok || !ok2 {
		return 0, false
	}
	return x.Cmp(y), true
}

func toBig(v value) (*big.Float, bool) {
	switch v := v.(type) {
	case *big.Int:
		return new(big.Float).SetInt(v), true
	case float64:
		if !math.IsNaN(v) {
			return big.NewFloat(v), true
		}
	}
	return nil, false
}

// looselyEqual is a == b for two values of one type, for numbers and big integers, and
// for null and undefined.
func looselyEqual(a, b value) bool {
	if order, ok := compare(a, b); ok {
		return order == 0
	}
	none := func(v value) bool { return v == nil || v == undefined{} }
	return none(a) && none(b) || a == b
}

// makeBindings make values.
func makeBindings() []binding {
	return []binding{
		{"__wbindgen_cast_0000000000000001", "d", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(api.DecodeF64(s[0])) }},
		{"__wbindgen_cast_0000000000000002", "l", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(big.NewInt(int64(s[0]))) }},
		{"__wbindgen_cast_0000000000000003", "ii", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(in.readString(s[0], s[1])) }},
		{"__wbindgen_cast_0000000000000004", "l", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(new(big.Int).SetUint64(s[0])) }},
		{"__wbg_BigInt_783e2a7f4ba76bc4", "r", "r", func(in *instance, s []uint64) {
			whole, _ := big.NewFloat(toNumber(in.heap.get(s[0]))).Int(nil)
			s[0] = in.heap.add(whole)
		}},
		{"__wbg___wbindgen_neg_5c60abf0a760fcb3", "r", "r", func(in *instance, s []uint64) {
			if n, ok := in.heap.get(s[0]).(*big.Int); ok {
				s[0] = in.heap.add(new(big.Int).Neg(n))
				return
			}
			s[0] = in.heap.add(-toNumber(in.heap.get(s[0])))
		}},
		{"__wbg_new_859b9002e2668e82", "r", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(&date{toNumber(in.heap.get(s[0]))}) }},
		{"__wbg_getTime_09f1dd40a44edb30", "r", "d", func(in *instance, s []uint64) { s[0] = api.EncodeF64(toNumber(in.heap.get(s[0]))) }},
		{"__wbg_Error_bce6d499ff0a4aff", "ii", "r", newException("Error")},
		{"__wbg_new_1f236d63ba0c4784", "ii", "r", newException("Error")},
		{"__wbg_new_a4f7d7433843fa16", "ii", "r", newException("RangeError")},
		{"__wbg_new_227d7c05414eb861", "", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(&exception{name: "Error"}) }},
		{"__wbg_for_6670787dec82acd0", "ii", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(in.symbolFor(in.readString(s[0], s[1]))) }},
		{"__wbg_iterator_1441b47f341dc34f", "", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(in.symbolFor("iterator")) }},
	}
}

func newException(name string) func(in *instance, s []uint64) {
	return func(in *instance, s []uint64) { s[0] = in.heap.add(&exception{name, in.readString(s[0], s[1])}) }
}

// toNumber is Number(v) of what has a number in it.
func toNumber(v value) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case *date:
		return v.ms
	case *counter:
		return v.n
	case *big.Int:
		n, _ := new(big.Float).SetInt(v).Float64()
		return n
	}
	return math.NaN()
}
