package api_test

import (
	"reflect"
	"testing"

	"parvis/app/api"
)

// Bound methods and DTOs keep to what the generator of the page's types can say
// and JSON can carry: no floats (a NaN would end the window's process), no bytes,
// no times, no named strings, no contexts.
func TestOnlyPlainTypesCrossTheBoundary(t *testing.T) {
	a, _, _, _ := build(t)
	seen := map[reflect.Type]bool{}
	for _, bound := range append(a.Bound(), &api.EventMap{}) {
		of := reflect.TypeOf(bound)
		for i := range of.NumMethod() {
			method := of.Method(i)
			if n := method.Type.NumIn() - 1; n > 2 {
				t.Errorf("%s.%s has %d parameters", of.Elem().Name(), method.Name, n)
			}
			for j := 1; j < method.Type.NumIn(); j++ {
				plain(t, seen, method.Name, method.Type.In(j))
			}
			if method.Type.NumOut() == 2 {
				plain(t, seen, method.Name, method.Type.Out(0))
			}
		}
	}
	plain(t, seen, "EventMap", reflect.TypeFor[api.EventMap]())
	if len(seen) < 20 {
		t.Errorf("only %d types seen", len(seen))
	}
}

func plain(t *testing.T, seen map[reflect.Type]bool, where string, of reflect.Type) {
	t.Helper()
	if seen[of] {
		return
	}
	seen[of] = true
	switch of.Kind() {
	case reflect.String, reflect.Int, reflect.Int64, reflect.Bool:
		if of.PkgPath() != "" {
			t.Errorf("%s: the named type %s", where, of)
		}
	case reflect.Slice:
		if of.Elem().Kind() == reflect.Uint8 {
			t.Errorf("%s: bytes", where)
		}
		plain(t, seen, where, of.Elem())
	case reflect.Pointer:
		plain(t, seen, where, of.Elem())
	case reflect.Struct:
		for i := range of.NumField() {
			f := of.Field(i)
			if tag := f.Tag.Get("json"); tag == "" || !f.IsExported() {
				t.Errorf("%s.%s has no JSON name", of, f.Name)
			}
			plain(t, seen, of.Name()+"."+f.Name, f.Type)
		}
	default:
		t.Errorf("%s: %s is not plain", where, of)
	}
}

type crooked struct{}

// Three has too many arguments.
func (*crooked) Three(_, _, _ string) error { return nil }

func TestAMethodOfAnotherShapeIsFoundAtStart(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was bound")
		}
	}()
	api.Methods(&crooked{})
}
