package member

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"

	"parvis/crdt/seal"
)

func sampleDeviceLink(addrs int) DeviceLink {
	link := DeviceLink{V: 1, WS: seal.ID{1}, Secret: [16]byte{2}, Expires: 30_000_000, Peer: LinkPeer{Peer: people()[0].keys.PeerPublic()}}
	for i := range addrs {
		link.Peer.Addrs = append(link.Peer.Addrs, "/ip4/192.0.2.1/udp/4001/quic-v1/"+strings.Repeat("x", i))
	}
	return link
}

func sampleDeviceBox() DeviceBox {
	return DeviceBox{V: 1, LK: seal.Key{1}, Spaces: []SpaceSecrets{
		{Space: seal.SpaceID{1}, Epochs: []EpochSecret{{ID: seal.ID{2}, Secret: seal.Key{3}}, {ID: seal.ID{4}, Secret: seal.Key{5}}}},
	}}
}

func sampleFences() fencesBlob {
	return fencesBlob{V: 1, Devices: []DeviceFences{
		{Device: seal.ID{1}, Fences: []Fence{{Space: seal.SpaceID{1}, Seq: 1, ID: seal.ID{1}}, {Space: seal.SpaceID{2}, Seq: 9, ID: seal.ID{2}}}},
		{Device: seal.ID{2}, Fences: []Fence{{Space: seal.SpaceID{1}, Seq: 300, ID: seal.ID{3}}}},
	}}
}

func checkDeviceLink(t testing.TB, raw []byte) {
	if link, err := parseDeviceLink(raw); err == nil && !bytes.Equal(link.bytes(), raw) {
		t.Fatalf("%x is accepted but written as %x", raw, link.bytes())
	}
	text := deviceLinkPrefix + base64.RawURLEncoding.EncodeToString(raw)
	if link, err := ParseDeviceLink(text); err == nil && link.String() != text {
		t.Fatalf("%q is accepted but %q is not", text, link.String())
	}
}

// checkDeviceRequest reads the input as a whole request, and signed as a payload.
func checkDeviceRequest(t testing.TB, raw []byte) {
	key := people()[0].keys.Sign
	for _, input := range [][]byte{raw, encode(t, seal.Signed{Payload: raw, Sig: key.Sign(labelDeviceRequest, raw)})} {
		r, err := ParseDeviceRequest(input)
		checkOutcome(t, input, err, seal.Reject, seal.Drop)
		if err == nil {
			checkSame(t, raw, r)
			if r.Check(sampleDeviceLink(1), seal.ID{1}, seal.ID{2}) == nil {
				t.Fatalf("%x proves a link", input)
			}
		}
	}
}

func checkDeviceBox(t testing.TB, raw []byte) {
	if _, err := OpenDeviceBox(people()[0].kem, seal.ID{1}, seal.ID{2}, raw); err == nil {
		t.Fatalf("%x opens", raw)
	}
	box, err := decode[DeviceBox](raw, form{"device box", MaxDeviceBox, seal.Reject, seal.Pend})
	checkOutcome(t, raw, err, seal.Reject, seal.Pend)
	if err == nil {
		checkSame(t, raw, box)
	}
}

func checkFences(t testing.TB, raw []byte) {
	devices, err := ParseFences(raw)
	checkOutcome(t, raw, err, seal.Reject, seal.Pend)
	if err == nil {
		checkSame(t, raw, fencesBlob{V: 1, Devices: devices})
	}
}

func TestDeviceLinkVectors(t *testing.T) {
	judgeLink := func(raw []byte) error {
		_, err := ParseDeviceLink(string(raw))
		switch {
		case errors.Is(err, ErrDeviceLinkNewer):
			return ErrLinkNewer
		case errors.Is(err, ErrDeviceLinkBroken):
			return ErrLinkBroken
		}
		return err
	}
	checkVectors(t, "device_link", "M1 M44", judgeLink, func(m *maker) {
		text := func(raw []byte) []byte {
			return []byte(deviceLinkPrefix + base64.RawURLEncoding.EncodeToString(raw))
		}
		good := sampleDeviceLink(2)
		m.add("right", []byte(good.String()))
		m.add("for a QR code", []byte(good.QR()))
		m.add("no addresses", []byte(sampleDeviceLink(0).String()))
		m.malform(good.bytes(), text)
		wire := wireDeviceLink{V: 1, WS: seal.ID{1}, Peer: wirePeer{Peer: good.Peer.Peer, Addrs: [][]byte{[]byte("a")}}}
		change := func(name string, edit func(*wireDeviceLink)) {
			w := wire
			edit(&w)
			m.add(name, text(encode(t, w)))
		}
		change("seven addresses", func(w *wireDeviceLink) { w.Peer.Addrs = make([][]byte, 7) })
		change("an empty address", func(w *wireDeviceLink) { w.Peer.Addrs = [][]byte{{}} })
		change("an address of 129 bytes", func(w *wireDeviceLink) { w.Peer.Addrs = [][]byte{make([]byte, 129)} })
		change("a peer that is no key", func(w *wireDeviceLink) { w.Peer.Peer = seal.ID{2} })
		m.add("an invitation", []byte(sampleLink(1).String()))
		m.add("an invitation under the name of a device link", text(sampleLink(1).bytes()))
		m.add("prefix alone", []byte(deviceLinkPrefix))
	})
}

func TestDeviceRequestVectors(t *testing.T) {
	link, h := sampleDeviceLink(1), people()[3]
	peerA, peerB := link.Peer.Peer, h.keys.PeerPublic()
	judgeRequest := func(raw []byte) error {
		r, err := ParseDeviceRequest(raw)
		if err != nil {
			return err
		}
		return r.Check(link, peerA, peerB)
	}
	checkVectors(t, "device_request", "M1 M44", judgeRequest, func(m *maker) {
		key := h.keys.Sign
		signed := func(payload []byte) []byte {
			return encode(t, seal.Signed{Payload: payload, Sig: key.Sign(labelDeviceRequest, payload)})
		}
		good := DeviceRequest{V: 1, Step: DeviceTake, Link: link.ID(), Device: key.Public(), WS: seal.ID{9}, Nonce: seal.ID{5}}
		good.Proof = good.proof(link.Secret, peerA, peerB)
		payload := encode(t, good)
		m.add("right", signed(payload))
		m.malform(payload, signed)
		change := func(name string, edit func(*DeviceRequest)) {
			r := good
			edit(&r)
			m.add(name, signed(encode(t, r)))
		}
		change("another step", func(r *DeviceRequest) { r.Step = DevicePair })
		change("step 0", func(r *DeviceRequest) { r.Step = 0 })
		change("step 4", func(r *DeviceRequest) { r.Step = 4 })
		change("another link", func(r *DeviceRequest) { r.Link = seal.ID{1} })
		change("another workspace", func(r *DeviceRequest) { r.WS = seal.ID{1} })
		change("another nonce", func(r *DeviceRequest) { r.Nonce = seal.ID{1} })
		change("proof changed", func(r *DeviceRequest) { r.Proof[0] ^= 1 })
		change("for another connection", func(r *DeviceRequest) { r.Proof = r.proof(link.Secret, peerB, peerA) })
		change("for another secret", func(r *DeviceRequest) { r.Proof = r.proof([16]byte{9}, peerA, peerB) })
		change("of another device", func(r *DeviceRequest) { r.Device = people()[4].id() })
		m.add("signed for another purpose", encode(t, seal.Signed{Payload: payload, Sig: key.Sign(labelKeyGrant, payload)}))
		m.add("not signed", payload)
		m.add("longer than any", make([]byte, MaxDeviceRequest+1))
	})
	t.Run("M44 what is made is accepted", func(t *testing.T) {
		raw, err := NewDeviceRequest(link, h.keys.Sign, DevicePair, seal.ID{}, peerA, peerB)
		if err != nil || judgeRequest(raw) != nil {
			t.Errorf("%v, %v", err, judgeRequest(raw))
		}
	})
}

func TestDeviceBoxVectors(t *testing.T) {
	ws, h := seal.ID{1}, people()[3]
	judgeBox := func(raw []byte) error {
		_, err := OpenDeviceBox(h.kem, ws, h.id(), raw)
		return err
	}
	checkVectors(t, "device_box", "M1 M45", judgeBox, func(m *maker) {
		to := func(info []byte) func([]byte) []byte {
			return func(plain []byte) []byte {
				sealed, err := seal.SealTo(h.kem.Public(), info, plain)
				if err != nil {
					t.Fatal(err)
				}
				return sealed
			}
		}
		sealed, good := to(deviceInfo(ws, h.id())), encode(t, sampleDeviceBox())
		m.add("right", sealed(good))
		m.malform(good, sealed)
		m.add("of another workspace", to(deviceInfo(seal.ID{9}, h.id()))(good))
		m.add("for another device", to(deviceInfo(ws, seal.ID{9}))(good))
		m.add("not sealed", good)
		m.add("nothing", nil)
		changed := sealed(good)
		changed[len(changed)-1] ^= 1
		m.add("changed", changed)
		m.add("longer than any", make([]byte, MaxDeviceBox+1))
	})
	t.Run("M45 what is sealed opens", func(t *testing.T) {
		raw, err := SealDeviceBox(h.kem.Public(), ws, h.id(), sampleDeviceBox())
		if err != nil {
			t.Fatal(err)
		}
		box, err := OpenDeviceBox(h.kem, ws, h.id(), raw)
		if err != nil || len(box.Spaces) != 1 || len(box.Spaces[0].Epochs) != 2 {
			t.Errorf("%+v, %v", box, err)
		}
	})
}

func TestFencesVectors(t *testing.T) {
	judgeFences := func(raw []byte) error {
		_, err := ParseFences(raw)
		return err
	}
	checkVectors(t, "fences", "M1 M43", judgeFences, func(m *maker) {
		good := encode(t, sampleFences())
		m.add("right", good)
		m.malform(good, same)
		change := func(name string, edit func(*fencesBlob)) {
			b := sampleFences()
			edit(&b)
			m.add(name, encode(t, b))
		}
		change("devices not sorted", func(b *fencesBlob) { slices.Reverse(b.Devices) })
		change("a device twice", func(b *fencesBlob) { b.Devices[1].Device = b.Devices[0].Device })
		change("spaces not sorted", func(b *fencesBlob) { slices.Reverse(b.Devices[0].Fences) })
		change("number 0", func(b *fencesBlob) { b.Devices[0].Fences[0].Seq = 0 })
		change("no envelope", func(b *fencesBlob) { b.Devices[0].Fences[0].ID = seal.ID{} })
	})
	t.Run("M43 what has no room is left out from the end", func(t *testing.T) {
		var most []DeviceFences
		for i := range maxFences {
			most = append(most, DeviceFences{Device: seal.ID{byte(i >> 8), byte(i), 1}, Fences: []Fence{{Space: seal.SpaceID{1}, Seq: 1 << 60, ID: seal.ID{1}}}})
		}
		var many []Fence
		for i := range 6000 {
			many = append(many, Fence{Space: seal.SpaceID{255 - byte(i>>8), byte(i)}, Seq: 1 << 60, ID: seal.ID{1}})
		}
		for name, c := range map[string]struct {
			all  []DeviceFences
			want int
		}{
			"of one device":   {[]DeviceFences{{Device: seal.ID{1}, Fences: many}}, maxFences + maxBlobSpaces},
			"of many devices": {append(most[:999:999], DeviceFences{Device: seal.ID{9}, Fences: many}), 0},
			"of too many":     {append(most, DeviceFences{Device: seal.ID{9}, Fences: many}), maxFences},
		} {
			inline, blob, _, err := SplitFences(c.all)
			if err != nil || len(blob) > MaxFencesBlob || fencesShape(inline) != nil {
				t.Fatalf("%s: %d bytes beside it, %v, %v", name, len(blob), err, fencesShape(inline))
			}
			if blob != nil {
				rest, err := ParseFences(blob)
				if err != nil {
					t.Fatalf("%s: the blob is refused: %v", name, err)
				}
				inline = append(inline, rest...)
			}
			count, first := 0, false
			for _, d := range inline {
				count += len(d.Fences)
				first = first || slices.Contains(d.Fences, c.all[0].Fences[0])
			}
			if c.want > 0 && count != c.want || count < maxFences || !first {
				t.Errorf("%s: %d fences, the first one among them: %t", name, count, first)
			}
		}
	})
	t.Run("M43 what does not fit into a removal stands beside it", func(t *testing.T) {
		var many []Fence
		for i := range maxFences + 5 {
			many = append(many, Fence{Space: seal.SpaceID{byte(i >> 8), byte(i)}, Seq: uint64(i + 1), ID: seal.ID{1}})
		}
		cryptotest.SetGlobalRandom(t, 1)
		inline, blob, name, err := SplitFences([]DeviceFences{{Device: seal.ID{2}, Fences: many}, {Device: seal.ID{1}, Fences: many[:3]}})
		if err != nil || name == nil || *name != FencesHash(blob) {
			t.Fatalf("%v, %v", name, err)
		}
		rest, err := ParseFences(blob)
		if err != nil || fencesShape(inline) != nil {
			t.Fatalf("%v, %v", err, fencesShape(inline))
		}
		if len(inline) != 2 || len(inline[0].Fences)+len(inline[1].Fences) != maxFences || len(rest) != 1 || len(rest[0].Fences) != 8 {
			t.Errorf("%d devices inline, %d beside", len(inline), len(rest))
		}
		if _, blob, name, err = SplitFences([]DeviceFences{{Device: seal.ID{1}, Fences: many[:3]}}); blob != nil || name != nil || err != nil {
			t.Errorf("few fences: %x, %v, %v", blob, name, err)
		}
	})
}

func TestM44LinkIsFoundInWhatAPersonPastes(t *testing.T) {
	link := sampleDeviceLink(6)
	for _, text := range []string{link.String(), link.QR(), "Open this:\n  <" + link.String() + ">", strings.Replace(link.String(), "Y", "Y\n> ", 1)} {
		if got, err := ParseDeviceLink(text); err != nil || got.ID() != link.ID() {
			t.Errorf("%q: %v", text, err)
		}
	}
	if n := len(sampleDeviceLink(9).String()); n > MaxLink {
		t.Errorf("a link of %d characters", n)
	}
	if link.Expired(int64(link.Expires)*minuteMs+linkToleranceMs) || !link.Expired(int64(link.Expires)*minuteMs+linkToleranceMs+1) {
		t.Error("the link's time is not over a day after its end")
	}
}
