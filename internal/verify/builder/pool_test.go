package builder

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func poolOf(names ...string) *Pool {
	p := newPool()
	for _, n := range names {
		p.add(&Builder{Address: n})
	}
	return p
}

func TestLeastLoaded(t *testing.T) {
	p := poolOf("a", "b")
	err := p.Use(t.Context(), func(first *Builder) error {
		return p.Use(t.Context(), func(second *Builder) error {
			if first.Address != "a" || second.Address != "b" {
				t.Errorf("used %s and %s at the same time", first.Address, second.Address)
			}
			return nil
		})
	})
	if err != nil || p.take().Address != "a" {
		t.Errorf("what was used is not free again: %v", err)
	}
}

// A builder that goes away is replaced by another one; the last one's error is
// the error.
func TestLost(t *testing.T) {
	p := poolOf("a", "b", "c")
	var used []string
	err := p.Use(t.Context(), func(b *Builder) error {
		used = append(used, b.Address)
		return &GoneError{b.Address, errors.New("gone")}
	})
	var gone *GoneError
	if !errors.As(err, &gone) || gone.Address != "c" || !slices.Equal(used, []string{"a", "b", "c"}) {
		t.Errorf("got %v after %q", err, used)
	}
	other := errors.New("something else")
	if err := p.Use(t.Context(), func(*Builder) error { return other }); err != other {
		t.Errorf("got %v", err)
	}
}

// Two calls that lose the same builder take one other, and lose only it.
func TestLostTwice(t *testing.T) {
	p := poolOf("a", "b")
	a := p.take()
	for range 2 {
		if !p.lose(a) {
			t.Error("no builder is left")
		}
	}
	p.release(a)
	if b := p.take(); b.Address != "b" || p.lose(b) {
		t.Errorf("took %s, or gave up the last one", b.Address)
	}
}

func TestUseAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	if err := poolOf("a").Use(ctx, func(*Builder) error { t.Error("called"); return nil }); err != enough {
		t.Errorf("got %v", err)
	}
}
