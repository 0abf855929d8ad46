package web

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// addressFile keeps, in the data folder, where the page was served last and the
// secret in its cookie, so that a page in a browser comes back by itself when the
// node does. Only the user may read it; it is worth something only while a node of
// this folder runs, and then endpoint.json lies beside it.
const addressFile = "page.json"

type lastAddress struct {
	Host    string `json:"host"`
	Session string `json:"session"`
}

// listen listens where it was told or, when any port will do, where the page was
// served last, and takes up the session from there.
func (s *Server) listen(address string) (net.Listener, error) {
	last := s.lastAddress()
	var listener net.Listener
	err := errors.New("nothing to return to")
	if host, port, split := net.SplitHostPort(address); split == nil && port == "0" && strings.HasPrefix(last.Host, host+":") {
		listener, err = net.Listen("tcp", last.Host)
	}
	if err != nil {
		listener, err = net.Listen("tcp", address)
	}
	if err == nil && listener.Addr().String() == last.Host {
		s.session = last.Session
	}
	return listener, err
}

func (s *Server) lastAddress() (last lastAddress) {
	if s.Data == "" {
		return last
	}
	content, err := os.ReadFile(filepath.Join(s.Data, addressFile))
	if err != nil || json.Unmarshal(content, &last) != nil || len(last.Session) < secretLength {
		return lastAddress{}
	}
	return last
}

// keepAddress remembers this run's address. That it could not, on a full disk, is
// no reason not to serve.
func (s *Server) keepAddress() {
	now := lastAddress{s.Host(), s.session}
	if s.Data == "" || now == s.lastAddress() {
		return
	}
	content, err := json.Marshal(now)
	if err == nil {
		err = os.WriteFile(filepath.Join(s.Data, addressFile), content, 0o600)
	}
	if err != nil {
		s.Log.Warn("keep the address of the page", "error", err)
	}
}
