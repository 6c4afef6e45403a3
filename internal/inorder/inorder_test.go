package inorder

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func numbers(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// TestOrder holds that results come in the items' order, whatever takes longest,
// and that no more work is done at a time than is wanted.
func TestOrder(t *testing.T) {
	for _, c := range []struct{ items, n, ahead int }{{0, 3, 1}, {1, 3, 1}, {50, 0, 1}, {50, 1, 0}, {50, 4, 2}, {50, 100, 1000}} {
		var busy, most, begun, emitted atomic.Int32
		var got []int
		Do(numbers(c.items), c.n, c.ahead, func(i int, done func(int)) {
			if now := busy.Add(1); now > most.Load() {
				most.Store(now)
			}
			if b, e := begun.Add(1), emitted.Load(); int(b-e) > c.ahead+max(1, c.n)+2 {
				t.Errorf("%+v: %d are begun and %d emitted", c, b, e)
			}
			if i%7 == 0 {
				time.Sleep(time.Millisecond)
			}
			busy.Add(-1)
			done(i)
		}, func() {}, func(i int) {
			emitted.Add(1)
			got = append(got, i)
		})
		if !slices.Equal(got, numbers(c.items)) {
			t.Errorf("%+v: got %v", c, got)
		}
		if int(most.Load()) > max(1, c.n) {
			t.Errorf("%+v: %d at a time", c, most.Load())
		}
	}
}

// TestDoneLater holds that results may come after all work has returned.
func TestDoneLater(t *testing.T) {
	var mu sync.Mutex
	var later []func()
	var got []int
	Do(numbers(9), 2, 10, func(i int, done func(int)) {
		mu.Lock()
		defer mu.Unlock()
		later = append(later, func() { done(i) })
	}, func() {
		for _, done := range slices.Backward(later) {
			done()
		}
	}, func(i int) { got = append(got, i) })
	if !slices.Equal(got, numbers(9)) {
		t.Errorf("got %v", got)
	}
}
