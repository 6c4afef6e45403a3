// Package passdoc writes the documentation that passes carry: for docs/passes.md,
// for a terminal, for programs and for the rules of other reports.
package passdoc

import "refit/transform"

// Group is passes that are about one thing.
type Group struct {
	Title  string
	Tag    string // the title as one word
	Passes []*transform.Pass
}
