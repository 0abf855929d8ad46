package wasm

import (
	"cmp"
	"math"
	"math/big"
	"slices"

	"parvis/crdt/doc"
	"parvis/crdt/doc/rewrite"
)

// toValue is a scalar of the engine. Numbers without a fraction come back as integers:
// JavaScript has but one kind.
func toValue(v value) doc.Value {
	switch v := v.(type) {
	case nil, undefined:
		return doc.Value{}
	case string:
		return doc.String(v)
	case *scalar:
		return doc.String(v.text)
	case bool:
		return doc.Bool(v)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<63 {
			return doc.Int(int64(v))
		}
		return doc.Value{Kind: doc.KindFloat, Float: v}
	case *big.Int:
		if v.IsInt64() {
			return doc.Int(v.Int64())
		}
	case *byteArray:
		return doc.Value{Kind: doc.KindBytes, Bytes: v.data}
	case *counter:
		return doc.Value{Kind: doc.KindCounter, Int: int64(v.n)}
	case *date:
		return doc.Value{Kind: doc.KindTime, Int: int64(v.ms)}
	}
	return doc.Value{Kind: doc.KindOther}
}

// fromValue is a value as the engine takes it, and the name of its type.
func fromValue(v doc.Value) (value, string) {
	switch v.Kind {
	case doc.KindString:
		return &scalar{valid(v.Str)}, "str"
	case doc.KindInt:
		return float64(v.Int), "int"
	case doc.KindUint:
		return float64(v.Int), "uint"
	case doc.KindFloat:
		return v.Float, "f64"
	case doc.KindBool:
		return v.Bool, "boolean"
	case doc.KindBytes:
		return &byteArray{v.Bytes}, "bytes"
	case doc.KindCounter:
		return float64(v.Int), "counter"
	case doc.KindTime:
		return &date{float64(v.Int)}, "timestamp"
	}
	return nil, "null"
}

// toSpans reads the engine's list of spans.
func toSpans(v value) []doc.Span {
	list, _ := v.(*array)
	if list == nil {
		return nil
	}
	var spans []doc.Span
	for _, item := range list.items {
		o, _ := item.(*object)
		if o.get("type") == "block" {
			block, _ := o.get("value").(*object)
			spans = append(spans, doc.Span{Block: toBlock(block)})
			continue
		}
		marks, _ := o.get("marks").(*object)
		span := doc.Span{Text: toString(o.get("value")), Marks: toMarks(marks)}
		spans = append(spans, span)
	}
	return rewrite.Normalize(spans)
}

func toBlock(o *object) *doc.Block {
	block := &doc.Block{Type: toValue(o.get("type")).Str, Embed: toValue(o.get("isEmbed")).Bool}
	if parents, ok := o.get("parents").(*array); ok {
		for _, parent := range parents.items {
			if name := toValue(parent); name.Kind == doc.KindString {
				block.Parents = append(block.Parents, name.Str)
			}
		}
	}
	if attrs, ok := o.get("attrs").(*object); ok && len(attrs.keys) > 0 {
		block.Attrs = make(map[string]doc.Value, len(attrs.keys))
		for key, v := range attrs.props {
			block.Attrs[key] = toValue(v)
		}
	}
	return block
}

func toMarks(o *object) []doc.Mark {
	if o == nil {
		return nil
	}
	var marks []doc.Mark
	for name, v := range o.props {
		if value := toValue(v); value.Kind != doc.KindNull {
			marks = append(marks, doc.Mark{Name: name, Value: value})
		}
	}
	slices.SortFunc(marks, func(a, b doc.Mark) int { return cmp.Compare(a.Name, b.Name) })
	return marks
}

// markValue: marks hold scalars only, so a string needs no telling apart.
func markValue(v value) value {
	if s, ok := v.(*scalar); ok {
		return s.text
	}
	return v
}

func fromBlock(b doc.Block) *object {
	parents := &array{items: make([]value, len(b.Parents))}
	for i, parent := range b.Parents {
		parents.items[i] = &scalar{valid(parent)}
	}
	attrs := newObject()
	for _, key := range sortedKeys(b.Attrs) {
		v, _ := fromValue(b.Attrs[key])
		attrs.set(valid(key), v)
	}
	return newObject().with("type", &scalar{valid(b.Type)}).with("parents", parents).with("attrs", attrs).with("isEmbed", b.Embed)
}
