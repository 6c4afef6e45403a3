package transform

// variable is what the file says of an environment variable or build argument.
type variable struct {
	value string
	set   bool // false: an ARG without a default
	arg   bool // false: an ENV
	fixed bool // the same in every build: depends on no ARG
}

// bindings are the variables in scope, the newest first: one that is bound again
// hides its older self. They are shared between states and never change.
type bindings struct {
	name string
	variable
	older *bindings
}

func (b *bindings) bind(name string, v variable) *bindings {
	return &bindings{name: name, variable: v, older: b}
}

func (b *bindings) lookup(name string) (variable, bool) {
	for ; b != nil; b = b.older {
		if b.name == name {
			return b.variable, true
		}
	}
	return variable{}, false
}

// names lists the variables once each, the newest first.
func (b *bindings) names() []string {
	var names []string
	seen := map[string]bool{}
	for ; b != nil; b = b.older {
		if !seen[b.name] {
			seen[b.name] = true
			names = append(names, b.name)
		}
	}
	return names
}

// inherited is what a stage that starts from this one has: build arguments end
// with their stage.
func (b *bindings) inherited() *bindings {
	var kept *bindings
	seen := map[string]bool{}
	for ; b != nil; b = b.older {
		if !seen[b.name] && !b.arg {
			kept = kept.bind(b.name, b.variable)
		}
		seen[b.name] = true
	}
	return kept
}

// Get implements BuildKit's shell.EnvGetter.
func (b *bindings) Get(key string) (string, bool) {
	v, ok := b.lookup(key)
	return v.value, ok && v.set
}

// Keys implements BuildKit's shell.EnvGetter.
func (b *bindings) Keys() []string { return b.names() }
