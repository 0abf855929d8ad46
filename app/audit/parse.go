package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// Problem says what does not hold in a file: one sentence for people.
type Problem struct{ Sentence string }

// Error is the sentence.
func (p *Problem) Error() string { return p.Sentence }

func problem(format string, args ...any) error { return &Problem{fmt.Sprintf(format, args...)} }

const notThis = "This is not an audit log. Choose the file that parvis audit export wrote."

// parsed is a file as it was read: nothing in it is believed yet. Elements stay as
// they are written until somebody looks at one, so that a small file cannot become a
// large one in memory.
type parsed struct {
	version   int
	workspace string
	claims    Claims
	entries   []entry
	lines     []json.RawMessage
	forks     []json.RawMessage
	people    []json.RawMessage
	heads     []json.RawMessage
}

// parser reads the fields of a file in their order.
type parser struct {
	d   *json.Decoder
	err error
}

// parse reads a file and judges no more than its form and size.
func parse(data []byte) (*parsed, error) {
	if !utf8.Valid(data) {
		return nil, problem(notThis)
	}
	p := &parser{d: json.NewDecoder(bytes.NewReader(data))}
	var file parsed
	var format string
	var version int
	var about json.RawMessage
	if p.token() != json.Delim('{') {
		return nil, problem(notThis)
	}
	p.field("format", &format)
	p.field("version", &version)
	if p.err != nil || format != formatName || version < 1 {
		return nil, problem(notThis)
	}
	if version > formatVersion {
		return nil, problem("This audit log was made by a newer version of Parvis. Update Parvis and verify it again.")
	}
	file.version = version
	p.field("about", &about)
	p.field("workspace", &file.workspace)
	p.claims(&file.claims)
	p.list("entries", maxEntries, func(raw json.RawMessage) {
		var e entry
		p.strict(raw, &e)
		file.entries = append(file.entries, e)
	})
	for _, part := range []struct {
		name string
		into *[]json.RawMessage
	}{{"lines", &file.lines}, {"forks", &file.forks}, {"people", &file.people}, {"heads", &file.heads}} {
		p.list(part.name, maxEntries, func(raw json.RawMessage) { *part.into = append(*part.into, raw) })
	}
	if p.token() != json.Delim('}') {
		p.fail()
	}
	if _, err := p.d.Token(); err != io.EOF {
		p.fail()
	}
	if p.err != nil {
		return nil, p.err
	}
	return &file, nil
}

// fail notes that the file is not written as an export is.
func (p *parser) fail() {
	if p.err == nil {
		p.err = problem("The file is damaged or was changed: from byte %d on it is not written as an audit log is.", p.d.InputOffset())
	}
}

func (p *parser) token() json.Token {
	t, err := p.d.Token()
	if err != nil {
		p.fail()
	}
	return t
}

// field reads a field that must come next.
func (p *parser) field(name string, into any) {
	if p.err != nil {
		return
	}
	if p.token() != json.Token(name) {
		p.fail()
		return
	}
	p.element(into)
}

// element reads one value of at most maxElement bytes.
func (p *parser) element(into any) {
	var raw json.RawMessage
	if p.err != nil {
		return
	}
	if err := p.d.Decode(&raw); err != nil || len(raw) > maxElement {
		p.fail()
		return
	}
	p.strict(raw, into)
}

func (p *parser) strict(raw json.RawMessage, into any) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		p.fail()
	}
}

// list reads a list of at most max elements.
func (p *parser) list(name string, max int, take func(json.RawMessage)) {
	if p.err != nil {
		return
	}
	if p.token() != json.Token(name) || p.token() != json.Delim('[') {
		p.fail()
		return
	}
	for count := 0; p.err == nil && p.d.More(); count++ {
		var raw json.RawMessage
		if p.element(&raw); p.err == nil && count < max {
			take(raw)
		} else {
			p.fail()
		}
	}
	if p.err == nil && p.token() != json.Delim(']') {
		p.fail()
	}
}

// claims reads what the exporter says; the names one by one.
func (p *parser) claims(into *Claims) {
	if p.err != nil {
		return
	}
	if p.token() != json.Token("claims") || p.token() != json.Delim('{') {
		p.fail()
		return
	}
	p.field("exportedMs", &into.ExportedMs)
	p.field("by", &into.By)
	p.field("workspaceName", &into.Workspace)
	if p.err != nil || p.token() != json.Token("names") || p.token() != json.Delim('{') {
		p.fail()
		return
	}
	into.Names = map[string]string{}
	for p.err == nil && p.d.More() {
		id, _ := p.token().(string)
		var name string
		p.element(&name)
		if _, twice := into.Names[id]; twice || len(into.Names) >= maxNames || len(name) > maxName || len(id) > maxName {
			p.fail()
			return
		}
		into.Names[id] = name
	}
	if p.err == nil && (p.token() != json.Delim('}') || p.token() != json.Delim('}')) {
		p.fail()
	}
}
