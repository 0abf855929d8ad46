package cli

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// superPeerFails is what a super-peer says that does not start.
func superPeerFails(t *testing.T, flags ...string) string {
	t.Helper()
	var said strings.Builder
	program := Program{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &said, Getenv: func(string) string { return "" }}
	if exit := program.Run(t.Context(), append([]string{"superpeer", "--data", t.TempDir(), "--listen", "/ip4/127.0.0.1/tcp/0", "--metrics", ""}, flags...)); exit == ExitDone {
		t.Errorf("%v starts", flags)
	}
	return said.String()
}

func TestGuestsNeedAnAddressThatBrowsersTake(t *testing.T) {
	for want, flags := range map[string][]string{
		"Guests need an address":       {"--guest-listen", ":8080"},
		"must begin with https":        {"--guests", "http://meet.example.org", "--guest-listen", ":8080"},
		"with nothing behind it":       {"--guests", "https://meet.example.org/parvis", "--guest-listen", ":8080"},
		"--guest-listen":               {"--guests", "https://meet.example.org"},
		"both --guest-cert":            {"--guests", "https://meet.example.org", "--guest-listen", ":8080", "--guest-cert", "x"},
		"takes an IP address":          {"--guests", "https://meet.example.org", "--guest-listen", ":8080", "--guest-turn-address", "here"},
		"Certificate of the page":      {"--guests", "https://meet.example.org", "--guest-listen", "127.0.0.1:0", "--guest-cert", "none", "--guest-key", "none"},
		"is not where a relay can lis": {"--guests", "https://meet.example.org", "--guest-listen", ":8080", "--guest-turn", "3478"},
	} {
		if said := superPeerFails(t, flags...); !strings.Contains(said, want) {
			t.Errorf("%v: %s", flags, said)
		}
	}
}

func TestASuperPeerServesThePageOfGuests(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	_ = l.Close()
	status := 0
	line := readyLineWhile(t, t.TempDir(), func() {
		response, err := http.Get("http://" + at + "/meet")
		if err != nil {
			t.Error(err)
			return
		}
		defer response.Body.Close()
		status = response.StatusCode
	}, "--guests", "http://"+at, "--guest-listen", at)
	if line.Guests != "http://"+at || status != http.StatusOK && status != http.StatusServiceUnavailable { // built without its page
		t.Errorf("%q, %d", line.Guests, status)
	}
}
