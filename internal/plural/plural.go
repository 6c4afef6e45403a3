// Package plural counts things in messages.
package plural

import (
	"fmt"
	"strings"
)

// Of is a number with its noun: "1 file", "2 files", "3 libraries".
func Of(n int, noun string) string { return fmt.Sprintf("%d %s", n, Noun(n, noun)) }

// Noun is the noun alone, as it stands behind the number. The last word of it is the
// one that changes, and is of the regular kind.
func Noun(n int, noun string) string {
	switch {
	case n == 1:
		return noun
	case strings.HasSuffix(noun, "y") && !strings.ContainsAny(noun[len(noun)-2:len(noun)-1], "aeiou"):
		return strings.TrimSuffix(noun, "y") + "ies"
	}
	return noun + "s"
}

// Verb is the form of "to be" that goes with the number.
func Verb(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
