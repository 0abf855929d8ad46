package wasm

import (
	"fmt"
	"slices"
	"strconv"
)

// arrayBindings work on arrays and Uint8Arrays.
func arrayBindings() []binding {
	item := func(in *instance, s []uint64) { s[0] = in.heap.add(itemAt(in.heap.get(s[0]), uint32(s[1]))) }
	length := func(in *instance, s []uint64) { s[0] = uint64(lengthOf(in.heap.get(s[0]))) }
	return []binding{
		{"__wbg_get_unchecked_1dfe6d05ad91d9b7", "ri", "r", item},
		{"__wbg_get_98fdf51d029a75eb", "ri", "r", item},
		{"__wbg_length_2591a0f4f659a55c", "r", "i", length},
		{"__wbg_length_f83cc3ef069d6a23", "r", "i", length},
		{"__wbg_length_56fcd3e2b7e0299d", "r", "i", length},
		{"__wbg_new_310879b66b6e95e1", "", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(&array{}) }},
		{"__wbg_push_b77c476b01548d0a", "rr", "i", func(in *instance, s []uint64) {
			list := in.array(s[0])
			list.items = append(list.items, in.heap.get(s[1]))
			s[0] = uint64(len(list.items))
		}},
		{"__wbg_unshift_ed6145d5628f7a55", "rr", "i", func(in *instance, s []uint64) {
			list := in.array(s[0])
			list.items = slices.Insert(list.items, 0, in.heap.get(s[1]))
			s[0] = uint64(len(list.items))
		}},
		{"__wbg_set_78ea6a19f4818587", "rir", "", func(in *instance, s []uint64) {
			in.must(in.array(s[0]).set(int(uint32(s[1])), in.heap.get(s[2])))
		}},
		{"__wbg_concat_984be48c26a4a7d7", "rr", "r", func(in *instance, s []uint64) {
			s[0] = in.heap.add(&array{slices.Concat(in.array(s[0]).items, in.array(s[1]).items)})
		}},
		{"__wbg_slice_ec02e3c14d84ad90", "rii", "r", func(in *instance, s []uint64) {
			items := in.array(s[0]).items
			end := min(int(uint32(s[2])), len(items))
			start := min(int(uint32(s[1])), end)
			s[0] = in.heap.add(&array{slices.Clone(items[start:end])})
		}},
		{"__wbg_from_fa561fa561dc8031", "r", "r", func(in *instance, s []uint64) {
			list, ok := in.heap.get(s[0]).(*array)
			if !ok {
				list = &array{}
			}
			s[0] = in.heap.add(&array{slices.Clone(list.items)})
		}},
		{"__wbg_new_from_slice_269e35316ed2d061", "ii", "r", func(in *instance, s []uint64) {
			s[0] = in.heap.add(&byteArray{slices.Clone(in.copy(s[0], s[1]))})
		}},
		{"__wbg_new_7ddec6de44ff8f5d", "r", "r", func(in *instance, s []uint64) {
			s[0] = in.heap.add(&byteArray{slices.Clone(in.bytes(s[0]))})
		}},
		{"__wbg_prototypesetcall_5f9bdc8d75e07276", "iir", "", func(in *instance, s []uint64) {
			copy(in.read(s[0], s[1]), in.bytes(s[2]))
		}},
	}
}

// set is list[index] = v.
func (list *array) set(index int, v value) error {
	if index > len(list.items) {
		return fmt.Errorf("index %d beyond the end of an array", index)
	}
	if index == len(list.items) {
		list.items = append(list.items, v)
		return nil
	}
	list.items[index] = v
	return nil
}

func itemAt(v value, index uint32) value {
	switch v := v.(type) {
	case *array:
		if int(index) < len(v.items) {
			return v.items[index]
		}
	case *byteArray:
		if int(index) < len(v.data) {
			return float64(v.data[index])
		}
	}
	return undefined{}
}

func lengthOf(v value) uint32 {
	switch v := v.(type) {
	case *array:
		return uint32(len(v.items))
	case *byteArray:
		return uint32(len(v.data))
	}
	return 0
}

// objectBindings work on objects.
func objectBindings() []binding {
	get := func(in *instance, s []uint64) {
		v, err := in.property(in.heap.get(s[0]), in.heap.get(s[1]))
		s[0] = in.result(v, err)
	}
	return []binding{
		{"__wbg_new_02d162bc6cf02f60", "", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(newObject()) }},
		{"__wbg_get_3e9a707ab7d352eb", "rr", "r", get},
		{"__wbg_get_dcf82ab8aad1a593", "rr", "r", get},
		{"__wbg_set_6be42768c690e380", "rrr", "", func(in *instance, s []uint64) {
			in.must(setProperty(in.heap.get(s[0]), in.heap.get(s[1]), in.heap.get(s[2])))
		}},
		{"__wbg_set_a0e911be3da02782", "rrr", "i", func(in *instance, s []uint64) {
			err := setProperty(in.heap.get(s[0]), in.heap.get(s[1]), in.heap.get(s[2]))
			s[0] = truth(err == nil)
			if err != nil {
				in.throw(err)
			}
		}},
		{"__wbg_deleteProperty_598e2c418b0266c8", "rr", "i", func(in *instance, s []uint64) {
			if o, ok := in.heap.get(s[0]).(*object); ok {
				o.remove(toString(in.heap.get(s[1])))
			}
			s[0] = 1
		}},
		{"__wbg_keys_682010b680c9b1f8", "r", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(newStrings(keysOf(in.heap.get(s[0])))) }},
		{"__wbg_ownKeys_cb08d3d8561f661f", "r", "r", func(in *instance, s []uint64) { s[0] = in.heap.add(newStrings(keysOf(in.heap.get(s[0])))) }},
		{"__wbg_values_04e37d4db6696114", "r", "r", func(in *instance, s []uint64) {
			s[0] = in.heap.add(in.each(s[0], func(_ string, v value) value { return v }))
		}},
		{"__wbg_entries_564a7e8b1e54ede5", "r", "r", func(in *instance, s []uint64) {
			s[0] = in.heap.add(in.each(s[0], func(key string, v value) value { return &array{[]value{key, v}} }))
		}},
		{"__wbg_freeze_bb8e564173b3cad6", "r", "r", func(*instance, []uint64) {}},
		{"__wbg_assign_6dc244143fa72f1f", "rr", "r", func(in *instance, s []uint64) {
			from := in.heap.get(s[1])
			for _, key := range keysOf(from) {
				v, err := in.property(from, key)
				in.must(err)
				in.must(setProperty(in.heap.get(s[0]), key, v))
			}
		}},
		{"__wbg_defineProperty_83586bc35b9ff065", "rrr", "r", func(*instance, []uint64) {}}, // only the invisible metadata of values shown to a page
	}
}

// keysOf is Object.keys(v).
func keysOf(v value) []string {
	switch v := v.(type) {
	case *object:
		return slices.Clone(v.keys)
	case *array:
		keys := make([]string, len(v.items))
		for i := range keys {
			keys[i] = strconv.Itoa(i)
		}
		return keys
	}
	return nil
}

// each maps the properties of an object to an array.
func (in *instance) each(handle uint64, of func(key string, v value) value) *array {
	list, from := &array{}, in.heap.get(handle)
	for _, key := range keysOf(from) {
		v, err := in.property(from, key)
		in.must(err)
		list.items = append(list.items, of(key, v))
	}
	return list
}

// property is Reflect.get(of, key).
func (in *instance) property(of, key value) (value, error) {
	if !isObject(of) {
		return nil, fmt.Errorf("property %s of %s", debugText(key), debugText(of))
	}
	if key == value(in.symbolFor("iterator")) {
		return in.iterate(of), nil
	}
	switch o := of.(type) {
	case *object:
		return o.get(toString(key)), nil
	case *exception:
		if toString(key) == "message" {
			return o.message, nil
		}
	case *array, *byteArray:
		if toString(key) == "length" {
			return float64(lengthOf(of)), nil
		}
		if index, err := strconv.ParseUint(toString(key), 10, 32); err == nil {
			return itemAt(of, uint32(index)), nil
		}
	}
	return undefined{}, nil
}

// setProperty is Reflect.set(of, key, v).
func setProperty(of, key, v value) error {
	switch o := of.(type) {
	case *object:
		if _, isSymbol := key.(*symbol); !isSymbol { // symbols carry metadata for a page
			o.set(toString(key), v)
		}
		return nil
	case *array:
		index, err := strconv.Atoi(toString(key))
		if err != nil || index < 0 {
			return fmt.Errorf("property %s of an array", debugText(key))
		}
		return o.set(index, v)
	}
	return fmt.Errorf("set property %s of %s", debugText(key), debugText(of))
}
