package apptest

import (
	"testing"
	"time"

	"parvis/app/api"
)

// BenchmarkLink adds a device to a person in a workspace with 10,000 messages of two
// people: until it is added, until it shows the first and the newest message, and
// until it has all of them; then it is removed.
func BenchmarkLink(b *testing.B) {
	const count = 10_000
	ana, ben := New(b), New(b)
	ws := ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	ana.burst(ws, "mine", count/2, 64)
	ben.burst(ws, "yours", count/2, 64)
	all := []*Node{ana, ben}
	for _, n := range all {
		n.Until("everybody has all", func() bool { return n.count(ws) == count })
	}
	for b.Loop() {
		phone := New(b)
		link := ana.offer()
		start := time.Now()
		if _, err := phone.API().Devices.Open(link); err != nil {
			b.Fatal(err)
		}
		ours, theirs := ana.codes(), phone.codes()
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-to-codes")
		start = time.Now()
		ana.enter(ours, theirs.Code)
		phone.enter(theirs, ours.Code)
		phone.Until("the device is added", func() bool { return phone.linking().State == "done" })
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-to-add")
		phone.Until("it shows something", func() bool { return phone.newest(ws) > 0 })
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-to-first")
		phone.Until("it has all", func() bool {
			page, err := phone.API().Chat.Messages(api.MessageQuery{Workspace: ws, Channel: phone.General(ws), Limit: 1})
			return err == nil && len(page.Messages) == 1 && !page.Messages[0].Provisional && phone.count(ws) == count
		})
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-to-all")
		start = time.Now()
		if err := ana.API().Devices.Remove(api.DeviceRemoval{Device: ana.other().ID}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-to-remove")
		phone.Stop()
	}
}
