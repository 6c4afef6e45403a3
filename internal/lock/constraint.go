package lock

import (
	"strings"

	"refit/internal/facts"
	"refit/internal/wheel"
)

// pythonAllowed checks a constraint on the interpreter, in the spelling of PEP 440
// or of poetry. What cannot be read allows.
func pythonAllowed(constraint string, t wheel.Target) bool {
	return specAllows(constraint, t.Assumed())
}

// specAllows checks a version against a specifier: alternatives with "||", clauses
// with commas or spaces, PEP 440's operators and poetry's "^" and "~". Versions are
// compared by their release numbers. What cannot be read allows.
func specAllows(spec, version string) bool {
	v, _, ok := numbersOf(version)
	if !ok || strings.TrimSpace(spec) == "" {
		return true
	}
	for alternative := range strings.SplitSeq(strings.ReplaceAll(spec, "||", "|"), "|") {
		all := true
		for _, c := range clauses(alternative) {
			all = all && clauseAllows(c, v, version)
		}
		if all {
			return true
		}
	}
	return false
}

// clauses splits ">=3.8, <4" and ">= 3.8 <4" alike.
func clauses(s string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '(' || r == ')' }) {
		if n := len(out); n > 0 && strings.Trim(out[n-1], "<>=!~^") == "" {
			out[n-1] += word // the operator stood alone
			continue
		}
		out = append(out, word)
	}
	return out
}

func clauseAllows(clause string, v []int, version string) bool {
	rest := strings.TrimLeft(clause, "<>=!~^")
	op := clause[:len(clause)-len(rest)]
	if rest == "*" || rest == "" {
		return true
	}
	if (op == "==" || op == "===") && rest == version {
		return true
	}
	want, wildcard, ok := numbersOf(rest)
	if !ok {
		return true
	}
	c := facts.CompareNumbers(v, want)
	switch op {
	case "", "==", "===":
		if wildcard {
			return hasPrefix(v, want)
		}
		return c == 0
	case "!=":
		if wildcard {
			return !hasPrefix(v, want)
		}
		return c != 0
	case ">=":
		return c >= 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case "<":
		return c < 0
	case "~=":
		return c >= 0 && (len(want) < 2 || hasPrefix(v, want[:len(want)-1]))
	case "~": // poetry: ~1.2.3 and ~1.2 stay in 1.2, ~1 in 1
		return c >= 0 && hasPrefix(v, want[:min(len(want), 2)])
	case "^": // poetry: the first number that is not 0 stays
		n := 1
		for n < len(want) && want[n-1] == 0 {
			n++
		}
		return c >= 0 && hasPrefix(v, want[:n])
	}
	return true
}

// numbersOf reads the release numbers of a version; an epoch, and what follows the
// numbers, are passed by. wildcard says that it ended with ".*".
func numbersOf(version string) (numbers []int, wildcard, ok bool) {
	version, wildcard = strings.CutSuffix(version, ".*")
	if _, rest, epoch := strings.Cut(version, "!"); epoch {
		version = rest
	}
	numbers = facts.ReleaseNumbers(version)
	return numbers, wildcard, len(numbers) > 0
}

// hasPrefix reports numbers that begin with others.
func hasPrefix(v, prefix []int) bool {
	return facts.CompareNumbers(v[:min(len(v), len(prefix))], prefix) == 0
}
