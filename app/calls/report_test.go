package calls_test

import (
	"testing"

	"parvis/app/calls"
	"parvis/crdt/call"
	"parvis/media"
)

// wire lets the line of a device to another be so.
func (d *device) wire(to *device, w media.Wire) {
	d.note(func() {
		r := d.rooms[len(d.rooms)-1]
		if r.wires == nil {
			r.wires = map[media.ID]media.Wire{}
		}
		r.wires[media.ID(to.Device)] = w
	})
}

// fault is what a device says of the way to another.
func (d *device) fault(id call.ID, other *device) calls.Fault {
	d.t.Helper()
	stats, err := d.calls.Stats(d.t.Context(), ws, id)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, s := range stats.Participants {
		if s.ID == media.ID(other.Device) {
			return s.Fault
		}
	}
	return calls.Fault{}
}

func TestL50WhatOneMeasuresAllKnow(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	cleo.join(id)
	w.pass(calls.HintEvery)
	good := media.Wire{PacketsIn: 150, PacketsOut: 150}
	for _, d := range w.devices {
		for _, other := range w.devices {
			if d != other {
				w.until(t, "they are connected", func() bool { return len(d.see(id).Participants) == 3 })
				d.wire(other, good)
			}
		}
	}
	// What Cleo sends is lost on its way to both.
	bad := media.Wire{LossIn: 0.12, PacketsIn: 150, PacketsOut: 150}
	ana.wire(cleo, bad)
	ben.wire(cleo, bad)
	faults := func(d *device, other *device, kind calls.FaultKind, whose *device, amount int) func() bool {
		return func() bool {
			w.clock.Add(1000)
			w.changed()
			f := d.fault(id, other)
			return f.Kind == kind && (whose == nil || f.Whose == whose.Device && f.Amount == amount)
		}
	}
	w.until(t, "Ana blames Cleo's upload", faults(ana, cleo, calls.Loses, cleo, 120))
	w.until(t, "so does Ben", faults(ben, cleo, calls.Loses, cleo, 120))
	w.until(t, "and Cleo herself, who measured nothing", faults(cleo, ana, calls.Loses, cleo, 120))
	w.until(t, "nothing is wrong between the others", faults(ana, ben, calls.NoFault, nil, 0))

	// A little is lost still: it is not taken back at once. Then it is over.
	ana.wire(cleo, media.Wire{LossIn: 0.02, PacketsIn: 150, PacketsOut: 150})
	ben.wire(cleo, good)
	w.until(t, "Ana goes on to say so", faults(ana, cleo, calls.Loses, cleo, 30))
	ana.wire(cleo, good)
	w.until(t, "it is over", faults(ana, cleo, calls.NoFault, nil, 0))

	// Cleo's line is narrow: she alone knows, and says so.
	narrow := good
	narrow.Short = true
	cleo.wire(ana, narrow)
	cleo.wire(ben, narrow)
	w.until(t, "Ana hears of it", faults(ana, cleo, calls.Narrow, cleo, cleo.line))
	// Of a line over which next to nothing goes nothing is said.
	cleo.wire(ana, media.Wire{Short: true, PacketsOut: 9})
	w.until(t, "it carries nothing", faults(ana, cleo, calls.NoFault, nil, 0))
	w.until(t, "to Ben it does", faults(ben, cleo, calls.Narrow, nil, 0))
}

func TestL50NothingIsNarrowWhileItStillGrows(t *testing.T) {
	w, ana, ben, _, id := trio(t, hall)
	w.until(t, "they are connected", func() bool { return ben.heard("answer a") })
	second := func(line int) calls.Fault {
		t.Helper()
		ana.mu.Lock()
		ana.line = line
		ana.mu.Unlock()
		ana.wire(ben, media.Wire{PacketsIn: 150, PacketsOut: 150, Short: true})
		before := ana.measurements()
		w.clock.Add(1000)
		w.changed()
		w.until(t, "Ana has measured", func() bool { return ana.measurements() > before })
		return ana.fault(id, ben)
	}
	line := 300
	for range 12 { // as after a join, with a step back now and then
		line = line * 108 / 100
		for _, l := range []int{line, line * 90 / 100} {
			if f := second(l); f.Kind != calls.NoFault {
				t.Fatalf("at %d kbit/s: %+v", l, f)
			}
		}
	}
	for range 5 {
		second(line)
	}
	if f := second(line); f.Kind != calls.Narrow || f.Amount != line {
		t.Errorf("that is what it carries: %+v", f)
	}
	if f := second(line / 2); f.Kind != calls.Narrow {
		t.Errorf("less: %+v", f)
	}
}
