package wasm

import "fmt"

// callBindings call functions and walk iterators.
func callBindings() []binding {
	field := func(name string) func(in *instance, s []uint64) value {
		return func(in *instance, s []uint64) value {
			o, _ := in.heap.get(s[0]).(*object)
			return o.get(name)
		}
	}
	return []binding{
		{"__wbg_call_13665d9f14390edc", "rr", "r", func(in *instance, s []uint64) { s[0] = in.apply(s[0], s[1], nil) }},
		{"__wbg_call_dfde26266607c996", "rrr", "r", func(in *instance, s []uint64) { s[0] = in.apply(s[0], s[1], []value{in.heap.get(s[2])}) }},
		{"__wbg_apply_345835e57390767e", "rrr", "r", func(in *instance, s []uint64) { s[0] = in.apply(s[0], s[1], in.array(s[2]).items) }},
		{"__wbg_next_2a4e19f4f5083b0f", "r", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(field("next")(in, s)) }},
		{"__wbg_next_6429a146bf756f93", "r", "r", func(in *instance, s []uint64) {
			next, ok := field("next")(in, s).(*function)
			if !ok {
				s[0] = in.result(nil, fmt.Errorf("%s is no iterator", debugText(in.heap.get(s[0]))))
				return
			}
			s[0] = in.result(next.call(in.heap.get(s[0]), nil))
		}},
		{"__wbg_done_54b8da57023b7ed2", "r", "i", func(in *instance, s []uint64) { s[0] = truth(field("done")(in, s) == true) }},
		{"__wbg_value_9cc0518af87a489c", "r", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(field("value")(in, s)) }},
	}
}

// apply calls the function behind a handle.
func (in *instance) apply(callee, this uint64, args []value) uint64 {
	f, ok := in.heap.get(callee).(*function)
	if !ok {
		return in.result(nil, fmt.Errorf("%s is no function", debugText(in.heap.get(callee))))
	}
	return in.result(f.call(in.heap.get(this), args))
}

// iterate is what an array has under Symbol.iterator; undefined for anything else.
func (in *instance) iterate(of value) value {
	if _, ok := of.(*array); !ok {
		return undefined{}
	}
	return &function{func(value, []value) (value, error) {
		next := 0
		return newObject().with("next", &function{func(value, []value) (value, error) {
			if next >= int(lengthOf(of)) {
				return newObject().with("done", true).with("value", undefined{}), nil
			}
			next++
			return newObject().with("done", false).with("value", itemAt(of, uint32(next-1))), nil
		}}), nil
	}}
}
