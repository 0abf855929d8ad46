package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// maxArguments is the greatest number of arguments of a bound method.
const maxArguments = 2

// Method calls one bound method with JSON arguments and returns its result as
// JSON. Every error is an *Error.
type Method func(arguments []json.RawMessage) (result json.RawMessage, err error)

// Table is the bound methods by name, such as "Chat.Send".
type Table map[string]Method

// Call calls a method by name. An unknown name, wrong arguments and a panic are
// errors like any other.
func (t Table) Call(name string, arguments []json.RawMessage) (json.RawMessage, error) {
	method, ok := t[name]
	if !ok {
		return nil, &Error{CodeNotFound, fmt.Sprintf("There is no method %.64q. Update Parvis and try again.", name)}
	}
	return method(arguments)
}

// Methods lists the exported methods of the given pointers to structs by
// reflection, under the names of their types. A method that does not have the
// shape of a bound method is a bug of ours and panics here, at start.
func Methods(structs ...any) Table {
	table := Table{}
	for _, s := range structs {
		value := reflect.ValueOf(s)
		owner := value.Type().Elem().Name()
		for i := range value.NumMethod() {
			name := owner + "." + value.Type().Method(i).Name
			table[name] = bind(name, value.Method(i))
		}
	}
	return table
}

// bind wraps one method. It checks its shape: at most two arguments, an optional
// result, then an error.
func bind(name string, method reflect.Value) Method {
	shape := method.Type()
	failure := reflect.TypeFor[error]()
	if n := shape.NumOut(); n < 1 || n > 2 || shape.Out(n-1) != failure || shape.NumIn() > maxArguments || shape.IsVariadic() {
		panic("api: " + name + " does not have the shape of a bound method")
	}
	return func(arguments []json.RawMessage) (result json.RawMessage, err error) {
		defer func() {
			if p := recover(); p != nil {
				result, err = nil, internal()
			}
		}()
		in, err := decode(name, shape, arguments)
		if err != nil {
			return nil, err
		}
		return encode(method.Call(in))
	}
}

// decode turns JSON arguments into values of the method's parameter types.
func decode(name string, shape reflect.Type, arguments []json.RawMessage) ([]reflect.Value, error) {
	if len(arguments) != shape.NumIn() {
		return nil, &Error{CodeInvalid, fmt.Sprintf("%s takes %d arguments, not %d. Reload the page and try again.", name, shape.NumIn(), len(arguments))}
	}
	in := make([]reflect.Value, len(arguments))
	for i, raw := range arguments {
		value := reflect.New(shape.In(i))
		if err := json.Unmarshal(raw, value.Interface()); err != nil {
			return nil, &Error{CodeInvalid, fmt.Sprintf("Argument %d of %s has the wrong form. Reload the page and try again.", i+1, name)}
		}
		in[i] = value.Elem()
	}
	return in, nil
}

// encode turns the results of a bound method into JSON or an *Error.
func encode(out []reflect.Value) (json.RawMessage, error) {
	if failure, ok := out[len(out)-1].Interface().(error); ok && failure != nil {
		var known *Error
		if errors.As(failure, &known) {
			return nil, known
		}
		return nil, internal()
	}
	if len(out) == 1 {
		return json.RawMessage("null"), nil
	}
	result, err := json.Marshal(out[0].Interface())
	if err != nil {
		return nil, internal()
	}
	return result, nil
}
