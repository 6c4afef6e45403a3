package passes

import (
	"fmt"
	"strings"

	"refit/internal/lazyregexp"
	"refit/transform"
)

// A value is what an ARG or ENV gives to one name.
type value struct {
	keyword, name string
	at            *transform.Instruction
}

// replacedValues finds an ARG or ENV of one name that the next one of the same
// kind replaces, with nothing between that can see it: no RUN, which has all
// variables in its environment, no trigger, and no instruction that names the
// variable. The later one must have a value of its own, since an ARG without one
// keeps what was there. An ARG that is declared already in the stage, and that
// no ARG before the first FROM gives a default, says nothing new.
func replacedValues(f *transform.File) []transform.Finding {
	var found []transform.Finding
	pending := map[string]value{}
	for _, in := range f.Instructions {
		switch in.Keyword {
		case "from", "run", "onbuild":
			clear(pending)
			continue
		}
		if len(pending) > 0 {
			for _, ref := range variableUse.FindAllStringSubmatch(f.Text(in.Body), -1) {
				delete(pending, ref[1])
			}
		}
		if redundantArg(f, in) {
			found = append(found, removal(f, "the argument is declared above already, and this line gives it no value", in))
			continue
		}
		names, values := valuesOf(in)
		for i, name := range names {
			old, seen := pending[name]
			delete(pending, name)
			if !values[i] {
				continue
			}
			if seen && old.keyword == in.Keyword {
				why := fmt.Sprintf("%s %s gets another value before anything uses this one", strings.ToUpper(old.keyword), name)
				found = append(found, removal(f, why, old.at))
			}
			if len(names) == 1 {
				pending[name] = value{in.Keyword, name, in}
			}
		}
	}
	return found
}

var identifier = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

// redundantArg reports an ARG that gives no value and declares nothing but what
// is declared in the stage already. A name that is no name of a variable, such
// as the "${PORT}" of “ARG PORT ${PORT}”, can be used nowhere.
func redundantArg(f *transform.File, in *transform.Instruction) bool {
	if in.Keyword != "arg" || in.Stage == nil {
		return false
	}
	names, values := valuesOf(in)
	st, meta := f.State(in), f.State(in.Stage.From)
	for i, name := range names {
		if values[i] {
			return false
		}
		if identifier.MatchString(name) && (!st.HasArg(name) || meta.HasArg(name)) {
			return false
		}
	}
	return len(names) > 0 && identifier.MatchString(names[0])
}

// replacedCommands finds a CMD, ENTRYPOINT or HEALTHCHECK that a later one in
// the same stage replaces. Nothing can see the first: BuildKit keeps the last,
// and resets the base's CMD at an ENTRYPOINT whichever of them it is.
func replacedCommands(f *transform.File) []transform.Finding {
	var found []transform.Finding
	last := map[string]*transform.Instruction{}
	for _, in := range f.Instructions {
		switch in.Keyword {
		case "from":
			clear(last)
		case "cmd", "entrypoint", "healthcheck":
			if old := last[in.Keyword]; old != nil {
				why := fmt.Sprintf("only the last %s of a stage counts", strings.ToUpper(in.Keyword))
				found = append(found, removal(f, why, old))
			}
			last[in.Keyword] = in
		}
	}
	return found
}
