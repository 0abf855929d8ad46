package mailbox_test

import (
	"errors"
	"testing"
	"time"

	"parvis/p2p/mailbox"
	"parvis/p2p/mailbox/mailboxtest"
)

func TestX20ADeviceLearnsOfAnotherStore(t *testing.T) {
	keeper, server, device, ctx := superPeer(t)
	c := open(t, ctx, device, server)
	if err := c.Put(ctx, tag, mailboxtest.Objects(0, 1, 10), false); err != nil {
		t.Fatal(err)
	}
	watching, told := make(chan error, 1), make(chan struct{}, 1)
	go func() {
		watching <- c.Watch(ctx, []mailbox.Tag{tag}, func(mailbox.Tag, uint64) { told <- struct{}{} })
	}()
	<-told
	keeper.Rename(workspace, [16]byte{6})
	if err := <-watching; err == nil || ctx.Err() != nil {
		t.Errorf("the watch ended with %v", err)
	}
	if err := c.Watch(ctx, []mailbox.Tag{tag}, func(mailbox.Tag, uint64) {}); !errors.Is(err, mailbox.ErrOtherStore) {
		t.Errorf("a later stream: %v", err)
	}
	if err := c.Put(ctx, tag, mailboxtest.Objects(1, 1, 10), false); err == nil {
		t.Error("the client goes on")
	}
	if open(t, ctx, device, server).Store() != keeper.Name {
		t.Error("opened again it has the old store")
	}
}

func TestX20TheQuotaIsAskedForAgain(t *testing.T) {
	keeper, server, device, ctx := superPeer(t)
	c := open(t, ctx, device, server)
	expect := func(what string, age time.Duration, want int64) {
		t.Helper()
		if used, limit, err := c.Quota(ctx, age); used != want || limit != 1<<30 || err != nil {
			t.Errorf("%s: %d of %d, %v; want %d", what, used, limit, err, want)
		}
	}
	keeper.Fill(5000)
	expect("what the welcome said is new enough", time.Hour, 0)
	expect("asked again", 0, 5000)
	keeper.Fill(9000)
	expect("the last answer is new enough", time.Hour, 5000)
	keeper.Allow(workspace)
	if _, _, err := c.Quota(ctx, 0); !errors.Is(err, mailbox.ErrStranger) {
		t.Errorf("a stranger is told %v", err)
	}
	expect("a refusal changes nothing", time.Hour, 5000)
	keeper.Allow(workspace, device.ID())
	expect("let in again", 0, 9000)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Quota(ctx, 0); err == nil {
		t.Error("a closed client asks")
	}
}
