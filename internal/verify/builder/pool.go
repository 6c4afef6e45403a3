package builder

import (
	"context"
	"errors"
	"sync"
)

// Pool is the builders that share the work.
type Pool struct {
	mu       sync.Mutex
	builders []*Builder
	load     map[*Builder]int
}

func newPool() *Pool { return &Pool{load: map[*Builder]int{}} }

func (p *Pool) add(b *Builder) { p.builders = append(p.builders, b) }

// Builders lists them in the order in which they were given.
func (p *Pool) Builders() []*Builder { return p.builders }

// Use calls fn with the builder that has the least to do.
func (p *Pool) Use(ctx context.Context, fn func(*Builder) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	b := p.take()
	defer p.release(b)
	return fn(b)
}

func (p *Pool) take() *Builder {
	p.mu.Lock()
	defer p.mu.Unlock()
	least := p.builders[0]
	for _, b := range p.builders[1:] {
		if p.load[b] < p.load[least] {
			least = b
		}
	}
	p.load[least]++
	return least
}

func (p *Pool) release(b *Builder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.load[b]--
}

// Close ends all connections.
func (p *Pool) Close() error {
	var errs []error
	for _, b := range p.builders {
		errs = append(errs, b.close())
	}
	return errors.Join(errs...)
}
