package cli

import (
	"testing"

	"parvis/app/api"
)

func TestStatsSayWhoCarriesTheCall(t *testing.T) {
	others := []api.CallStat{{Name: "Ben\x1b", Device: "bb"}, {Name: "Cleo", Device: "cc"}}
	for _, c := range []struct {
		stats api.CallStats
		want  string
	}{
		{api.CallStats{Participants: others}, ""},
		{api.CallStats{Participants: others, Forwarder: "bb"}, printable("Ben\x1b") + " carries the sound and pictures of all."},
		{api.CallStats{Participants: others, Forwarder: "aa"}, "This computer carries the sound and pictures of all."},
		{api.CallStats{Participants: others, Forwarder: "dd", BySuperPeer: true}, "A super-peer carries the sound and pictures of all."},
	} {
		if said := carriedBy(c.stats); said != c.want {
			t.Errorf("%+v: %q, want %q", c.stats, said, c.want)
		}
	}
}
