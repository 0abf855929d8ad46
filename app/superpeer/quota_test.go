package superpeer

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"parvis/app/store"
	"parvis/p2p"
	"parvis/p2p/mailbox"
	"parvis/p2p/mailbox/mailboxtest"
)

func TestQuotasAndRates(t *testing.T) {
	now := &clock{now: time.Unix(1_800_000_000, 0)}
	const cost = 1000 + store.MailboxOverhead
	s := start(t, Config{Now: now.Now, Limits: Limits{Stored: 40 * cost, Daily: 25 * cost, PerSecond: 10, Burst: 20}})
	ctx := within(t)
	anne := newAdmin(1)
	ana, ben := mailboxtest.Peer(1), mailboxtest.Peer(2)
	keyOf := func(p p2p.PeerID) [32]byte { key, _ := p.PublicKey(); return key }
	if code, _ := s.lists.Publish(ctx, ana, s.identity.secret[:], anne.list(t, 1, [][32]byte{anne.key}, keyOf(ana), keyOf(ben))); code != mailbox.CodeStored {
		t.Fatalf("code %d", code)
	}
	first := 0
	put := func(p p2p.PeerID, n int) error {
		err := s.keeper.Put(ctx, mailbox.Visit{Peer: p, Workspace: workspace}, tag, mailboxtest.Objects(first, n, 1000), false)
		first += n
		return err
	}
	if err := put(ana, 20); err != nil {
		t.Fatal(err)
	}
	var rate *mailbox.RateError
	if err := put(ana, 1); !errors.As(err, &rate) || rate.Wait != 100*time.Millisecond {
		t.Errorf("the 21st at once: %v", err)
	}
	if err := put(ben, 1); err != nil {
		t.Errorf("another device: %v", err)
	}
	now.pass(rate.Wait)
	if err := put(ana, 1); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	now.pass(time.Minute)
	if err := put(ana, 5); !errors.Is(err, mailbox.ErrTooMuch) {
		t.Errorf("26 in one day: %v", err)
	}
	now.pass(24 * time.Hour)
	if err := put(ana, 19); err != nil {
		t.Errorf("the next day: %v", err)
	}
	now.pass(24 * time.Hour)
	if err := put(ana, 1); !errors.Is(err, mailbox.ErrTooMuch) {
		t.Errorf("41 in all: %v", err)
	}
	now.pass(-72 * time.Hour)
	if err := put(ben, 1); err != nil {
		t.Errorf("the clock goes back: %v", err)
	}
}

func TestTheStoreLimitCountsAt95Percent(t *testing.T) {
	s := start(t, Config{StoreLimit: 100 * (1000 + store.MailboxOverhead), Metrics: "127.0.0.1:0"})
	ctx := within(t)
	anne := newAdmin(1)
	ana := mailboxtest.Peer(1)
	key, _ := ana.PublicKey()
	if code, _ := s.lists.Publish(ctx, ana, s.identity.secret[:], anne.list(t, 1, [][32]byte{anne.key}, key)); code != mailbox.CodeStored {
		t.Fatalf("code %d", code)
	}
	v := mailbox.Visit{Peer: ana, Workspace: workspace}
	if err := s.keeper.Put(ctx, v, tag, mailboxtest.Objects(0, 40, 1000), true); err != nil {
		t.Fatal(err)
	}
	if got := get(t, "http://"+s.Metrics()+"/healthz"); got != `{"status":"ok"}` {
		t.Errorf("health %s", got)
	}
	for i := range 95 {
		if err := s.keeper.Put(ctx, v, tag, mailboxtest.Objects(1000+i, 1, 1000), false); err != nil {
			t.Fatalf("object %d: %v", i, err)
		}
	}
	if err := s.keeper.Put(ctx, v, tag, mailboxtest.Objects(2000, 1, 1000), false); !errors.Is(err, mailbox.ErrFull) {
		t.Errorf("the 96th: %v", err)
	}
	if found, _, err := s.keeper.Fetch(ctx, v, tag, mailboxtest.IDs(mailboxtest.Objects(0, 40, 0))); len(found) != 0 || err != nil {
		t.Errorf("%d refetchable objects are left, %v", len(found), err)
	}
	if got := get(t, "http://"+s.Metrics()+"/healthz"); got != `{"status":"full"}` {
		t.Errorf("health %s", got)
	}
	page := get(t, "http://"+s.Metrics()+"/metrics")
	for _, line := range []string{
		"parvis_superpeer_stored_objects 95", "parvis_superpeer_workspaces 1", "parvis_superpeer_objects_in_total 135",
		`parvis_superpeer_refused_total{reason="full"} 1`, "# TYPE parvis_superpeer_objects_in_total counter", "# TYPE parvis_superpeer_peers gauge",
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("the metrics lack %q", line)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete} {
		request, _ := http.NewRequestWithContext(ctx, method, "http://"+s.Metrics()+"/metrics", nil)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %s", method, answer.Status)
		}
	}
}

func TestBucketsAreForgottenWhenFull(t *testing.T) {
	r := rates{limits: Limits{PerSecond: 10, Burst: 20}}
	now := time.Unix(1, 0)
	for i := range 3 * maxBuckets {
		if wait := r.take(now, p2p.PeerID(fmt.Sprint(i)), 5); wait != 0 {
			t.Fatalf("device %d waits %s", i, wait)
		}
		now = now.Add(10 * time.Millisecond)
	}
	if len(r.buckets) > maxBuckets {
		t.Errorf("%d buckets", len(r.buckets))
	}
	if wait := r.take(now, "x", 25); wait != 500*time.Millisecond {
		t.Errorf("a wait of %s for more than ever fits", wait)
	}
}
