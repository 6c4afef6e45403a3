package passes

import "testing"

// TestGroups holds that every pass is in exactly one group.
func TestGroups(t *testing.T) {
	in := map[string]int{}
	for _, g := range Groups() {
		for _, name := range g.Passes {
			in[name]++
		}
	}
	for _, p := range All() {
		if in[p.Name] != 1 {
			t.Errorf("%s is in %d groups of passes/groups.go, want 1", p.Name, in[p.Name])
		}
		delete(in, p.Name)
	}
	for name := range in {
		t.Errorf("passes/groups.go has %s, which is no pass", name)
	}
	for _, name := range []string{"eol-base", "pin-tag", "non-root"} {
		if !Urgent(name) {
			t.Errorf("%s is not urgent", name)
		}
	}
}
