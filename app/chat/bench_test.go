package chat_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parvis/app/chat"
	"parvis/app/workspace"
)

// conversation makes n posts of 200 bytes by three people, each after all before it.
func conversation(b testing.TB, w *world, n int) []workspace.Opened {
	b.Helper()
	r := w.replica(b, 1)
	var all []workspace.Opened
	err := r.DB.Write(context.Background(), func(ctx context.Context) error {
		for i := range n {
			body := chat.Body{Op: chat.OpPost, Channel: r.general(), Lamport: uint64(i) + 1, Text: fmt.Sprint(i, strings.Repeat(" word", 38))}
			if i > 0 {
				body.Parents = append(body.Parents, all[i-1].ID)
			}
			data, err := body.Encode()
			if err != nil {
				return err
			}
			o := r.envelope(r.main, data)
			o.Person = w.people[1+i%(len(w.people)-1)]
			all = append(all, o)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return all
}

// BenchmarkApply is the cost of folding one message of a batch of 256.
func BenchmarkApply(b *testing.B) {
	w := newWorld(3)
	all := conversation(b, w, b.N)
	r := w.replica(b, 0)
	b.ReportAllocs()
	b.ResetTimer()
	for len(all) > 0 {
		n := min(256, len(all))
		var result workspace.Result
		err := r.DB.Write(context.Background(), func(ctx context.Context) (err error) {
			result, err = r.View.Apply(ctx, all[:n])
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		result.After()
		all = all[n:]
	}
}

// BenchmarkSend is 64 senders at once, without signing and encrypting.
func BenchmarkSend(b *testing.B) {
	r := newWorld(3).replica(b, 0)
	b.SetParallelism(32)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := r.chat.Send(context.Background(), r.ws, r.general(), chat.Post{Text: "hello " + strings.Repeat("word ", 38)}); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkPage is reading the newest 50 of 10,000 messages.
func BenchmarkPage(b *testing.B) {
	w := newWorld(3)
	all := conversation(b, w, 10_000)
	r := w.replica(b, 0)
	err := r.DB.Write(context.Background(), func(ctx context.Context) error {
		_, err := r.View.Apply(ctx, all)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for b.Loop() {
		if page := r.read(b, r.general(), chat.Query{Limit: 50}); len(page.Messages) != 50 {
			b.Fatalf("%d messages", len(page.Messages))
		}
	}
}

// BenchmarkCatchUp is the worst order: whole chains one after the other, so that
// nearly every message waits for others. The figure is per message.
func BenchmarkCatchUp(b *testing.B) {
	w := newWorld(4)
	all := conversation(b, w, b.N)
	chains := map[any][]workspace.Opened{}
	for _, o := range all {
		chains[o.Person] = append(chains[o.Person], o)
	}
	r := w.replica(b, 0)
	b.ResetTimer()
	for _, chain := range chains {
		for len(chain) > 0 {
			n := min(256, len(chain))
			var result workspace.Result
			err := r.DB.Write(context.Background(), func(ctx context.Context) (err error) {
				result, err = r.View.Apply(ctx, chain[:n])
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			result.After()
			chain = chain[n:]
		}
	}
	b.StopTimer()
	if page := r.read(b, r.general(), chat.Query{Limit: 50}); page.Messages[0].Provisional {
		b.Error("something waits")
	}
}
