// Package inorder works on things at the same time and hands over what comes of them
// in their order.
package inorder

import "sync"

// Do does work on items, n at a time and at least one, and emits the results in the
// order of the items, from the caller's goroutine. It goes no more than ahead items
// beyond the one that is to be emitted next, besides those that are worked on.
//
// Work has its result when it says done, once, which may be after it has returned:
// when all of it has returned, end is called, from another goroutine.
func Do[T, R any](items []T, n, ahead int, work func(item T, done func(R)), end func(), emit func(R)) {
	type job struct {
		item T
		done chan R
	}
	jobs, queue := make(chan job), make(chan chan R, ahead)
	go func() {
		for _, item := range items {
			done := make(chan R, 1)
			queue <- done
			jobs <- job{item, done}
		}
		close(jobs)
		close(queue)
	}()
	var workers sync.WaitGroup
	for range max(1, min(n, len(items))) {
		workers.Go(func() {
			for j := range jobs {
				work(j.item, func(r R) { j.done <- r })
			}
		})
	}
	go func() {
		workers.Wait()
		end()
	}()
	for done := range queue {
		emit(<-done)
	}
	workers.Wait()
}
