package superpeer

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// certEvery is how often the certificate is looked for on the disk: those of today are
// renewed every few weeks, by another program.
const certEvery = time.Minute

// withTLS reads the certificate now and each time that it was renewed.
func withTLS(l net.Listener, cert, key string) (net.Listener, error) {
	c := &certificate{cert: cert, key: key}
	if _, err := c.get(nil); err != nil {
		return nil, fmt.Errorf("certificate of the page for guests: %w", err)
	}
	return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: c.get}), nil
}

type certificate struct {
	cert, key string

	mu      sync.Mutex
	read    *tls.Certificate // guarded by mu
	written time.Time        // of the file that was read; guarded by mu
	looked  time.Time        // guarded by mu
}

// get goes on with the certificate that there is while the new one cannot be read.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read != nil && time.Since(c.looked) < certEvery {
		return c.read, nil
	}
	c.looked = time.Now()
	info, err := os.Stat(c.cert)
	if err == nil && (c.read == nil || !info.ModTime().Equal(c.written)) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.cert, c.key); err == nil {
			c.read, c.written = &pair, info.ModTime()
		}
	}
	if c.read == nil {
		return nil, err
	}
	return c.read, nil
}
