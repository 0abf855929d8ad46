package wasm

import (
	"context"
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// importModule is the name under which the engine imports all its functions.
const importModule = "./automerge_wasm_bg.js"

// binding is one imported function: its exact name (which carries a hash of what the
// function does), its signature, and what it does. Letters of a signature: r is an
// externref, i an i32, l an i64, d an f64. Arguments are in stack from the beginning,
// the result goes to stack[0].
type binding struct {
	name, params, results string
	do                    func(in *instance, stack []uint64)
}

// bindings lists every function that this package has.
func bindings() []binding {
	return slices.Concat(testBindings(), makeBindings(), textBindings(), arrayBindings(), objectBindings(), callBindings(), otherBindings())
}

func valueTypes(letters string) []api.ValueType {
	types := make([]api.ValueType, len(letters))
	for i, letter := range letters {
		switch letter {
		case 'r':
			types[i] = api.ValueTypeExternref
		case 'i':
			types[i] = api.ValueTypeI32
		case 'l':
			types[i] = api.ValueTypeI64
		case 'd':
			types[i] = api.ValueTypeF64
		}
	}
	return types
}

// bindImports gives the runtime the functions that the compiled engine imports, by
// exact name and signature. An import that is not known here is an error: it could
// mean anything.
func bindImports(ctx context.Context, runtime wazero.Runtime, engine wazero.CompiledModule) error {
	known := map[string]binding{}
	for _, b := range bindings() {
		known[b.name] = b
	}
	host := runtime.NewHostModuleBuilder(importModule)
	for _, f := range engine.ImportedFunctions() {
		from, name, _ := f.Import()
		b, ok := known[name]
		if !ok || from != importModule {
			return fmt.Errorf("the document engine imports %s from %s, which is unknown", name, from)
		}
		params, results := valueTypes(b.params), valueTypes(b.results)
		if !slices.Equal(params, f.ParamTypes()) || !slices.Equal(results, f.ResultTypes()) {
			return fmt.Errorf("the document engine's import %s has another signature", name)
		}
		host.NewFunctionBuilder().WithGoFunction(hostFunction(b.do), params, results).Export(name)
	}
	if _, err := host.Instantiate(ctx); err != nil {
		return fmt.Errorf("bind the document engine's imports: %w", err)
	}
	return nil
}

// instanceKey finds the calling instance in a context.
type instanceKey struct{}

type hostFunction func(in *instance, stack []uint64)

// Call implements api.GoFunction.
func (f hostFunction) Call(ctx context.Context, stack []uint64) {
	f(ctx.Value(instanceKey{}).(*instance), stack)
}

// truth is a boolean as WebAssembly has it.
func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
