package builder

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Pool is the builders that share the work.
type Pool struct {
	builders []*Builder

	mu   sync.Mutex
	load map[*Builder]int // of those that are there
}

func newPool() *Pool { return &Pool{load: map[*Builder]int{}} }

func (p *Pool) add(b *Builder) {
	p.builders = append(p.builders, b)
	p.load[b] = 0
}

// Builders lists them in the order in which they were given.
func (p *Pool) Builders() []*Builder { return slices.Clone(p.builders) }

// Use calls fn with the builder that has the least to do. When that one goes
// away meanwhile, as a *GoneError says, fn is called again with another one, as
// long as there is one.
func (p *Pool) Use(ctx context.Context, fn func(*Builder) error) error {
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		b := p.take()
		err := fn(b)
		p.release(b)
		var gone *GoneError
		if !errors.As(err, &gone) || !p.lose(b) {
			return err
		}
	}
}

// lose gives a builder up and reports whether another one is left. The last one
// stays: what is asked of it says what is wrong.
func (p *Pool) lose(b *Builder) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, there := p.load[b]; there && len(p.load) > 1 {
		delete(p.load, b)
		return true
	}
	_, there := p.load[b]
	return !there // another call has given it up already
}

func (p *Pool) take() *Builder {
	p.mu.Lock()
	defer p.mu.Unlock()
	var least *Builder
	for _, b := range p.builders {
		n, there := p.load[b]
		if there && (least == nil || n < p.load[least]) {
			least = b
		}
	}
	p.load[least]++
	return least
}

func (p *Pool) release(b *Builder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, there := p.load[b]; there {
		p.load[b]--
	}
}

// Close ends all connections.
func (p *Pool) Close() error {
	var errs []error
	for _, b := range p.builders {
		errs = append(errs, b.close())
	}
	return errors.Join(errs...)
}
