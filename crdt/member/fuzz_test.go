package member

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

// The checks below hold for every input: no panic, an outcome of the table, and
// nothing accepted that is not the one encoding of what was read.

func checkOutcome(t testing.TB, raw []byte, err error, may ...seal.Outcome) {
	if err != nil && !slices.Contains(may, seal.OutcomeOf(err)) {
		t.Fatalf("outcome %v (%v) for %x", seal.OutcomeOf(err), err, raw)
	}
}

// checkSame requires that a value is written as it was read.
func checkSame[T any](t testing.TB, raw []byte, v T) {
	if again := encode(t, v); !bytes.Equal(again, raw) {
		t.Fatalf("%x is accepted but written as %x", raw, again)
	}
}

func checkLink(t testing.TB, raw []byte) {
	if link, err := parseLink(raw); err == nil && !bytes.Equal(link.bytes(), raw) {
		t.Fatalf("%x is accepted but written as %x", raw, link.bytes())
	}
}

func checkLinkText(t testing.TB, raw []byte) {
	link, err := ParseLink(string(raw))
	if err != nil {
		return
	}
	if again, err := ParseLink(link.String()); err != nil || again.String() != link.String() {
		t.Fatalf("%q is accepted but %q is not", raw, link.String())
	}
}

func checkRecord(t testing.TB, raw []byte) {
	person := people()[0].person
	r, err := ParseDeviceRecord(raw, person)
	checkOutcome(t, raw, err, seal.Reject, seal.Pend)
	if err == nil {
		checkSame(t, raw, r)
	}
}

func checkGenesis(t testing.TB, raw []byte) {
	g, _, err := ParsePersonGenesis(raw)
	checkOutcome(t, raw, err, seal.Reject, seal.Pend)
	if err == nil {
		checkSame(t, raw, g)
	}
}

// checkEntry reads an unsigned payload, so that mutations reach the fields.
func checkEntry(t testing.TB, raw []byte) {
	_, err := ParseEntry(raw, make([]byte, seal.SigSize))
	checkOutcome(t, raw, err, seal.Reject, seal.Pend)
	p, err := decode[entryPayload](raw, form{"entry", MaxEntry, seal.Reject, seal.Pend})
	if err != nil {
		return
	}
	checkSame(t, raw, p)
	_, err = newEntry(p, raw, nil)
	checkOutcome(t, raw, err, seal.Reject, seal.Pend)
}

func checkSealedEntry(t testing.TB, raw []byte) {
	_, err := OpenEntry(seal.Key{}, seal.ID{1}, raw)
	checkOutcome(t, raw, err, seal.Reject)
	sealed := seal.Key{}.Seal(raw, logAAD(seal.ID{1}))
	_, err = OpenEntry(seal.Key{}, seal.ID{1}, sealed)
	checkOutcome(t, raw, err, seal.Reject, seal.Pend)
}

// checkBody reads a body whose type is the first byte.
func checkBody(t testing.TB, raw []byte) {
	if len(raw) == 0 {
		return
	}
	body, err := decodeContent(Type(raw[0]%20), raw[1:])
	checkOutcome(t, raw, err, seal.Reject, seal.Pend)
	if err != nil {
		return
	}
	again, err := body.(encoder).Encode()
	if err != nil || !bytes.Equal(again, raw[1:]) {
		t.Fatalf("%x is accepted but written as %x (%v)", raw[1:], again, err)
	}
}

func checkWraps(t testing.TB, raw []byte) {
	w, err := parseWraps(raw)
	checkOutcome(t, raw, err, seal.Drop, seal.Pend)
	if err == nil {
		checkSame(t, raw, w)
	}
	ep := Epoch{ID: seal.ID{1}, WrapsHash: WrapsHash(raw)}
	if _, err := OpenWraps(raw, ep, seal.ID{}, seal.ID{1}, people()[0].kemOf); err == nil {
		t.Fatalf("a secret from %x", raw)
	}
}

func (g *gadget) kemOf(uint32) (seal.KEMKey, bool) { return g.kem, true }

func checkBox(t testing.TB, raw []byte) {
	keys := InviteKeys{KEM: people()[0].kem}
	if _, err := OpenInviteBox(keys, seal.ID{1}, raw); err == nil {
		t.Fatalf("%x opens", raw)
	}
	box, err := decode[InviteBox](raw, form{"invitation box", MaxInviteBox, seal.Reject, seal.Pend})
	checkOutcome(t, raw, err, seal.Reject, seal.Pend)
	if err == nil {
		checkSame(t, raw, box)
	}
}

func checkJoinRequest(t testing.TB, raw []byte) {
	r, err := ParseJoinRequest(raw)
	checkOutcome(t, raw, err, seal.Reject, seal.Pend, seal.Drop)
	if err == nil {
		checkSame(t, raw, r)
		r.Check(Invite{ID: r.InviteID}, seal.ID{1}, seal.ID{2})
	}
}

// checkKeyMessages reads the input as a whole message, and signed as a payload.
func checkKeyMessages(t testing.TB, raw []byte) {
	key := people()[0].keys.Sign
	signed := encode(t, seal.Signed{Payload: raw, Sig: key.Sign(labelKeyRequest, raw)})
	for _, input := range [][]byte{raw, signed} {
		r, err := ParseKeyRequest(input)
		checkOutcome(t, input, err, seal.Reject, seal.Drop)
		if err == nil {
			checkSame(t, raw, r)
		}
		_, err = ParseKeyGrant(input)
		checkOutcome(t, input, err, seal.Reject, seal.Drop)
	}
	if g, err := decode[KeyGrant](raw, form{"key grant", maxKeyMessage, seal.Reject, seal.Drop}); err == nil {
		checkSame(t, raw, g)
	}
}

// fuzzed is a decoder with inputs to start from.
type fuzzed struct {
	corpus [][]byte
	check  func(testing.TB, []byte)
}

func decoders(t testing.TB) map[string]fuzzed {
	h, g := people()[0], spares()[0]
	_, record, err := NewDeviceRecord(g.keys, g.kem.Public(), 1, 2, h.person)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := InviteKeysOf(seal.ID{1}, [16]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	request, err := NewJoinRequest(keys, h.keys.Sign, seal.ID{1}, h.genesis, seal.ID{1}, seal.ID{2}, seal.ID{3})
	if err != nil {
		t.Fatal(err)
	}
	p := newPieces(t)
	var entries, signed [][]byte
	for _, id := range p.log.order {
		e := p.log.Entry(id)
		entries = append(entries, e.Payload)
		signed = append(signed, encode(t, seal.Signed{Payload: e.Payload, Sig: e.Sig}))
	}
	link := sampleLink(2)
	return map[string]fuzzed{
		"link":           {[][]byte{link.bytes(), Link{}.bytes()}, checkLink},
		"link text":      {[][]byte{[]byte(link.String()), []byte(link.QR())}, checkLinkText},
		"device record":  {[][]byte{record}, checkRecord},
		"person genesis": {[][]byte{h.genesis}, checkGenesis},
		"entry":          {entries, checkEntry},
		"sealed entry":   {signed, checkSealedEntry},
		"wraps": {[][]byte{encode(t, wraps{V: 1, Space: seal.SpaceID{}, EpochID: seal.ID{1}, Wraps: []wrap{
			{Dev: seal.ID{1}, Sealed: make([]byte, wrapSize)}, {Dev: seal.ID{2}, Sealed: make([]byte, wrapSize)},
		}})}, checkWraps},
		"invitation box": {[][]byte{encode(t, InviteBox{V: 1, Spaces: []BoxSpace{{}, {EpochID: seal.ID{1}}}})}, checkBox},
		"join request":   {[][]byte{request}, checkJoinRequest},
		"device link":    {[][]byte{sampleDeviceLink(2).bytes()}, checkDeviceLink},
		"device request": {[][]byte{encode(t, DeviceRequest{V: 1, Step: DeviceTake, Device: h.id()})}, checkDeviceRequest},
		"device box":     {[][]byte{encode(t, sampleDeviceBox())}, checkDeviceBox},
		"fences":         {[][]byte{encode(t, sampleFences())}, checkFences},
		"key messages": {[][]byte{
			encode(t, KeyRequest{V: 1, Dev: h.id()}), encode(t, KeyGrant{V: 1, Granter: h.id(), Sealed: make([]byte, wrapSize)}),
		}, checkKeyMessages},
	}
}

// bodyCorpora has one corpus per type; each input begins with the type.
func bodyCorpora(t testing.TB) map[string][][]byte {
	corpora := map[string][][]byte{}
	for name, body := range bodies(t) {
		corpora[name] = [][]byte{append([]byte{byte(typeOf(body))}, raw(t, body)...)}
	}
	return corpora
}

func TestMutations(t *testing.T) {
	all := decoders(t)
	for name, corpus := range bodyCorpora(t) {
		all["body "+name] = fuzzed{corpus, checkBody}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run("M39 mutated "+name, func(t *testing.T) {
			t.Parallel()
			for input := range sealtest.Mutations(1, all[name].corpus, sealtest.Inputs) {
				all[name].check(t, input)
			}
		})
	}
}

func fuzz(f *testing.F, name string) {
	d := decoders(f)[name]
	for _, input := range d.corpus {
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, input []byte) { d.check(t, input) })
}

func FuzzLink(f *testing.F)          { fuzz(f, "link") }
func FuzzLinkText(f *testing.F)      { fuzz(f, "link text") }
func FuzzDeviceRecord(f *testing.F)  { fuzz(f, "device record") }
func FuzzPersonGenesis(f *testing.F) { fuzz(f, "person genesis") }
func FuzzEntry(f *testing.F)         { fuzz(f, "entry") }
func FuzzSealedEntry(f *testing.F)   { fuzz(f, "sealed entry") }
func FuzzWraps(f *testing.F)         { fuzz(f, "wraps") }
func FuzzInviteBox(f *testing.F)     { fuzz(f, "invitation box") }
func FuzzJoinRequest(f *testing.F)   { fuzz(f, "join request") }
func FuzzDeviceLink(f *testing.F)    { fuzz(f, "device link") }
func FuzzDeviceRequest(f *testing.F) { fuzz(f, "device request") }
func FuzzDeviceBox(f *testing.F)     { fuzz(f, "device box") }
func FuzzFences(f *testing.F)        { fuzz(f, "fences") }
func FuzzKeyMessages(f *testing.F)   { fuzz(f, "key messages") }

func FuzzBody(f *testing.F) {
	for _, corpus := range bodyCorpora(f) {
		for _, input := range corpus {
			f.Add(input)
		}
	}
	f.Fuzz(func(t *testing.T, input []byte) { checkBody(t, input) })
}
