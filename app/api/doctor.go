package api

import (
	"context"
	"time"
)

// Check is one line of the network check. Code and Values say the same as Detail
// and Remedy, for translation.
type Check struct {
	Name   string   `json:"name"`
	Result string   `json:"result"` // ok, warn or fail
	Detail string   `json:"detail"` // a sentence, English
	Remedy string   `json:"remedy"` // what to do, English; empty when nothing
	Code   string   `json:"code"`
	Values []string `json:"values"`
}

// Diagnosis is what the network check found.
type Diagnosis struct {
	Checks []Check `json:"checks"`
	Text   string  `json:"text"` // all of it, to send to whoever looks after the network
}

// What Status says of isolated mode while it is on, or will be.
const (
	IsolatedNow  = "now"
	IsolatedNext = "next"
)

// NetworkSettings are those of this device's network.
type NetworkSettings struct {
	Isolated    bool `json:"isolated"`    // from the next start on: only the own local networks
	IsolatedNow bool `json:"isolatedNow"` // since this start
}

// DoctorService looks at this device and its network. It answers within 15
// seconds, while locked too.
type DoctorService interface {
	Diagnose(ctx context.Context) (Diagnosis, error)
	IsolatedNow() bool
}

// doctorLimit bounds a diagnosis: its trials wait for answers that may not come.
const doctorLimit = 30 * time.Second

// isolatedSetting is the name of the value that holds the wish.
const isolatedSetting = "isolated"

// Doctor tests the network and says what to do about what does not work.
func (s *Settings) Doctor() (Diagnosis, error) {
	return runFor(s.edge.always(), "Settings.Doctor", doctorLimit, func(ctx context.Context) (Diagnosis, error) {
		d, err := s.doctor.Diagnose(ctx)
		d.Checks, err = list(d.Checks, err)
		for i := range d.Checks {
			d.Checks[i].Values, _ = list(d.Checks[i].Values, nil)
		}
		return d, err
	})
}

// Network reads the settings of this device's network.
func (s *Settings) Network() (NetworkSettings, error) {
	return run(s.edge, "Settings.Network", func(ctx context.Context) (NetworkSettings, error) {
		value, err := s.values.Value(ctx, isolatedSetting)
		return NetworkSettings{Isolated: value != "", IsolatedNow: s.doctor.IsolatedNow()}, err
	})
}

// SetIsolated keeps this device in its own local networks, or no longer, from the
// next start on.
func (s *Settings) SetIsolated(isolated bool) error {
	return act(s.edge, "Settings.SetIsolated", func(ctx context.Context) error {
		value := ""
		if isolated {
			value = "yes"
		}
		return s.values.SetValue(ctx, isolatedSetting, value)
	})
}
