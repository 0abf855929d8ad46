package recovery

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"parvis/crdt/paper"
	"parvis/crdt/seal"
)

// memory is a store whose writes can fail.
type memory struct {
	values map[string][]byte
	broken error
}

func (m *memory) Write(ctx context.Context, fn func(context.Context) error) error {
	before := maps.Clone(m.values)
	if err := errors.Join(fn(ctx), m.broken); err != nil {
		m.values = before
		return err
	}
	return nil
}
func (m *memory) OnRollback(func()) {}
func (m *memory) PutSecret(_ context.Context, _ seal.ID, name string, value []byte) error {
	m.values[name] = value
	return nil
}
func (m *memory) Secret(_ context.Context, _ seal.ID, name string) ([]byte, bool, error) {
	value, found := m.values[name]
	return value, found, nil
}
func (m *memory) Secrets(_ context.Context, _ seal.ID, prefix string) (map[string][]byte, error) {
	found := map[string][]byte{}
	for name, value := range m.values {
		if strings.HasPrefix(name, prefix) {
			found[name] = value
		}
	}
	return found, nil
}
func (m *memory) DeleteSecret(_ context.Context, _ seal.ID, name string) error {
	delete(m.values, name)
	return nil
}

func service() (*Service, *memory) {
	m := &memory{values: map[string][]byte{}}
	return &Service{Store: m, Now: func() time.Time { return time.UnixMilli(1000) }}, m
}

func TestOneKeyServesAllPersonsOfADevice(t *testing.T) {
	s, _ := service()
	first, err := s.Own(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Own(t.Context(), []seal.ID{{7}}); err != nil || again != first {
		t.Errorf("another key for the second workspace: %v", err)
	}
	linked, _ := service()
	if key, err := linked.Own(t.Context(), []seal.ID{first}); err != nil || key != first {
		t.Errorf("a device that was linked makes a key of its own: %v", err)
	}
	if papers, err := linked.Papers(t.Context()); err != nil || len(papers) != 0 {
		t.Errorf("it knows %v of it, %v", papers, err)
	}
}

func TestASavedKeyLeavesTheComputer(t *testing.T) {
	s, m := service()
	var slots []seal.Key
	s.Slot = func(_ context.Context, key seal.Key) error { slots = append(slots, key); return nil }
	own, err := s.Own(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.Show(t.Context())
	if err != nil || key.Sign().Public() != own {
		t.Fatalf("shows another key: %v", err)
	}
	var asked []string
	for _, place := range key.Ask() {
		asked = append(asked, key.Words(paper.French)[place-1])
	}
	for _, typed := range []string{"", asked[0], strings.Join(append(asked, "zoo"), " "), asked[1] + " " + asked[0] + " " + asked[2], paper.New().Text()} {
		if err := s.Confirm(t.Context(), typed); !errors.Is(err, ErrWrong) {
			t.Errorf("%q: %v", typed, err)
		}
	}
	m.broken = errors.New("disk full")
	if err := s.Confirm(t.Context(), strings.Join(asked, ", ")); !errors.Is(err, m.broken) {
		t.Errorf("on a full disk: %v", err)
	}
	m.broken = nil
	if saved, err := s.Saved(t.Context(), own); saved || err != nil {
		t.Errorf("it counts as saved, %v", err)
	}
	if err := s.Confirm(t.Context(), strings.Join(asked, ", ")); err != nil {
		t.Fatal(err)
	}
	seed := key.Seed()
	for name, value := range m.values {
		if strings.Contains(string(value), string(seed[:])) {
			t.Errorf("%s still holds the key", name)
		}
	}
	if saved, err := s.Saved(t.Context(), own); !saved || err != nil {
		t.Errorf("it does not count as saved, %v", err)
	}
	if len(slots) == 0 || slots[0] != key.Slot() {
		t.Error("it does not open the data folder")
	}
	if _, err := s.Show(t.Context()); !errors.Is(err, ErrGone) {
		t.Errorf("shown again: %v", err)
	}
}

func TestWhatAnotherDeviceSawCounts(t *testing.T) {
	s, _ := service()
	own, err := s.Own(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Learn(t.Context(), Paper{Key: own, Saved: 5}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Show(t.Context()); !errors.Is(err, ErrGone) {
		t.Errorf("the key stays on this computer: %v", err)
	}
	if err := s.Learn(t.Context(), Paper{Key: own}); err != nil {
		t.Fatal(err)
	}
	if saved, err := s.Saved(t.Context(), own); !saved || err != nil {
		t.Errorf("older news undid it, %v", err)
	}
	other := paper.New()
	if err := s.Keep(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if key, err := s.Own(t.Context(), nil); err != nil || key != other.Sign().Public() {
		t.Errorf("a key that was typed does not serve new persons: %v", err)
	}
	if papers, err := s.Papers(t.Context()); err != nil || len(papers) != 2 || papers[0].Recipient == "" {
		t.Errorf("knows %v, %v", papers, err)
	}
}

func TestAKeyThatWasSavedElsewhereOpensTheFolderOnceItIsTypedHere(t *testing.T) {
	s, _ := service()
	var slots []seal.Key
	s.Slot = func(_ context.Context, key seal.Key) error { slots = append(slots, key); return nil }
	key := paper.New()
	if err := s.Learn(t.Context(), Paper{Key: key.Sign().Public(), Saved: 5}); err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]error{"some words": ErrGone, paper.New().Text(): ErrWrong} {
		if err := s.Confirm(t.Context(), typed); !errors.Is(err, want) || len(slots) > 0 {
			t.Errorf("%q: %v, %d slots", typed, err, len(slots))
		}
	}
	if err := s.Confirm(t.Context(), key.Text()); err != nil || len(slots) != 1 || slots[0] != key.Slot() {
		t.Errorf("%v, %d slots", err, len(slots))
	}
}
