package buildctx

import (
	"slices"
	"strconv"
	"strings"
)

// MarkerEnv is what is known of the interpreter that installs. Variables that are not in it are unknown. The sets extra,
// extras and dependency_groups have one member a line.
type MarkerEnv map[string]string

// LinuxEnv is CPython on Linux, as in an official Python image; version is "3.9" or "3.9.7", "" when unknown.
func LinuxEnv(version string) MarkerEnv {
	env := MarkerEnv{
		"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux",
		"implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": "",
	}
	if parts := strings.SplitN(version, ".", 3); len(parts) >= 2 {
		env["python_version"] = parts[0] + "." + parts[1]
		env["python_full_version"] = version
	}
	return env
}

// Applies says whether the requirement's marker holds. Where that cannot be decided it says true, with known false.
func (r *Requirement) Applies(env MarkerEnv) (applies, known bool) { return EvalMarker(r.Marker, env) }

// EvalMarker evaluates a marker; an empty one holds. Where that cannot be decided it says true, with known false.
func EvalMarker(marker string, env MarkerEnv) (applies, known bool) {
	if marker == "" {
		return true, true
	}
	p := &markerParser{toks: markerTokens(marker), env: env}
	v := p.or(0)
	if p.bad || p.pos != len(p.toks) || v == unknown {
		return true, false
	}
	return v == yes, true
}

// truth is Kleene's three-valued logic.
type truth int

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

type markerToken struct {
	kind byte // 'w' word, 's' string, 'o' operator or parenthesis
	text string
}

func markerTokens(s string) []markerToken {
	var out []markerToken
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t':
			i++
		case c == '"' || c == '\'':
			end := strings.IndexByte(s[i+1:], c)
			if end < 0 {
				return append(out, markerToken{'o', "unclosed"})
			}
			out = append(out, markerToken{'s', s[i+1 : i+1+end]})
			i += end + 2
		case c == '(' || c == ')':
			out = append(out, markerToken{'o', string(c)})
			i++
		case strings.IndexByte("<>=!~", c) >= 0:
			n := span(s[i:], "<>=!~")
			out = append(out, markerToken{'o', s[i : i+n]})
			i += n
		default:
			n := max(1, span(s[i:], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."))
			out = append(out, markerToken{'w', s[i : i+n]})
			i += n
		}
	}
	return out
}

// span is the length of the prefix made of these bytes.
func span(s, set string) int {
	n := 0
	for n < len(s) && strings.IndexByte(set, s[n]) >= 0 {
		n++
	}
	return n
}

type markerParser struct {
	toks []markerToken
	pos  int
	bad  bool
	env  MarkerEnv
}

func (p *markerParser) next() markerToken {
	if p.pos >= len(p.toks) {
		p.bad = true
		return markerToken{}
	}
	p.pos++
	return p.toks[p.pos-1]
}

func (p *markerParser) accept(kind byte, text string) bool {
	if p.pos < len(p.toks) && p.toks[p.pos] == (markerToken{kind, text}) {
		p.pos++
		return true
	}
	return false
}

func (p *markerParser) or(depth int) truth {
	v := p.and(depth)
	for !p.bad && p.accept('w', "or") {
		v = max(v, p.and(depth))
	}
	return v
}

func (p *markerParser) and(depth int) truth {
	v := p.term(depth)
	for !p.bad && p.accept('w', "and") {
		v = min(v, p.term(depth))
	}
	return v
}

const maxMarkerDepth = 50

func (p *markerParser) term(depth int) truth {
	if p.accept('o', "(") {
		if depth > maxMarkerDepth {
			p.bad = true
			return unknown
		}
		v := p.or(depth + 1)
		p.bad = p.bad || !p.accept('o', ")")
		return v
	}
	left := p.next()
	op := p.next()
	if op == (markerToken{'w', "not"}) && p.accept('w', "in") {
		op.text = "not in"
	} else if op.kind != 'o' && op.text != "in" {
		p.bad = true
	}
	right := p.next()
	if p.bad || left.kind == 'o' || right.kind == 'o' {
		p.bad = true
		return unknown
	}
	return p.compare(left, op.text, right)
}

// markerAliases are the names of PEP 345 that pip still takes.
var markerAliases = map[string]string{
	"os.name": "os_name", "sys.platform": "sys_platform", "platform.machine": "platform_machine",
	"platform.python_implementation": "platform_python_implementation", "python_implementation": "platform_python_implementation",
}

func (p *markerParser) value(t markerToken) (string, bool) {
	if t.kind == 's' {
		return t.text, true
	}
	name := t.text
	if a := markerAliases[name]; a != "" {
		name = a
	}
	v, ok := p.env[name]
	return v, ok
}

func (p *markerParser) compare(left markerToken, op string, right markerToken) truth {
	l, lok := p.value(left)
	r, rok := p.value(right)
	if !lok || !rok {
		return unknown
	}
	if v, set := setOf(left, op, right, l, r); set {
		return v
	}
	switch op {
	case "in":
		return truthOf(strings.Contains(r, l))
	case "not in":
		return truthOf(!strings.Contains(r, l))
	}
	partial := left.text == "python_full_version" && left.kind == 'w' && strings.Count(l, ".") < 2
	if strings.HasPrefix(left.text, "python_") || strings.HasPrefix(right.text, "python_") {
		if left.kind == 's' { // '3.6' < python_version
			l, r, op = r, l, flip(op)
			partial = right.text == "python_full_version" && strings.Count(l, ".") < 2
		}
		return compareVersions(l, op, r, partial)
	}
	switch op {
	case "==", "===":
		return truthOf(l == r)
	case "!=":
		return truthOf(l != r)
	}
	return unknown
}

// setOf compares with a set: extra == "name", and with PEP 751 "name" in extras or dependency_groups.
func setOf(left markerToken, op string, right markerToken, l, r string) (v truth, set bool) {
	isSet := func(t markerToken) bool {
		return t.kind == 'w' && (t.text == "extra" || t.text == "extras" || t.text == "dependency_groups")
	}
	members, name := r, l
	if isSet(left) {
		members, name = l, r
	} else if !isSet(right) {
		return no, false
	}
	has := slices.ContainsFunc(strings.Split(members, "\n"), func(m string) bool {
		return m == name || m != "" && NormalizeName(m) == NormalizeName(name)
	})
	switch op {
	case "==", "in":
		return truthOf(has), true
	case "!=", "not in":
		return truthOf(!has), true
	}
	return unknown, true
}

func flip(op string) string {
	switch op[0] {
	case '<':
		return ">" + op[1:]
	case '>':
		return "<" + op[1:]
	}
	return op
}

// compareVersions compares dotted numbers. With partial, the left one goes on with digits nobody knows.
func compareVersions(l, op, r string, partial bool) truth {
	prefix := strings.HasSuffix(r, ".*")
	a, aok := release(l)
	final, pre := cutPre(strings.TrimSuffix(r, ".*"))
	b, bok := release(final)
	if !aok || !bok || prefix && op != "==" && op != "!=" {
		return unknown
	}
	if op == "~=" {
		if len(b) < 2 {
			return unknown
		}
		return min(compareVersions(l, ">=", r, partial), compareVersions(l, "==", r[:strings.LastIndexByte(r, '.')]+".*", partial))
	}
	c := 0
	for i := 0; c == 0 && i < max(len(a), len(b)); i++ {
		if i >= len(b) && prefix {
			break
		}
		if i >= len(a) && partial {
			return unknown
		}
		c = at(a, i) - at(b, i)
	}
	if c == 0 && partial && !prefix {
		return unknown
	}
	if c == 0 && pre {
		c = 1 // the interpreter is a release, which comes after its candidates
	}
	switch op {
	case "==", "===":
		return truthOf(c == 0)
	case "!=":
		return truthOf(c != 0)
	case "<":
		return truthOf(c < 0)
	case "<=":
		return truthOf(c <= 0)
	case ">":
		return truthOf(c > 0)
	case ">=":
		return truthOf(c >= 0)
	}
	return unknown
}

// cutPre takes the pre-release off a version: "3.11.0a6".
func cutPre(v string) (final string, pre bool) {
	n := span(v, "0123456789.")
	if rest := v[n:]; rest != "" && (rest[0] == 'a' || rest[0] == 'b' || strings.HasPrefix(rest, "rc")) {
		return strings.TrimSuffix(v[:n], "."), true
	}
	return v, false
}

func at(v []int, i int) int {
	if i < len(v) {
		return v[i]
	}
	return 0
}

func release(v string) ([]int, bool) {
	var out []int
	for _, s := range strings.Split(strings.TrimSpace(v), ".") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > 1<<20 {
			return nil, false
		}
		out = append(out, n)
	}
	return out, true
}
