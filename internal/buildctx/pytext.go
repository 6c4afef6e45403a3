package buildctx

import (
	"bytes"
	"strings"

	"refit/internal/lazyregexp"
)

var (
	pyNameRE = lazyregexp.New(`^[A-Za-z_]\w*$`)
	homeRE   = lazyregexp.New(`^((?:/root|~)(?:/[^"'\n]*)?)["']`)
	// SMTP_PORT and the like are others' ports.
	portNameRE = lazyregexp.New(`(?:getenv|environ\.get)\([ \t]*["'](?:(?:HTTP|WEB|APP|SERVER|LISTEN|GUNICORN)_)?PORT["'][ \t]*,[ \t]*["']?(\d{1,5})`)
	bindRE     = lazyregexp.New(`(?m)^[ \t]*(?:bind|BIND)[ \t]*=[ \t]*\[?[ \t]*f?["'][^"'\n]*:(\d{1,5})["']`)

	// portREs find the port in what follows a server's name, from its parenthesis on.
	portREs = []*lazyregexp.Regexp{
		lazyregexp.New(`^\([^()]*\bport\s*=\s*(\d{1,5})\b`),
		lazyregexp.New(`^\(\s*\(\s*[^(),]*,\s*(\d{1,5})\s*\)`),
		lazyregexp.New(`^\(\s*(?:["'][^"'\n]*["']\s*,\s*)?(\d{1,5})\b`),
		// the default of a variable: port=int(os.environ.get("PORT", 80))
		lazyregexp.New(`^\([^\n]*?\b(?:getenv|environ\.get)\(\s*["'][A-Za-z_]*(?i:port)[A-Za-z_]*["']\s*,\s*["']?(\d{1,5})\b`),
	}

	subprocessAsRE = lazyregexp.New(`(?m)^[ \t]*import[ \t][^\n#]*\bsubprocess[ \t]+as[ \t]+(\w+)`)
	fromRE         = lazyregexp.New(`(?m)^[ \t]*from[ \t]+(subprocess|os|shutil)[ \t]+import[ \t]*(\([^)]*\)|[^\n]*)`)
)

// processCalls are the standard library's functions that start or look for programs, by the name they go by.
var processCalls = set(`subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen
	subprocess.getoutput subprocess.getstatusoutput shutil.which pexpect.spawn pexpect.run
	os.system os.popen os.execl os.execle os.execlp os.execlpe os.execv os.execve os.execvp os.execvpe os.posix_spawn
	os.posix_spawnp os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe`)

// anywhereCalls have names that say enough, whatever they are called on.
var anywhereCalls = set("create_subprocess_exec create_subprocess_shell find_library CDLL LoadLibrary")

// serverCalls bind ports; so do names that end in Server.
var serverCalls = set(`run serve serve_forever listen listenTCP bind create_server start_server run_simple run_app TCPSite make_server`)

// localNames are the names that this file gives to functions of processCalls, and "alias." for subprocess itself.
func (s *pyScanner) localNames() map[string]string {
	names := map[string]string{}
	if bytes.Contains(s.src, []byte("subprocess as")) {
		for _, m := range subprocessAsRE.Regexp().FindAllSubmatch(s.src, -1) {
			names[string(m[1])+"."] = "subprocess."
		}
	}
	for _, word := range []string{"from subprocess", "from os", "from shutil"} {
		if !bytes.Contains(s.src, []byte(word+" ")) {
			continue
		}
		for _, m := range fromRE.Regexp().FindAllSubmatch(s.src, -1) {
			for _, item := range strings.Split(strings.Trim(string(m[2]), "()"), ",") {
				f := strings.Fields(item)
				if len(f) == 0 || !processCalls[string(m[1])+"."+f[0]] {
					continue
				}
				local := f[0]
				if len(f) >= 3 && f[1] == "as" {
					local = f[2]
				}
				names[local] = f[0]
			}
		}
		break
	}
	return names
}

// pyArg is the first argument of a call: a string, or a list or tuple.
type pyArg struct {
	str  Arg
	list []Arg // not nil for a list
}

// pyArgs reads the text behind the opening parenthesis. ok is false when the argument is neither a literal string nor
// a literal list that begins with one (or with sys.executable).
func pyArgs(src []byte) (a pyArg, ok bool) {
	src = src[:min(len(src), 4000)]
	rest := bytes.TrimLeft(src, " \t\r\n")
	for _, kw := range []string{"args", "cmd", "command"} {
		if r, found := bytes.CutPrefix(rest, []byte(kw)); found {
			if r = bytes.TrimLeft(r, " "); len(r) > 0 && r[0] == '=' {
				rest = bytes.TrimLeft(r[1:], " \t\r\n")
			}
		}
	}
	if len(rest) == 0 {
		return a, false
	}
	if rest[0] != '[' && rest[0] != '(' {
		a.str, _, ok = pyString(rest)
		return a, ok
	}
	list := []Arg{}
	for rest = rest[1:]; ; {
		rest = bytes.TrimLeft(rest, " \t\r\n,")
		if len(rest) == 0 || rest[0] == ']' || rest[0] == ')' {
			break
		}
		if s, tail, ok := pyString(rest); ok {
			list, rest = append(list, s), tail
			continue
		}
		if r, ok := bytes.CutPrefix(rest, []byte("sys.executable")); ok {
			list, rest = append(list, Arg{"python", true}), r
			continue
		}
		list = append(list, Arg{Text: "…"}) // an expression, and nobody knows how many words it or its tail are
		break
	}
	return pyArg{list: list}, len(list) > 0 && list[0].Static
}

// pyString reads one string literal. An f-string's fields, and what follows a "+", become "$X": not static.
func pyString(src []byte) (a Arg, rest []byte, ok bool) {
	n := 0
	for n < len(src) && n < 3 && bytes.IndexByte([]byte("rRbBuUfF"), src[n]) >= 0 {
		n++
	}
	prefix := strings.ToLower(string(src[:n]))
	src = src[n:]
	if len(src) == 0 || src[0] != '"' && src[0] != '\'' {
		return a, nil, false
	}
	quote := src[:1]
	if len(src) >= 3 && src[1] == src[0] && src[2] == src[0] {
		quote = src[:3]
	}
	src = src[len(quote):]
	var b strings.Builder
	for i := 0; i < len(src); i++ {
		switch {
		case bytes.HasPrefix(src[i:], quote):
			a = Arg{b.String(), true}
			if strings.Contains(prefix, "f") {
				a = formatted(a.Text)
			}
			return follow(a, src[i+len(quote):])
		case src[i] == '\\' && i+1 < len(src) && !strings.Contains(prefix, "r"):
			i++
			switch src[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case '\n':
			default:
				b.WriteByte(src[i])
			}
		case src[i] == '\n' && len(quote) == 1:
			return a, nil, false
		default:
			b.WriteByte(src[i])
		}
	}
	return a, nil, false
}

// follow looks at what stands behind a literal: concatenation and formatting make it dynamic.
func follow(a Arg, rest []byte) (Arg, []byte, bool) {
	next := bytes.TrimLeft(rest, " \t\r\n")
	switch {
	case len(next) == 0:
		return a, rest, true
	case bytes.HasPrefix(next, []byte(".split()")):
		return a, next[len(".split()"):], true
	case next[0] == '"' || next[0] == '\'' || len(next) > 1 && next[1] == '"' && bytes.IndexByte([]byte("rbuf"), next[0]) >= 0:
		more, tail, ok := pyString(next) // "a" "b"
		return Arg{a.Text + more.Text, a.Static && more.Static}, tail, ok
	case next[0] == ',' || next[0] == ')' || next[0] == ']':
		return a, next, true
	case next[0] == '%' || bytes.HasPrefix(next, []byte(".format(")):
		return Arg{Text: percentRE.ReplaceAllString(formatted(a.Text).Text, "$$X")}, nil, true
	case next[0] == '+':
		return Arg{Text: a.Text + "$X"}, nil, true
	}
	return a, nil, false
}

var (
	fieldRE   = lazyregexp.New(`\{[^{}]*\}`)
	percentRE = lazyregexp.New(`%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?[sdrif]`)
)

// formatted replaces the fields of a format string by a shell variable.
func formatted(s string) Arg {
	out := fieldRE.ReplaceAllString(s, "$$X")
	return Arg{Text: out, Static: out == s}
}
