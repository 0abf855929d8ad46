package superpeer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"parvis/app/store"
	"parvis/p2p"
)

// lookTime is how long a question to the database may take before the super-peer
// counts as ill.
const lookTime = 2 * time.Second

// web serves /healthz and /metrics, to the operator's own programs. It tells
// numbers only.
type web struct {
	listen string
	box    *store.Mailbox
	node   *p2p.Node
	lists  *lists
	calls  func() (calls, devices int)
	guests func() (rooms, guests, relayed int)
	counts *counts
	limit  int64
	log    *slog.Logger

	listener net.Listener
	server   *http.Server
	serving  sync.WaitGroup
}

func (w *web) start(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", w.listen)
	if err != nil {
		return fmt.Errorf("listen for metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", w.health)
	mux.HandleFunc("GET /metrics", w.metrics)
	w.listener = listener
	w.server = &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(w.log.Handler(), slog.LevelDebug),
	}
	w.serving.Go(func() {
		if err := w.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			w.log.Error("serve metrics", "err", err)
		}
	})
	return nil
}

func (w *web) close() error {
	if w.server == nil {
		return nil
	}
	err := w.server.Close()
	w.serving.Wait()
	return err
}

func (w *web) addr() string { return w.listener.Addr().String() }

// health says "ok", "full" or "ill". A full super-peer still serves what it has,
// so only an ill one is worth a restart (503).
func (w *web) health(out http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), lookTime)
	defer cancel()
	status, code := "ok", http.StatusOK
	state, err := w.box.State(ctx)
	switch {
	case err != nil || len(w.node.Addrs()) == 0:
		status, code = "ill", http.StatusServiceUnavailable
	case w.box.DiskFull(), w.limit > 0 && state.Bytes >= w.limit/100*fullAt:
		status = "full"
	}
	out.Header().Set("Content-Type", "application/json")
	out.Header().Set("Cache-Control", "no-store")
	out.WriteHeader(code)
	_ = json.NewEncoder(out).Encode(map[string]string{"status": status})
}

// metrics writes the text format that Prometheus reads.
func (w *web) metrics(out http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), lookTime)
	defer cancel()
	state, err := w.box.State(ctx)
	if err != nil {
		http.Error(out, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	out.Header().Set("Content-Type", "text/plain; version=0.0.4")
	p := page{out}
	relay := w.node.RelayStats()
	p.gauge("peers", "devices that are connected", int64(len(w.node.Peers())))
	p.gauge("workspaces", "access lists", int64(w.lists.count()))
	p.gauge("stored_bytes", "bytes of all objects, with what each costs besides", state.Bytes)
	p.gauge("store_limit_bytes", "what the operator gives; 0 is no limit", w.limit)
	p.gauge("stored_objects", "objects", state.Objects)
	p.gauge("boxes", "tags with objects", state.Boxes)
	p.gauge("disk_full", "1 while the disk has no room", flag(w.box.DiskFull()))
	p.gauge("relay_reservations", "devices that can be reached through the relay", relay.Reservations)
	p.gauge("relay_circuits", "relayed connections", relay.Circuits)
	calls, devices := w.calls()
	p.gauge("calls", "calls whose sound and pictures can go through it", int64(calls))
	p.gauge("call_devices", "devices in them", int64(devices))
	rooms, guests, relayed := w.guests()
	p.gauge("guest_rooms", "meeting links that members have opened", int64(rooms))
	p.gauge("guests", "guests that are connected", int64(guests))
	p.gauge("guest_relayed", "addresses that are relayed for guests", int64(relayed))
	p.counter("relay_bytes", "bytes relayed", relay.Bytes)
	p.counter("relay_refused", "relay requests refused", relay.Refused)
	p.counter("objects_in", "objects taken", w.counts.objectsIn.Load())
	p.counter("bytes_in", "bytes of objects taken", w.counts.bytesIn.Load())
	p.counter("objects_out", "objects given", w.counts.objectsOut.Load())
	p.counter("bytes_out", "bytes of objects given", w.counts.bytesOut.Load())
	p.counter("damaged_objects", "objects found damaged and removed", w.counts.damaged.Load())
	p.labelled("refused", "requests refused", "reason", map[string]int64{
		"stranger": w.counts.strangers.Load(), "full": w.counts.full.Load(), "quota": w.counts.tooMuch.Load(), "rate": w.counts.tooFast.Load(),
	})
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// page is a page in Prometheus' text format.
type page struct{ out io.Writer }

func (p page) gauge(name, help string, value int64) { p.one(name, help, "gauge", value) }

func (p page) counter(name, help string, value int64) { p.one(name+"_total", help, "counter", value) }

func (p page) one(name, help, kind string, value int64) {
	p.head(name, help, kind)
	fmt.Fprintf(p.out, "parvis_superpeer_%s %d\n", name, value)
}

func (p page) head(name, help, kind string) {
	fmt.Fprintf(p.out, "# HELP parvis_superpeer_%s %s\n# TYPE parvis_superpeer_%s %s\n", name, help, name, kind)
}

// labelled writes a counter with one label.
func (p page) labelled(name, help, label string, values map[string]int64) {
	p.head(name+"_total", help, "counter")
	for _, value := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(p.out, "parvis_superpeer_%s_total{%s=%q} %d\n", name, label, value, values[value])
	}
}
