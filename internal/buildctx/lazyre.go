package buildctx

import (
	"regexp"
	"sync"
)

// lazyRE compiles an expression when it is first used: most runs need few of
// them, and starting the program must cost little.
func lazyRE(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
