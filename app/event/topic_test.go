package event_test

import (
	"slices"
	"sync"
	"testing"

	"parvis/app/event"
)

func TestSubscribersHearEveryValueInOrderUntilTheyCancel(t *testing.T) {
	var topic event.Topic[int]
	var first, second []int
	cancel := topic.Subscribe(func(v int) { first = append(first, v) })
	topic.Subscribe(func(v int) { second = append(second, v) })

	topic.Publish(1)
	topic.Publish(2)
	cancel()
	cancel()
	topic.Publish(3)

	if want := []int{1, 2}; !slices.Equal(first, want) {
		t.Errorf("first got %v, want %v", first, want)
	}
	if want := []int{1, 2, 3}; !slices.Equal(second, want) {
		t.Errorf("second got %v, want %v", second, want)
	}
}

func TestASubscriberMayPublishSubscribeAndCancel(t *testing.T) {
	var topic event.Topic[int]
	var got []int
	var cancel func()
	cancel = topic.Subscribe(func(v int) {
		got = append(got, v)
		if v < 3 {
			topic.Publish(v + 1)
		}
		if v == 3 {
			cancel()
			topic.Subscribe(func(v int) { got = append(got, -v) })
		}
	})

	topic.Publish(1)
	topic.Publish(9)

	if want := []int{1, 2, 3, -9}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestConcurrentUseLosesNothing(t *testing.T) {
	var topic event.Topic[int]
	var mu sync.Mutex
	sum := 0
	topic.Subscribe(func(v int) {
		mu.Lock()
		defer mu.Unlock()
		sum += v
	})

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				topic.Publish(1)
				topic.Subscribe(func(int) {})()
			}
		})
	}
	wg.Wait()

	if sum != 800 {
		t.Errorf("sum is %d, want 800", sum)
	}
}
