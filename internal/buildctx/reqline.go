package buildctx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"refit/internal/lazyregexp"
)

// decodeText reads bytes as pip reads a requirement file: by its byte order mark, else UTF-8, else Latin-1.
func decodeText(b []byte) string {
	switch {
	case strings.HasPrefix(string(b[:min(3, len(b))]), "\xef\xbb\xbf"):
		b = b[3:]
	case len(b) >= 2 && b[0] == 0xff && b[1] == 0xfe:
		return decode16(b[2:], binary.LittleEndian)
	case len(b) >= 2 && b[0] == 0xfe && b[1] == 0xff:
		return decode16(b[2:], binary.BigEndian)
	}
	if utf8.Valid(b) {
		return string(b)
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

func decode16(b []byte, order binary.ByteOrder) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = order.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// reqLine is a logical line: continuations joined, comment and surrounding space gone.
type reqLine struct {
	line int // first physical line, from 1
	text string
}

// cutLine takes the first line off, as Python's str.splitlines does.
func cutLine(s string) (line, rest string, found bool) {
	for i, c := range s {
		switch c {
		case '\r':
			return s[:i], strings.TrimPrefix(s[i+1:], "\n"), true
		case '\n', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
			return s[:i], s[i+utf8.RuneLen(c):], true
		}
	}
	return s, "", false
}

// cutComment takes off a "#" at the start or behind space, and what follows.
func cutComment(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] == '#' && (i == 0 || s[i-1] == ' ' || s[i-1] == '\t') {
			return s[:i]
		}
	}
	return s
}

var envVarRE = lazyregexp.New(`\$\{([A-Z0-9_]+)\}`)

// reqLines splits text the way pip's preprocess does: continuations are joined first, comments are cut afterwards.
func reqLines(text string) []reqLine {
	var out []reqLine
	var parts []string
	first := 0
	flush := func() {
		joined := strings.Join(parts, "")
		if s := strings.TrimSpace(cutComment(joined)); s != "" {
			out = append(out, reqLine{first, s})
		}
		parts = nil
	}
	for n, more := 1, true; more; n++ {
		var l string
		l, text, more = cutLine(text)
		if len(parts) == 0 {
			first = n
		}
		comment := strings.HasPrefix(strings.TrimLeft(l, " \t"), "#")
		if strings.HasSuffix(l, `\`) && !comment {
			parts = append(parts, strings.Trim(l, `\`))
			continue
		}
		if comment {
			l = " " + l // so that it is cut off what it continues
		}
		parts = append(parts, l)
		flush()
	}
	flush()
	return out
}

// reqOptions are the options of requirement files and whether they take a value: pip's SUPPORTED_OPTIONS and
// SUPPORTED_OPTIONS_REQ, with those of older releases.
var reqOptions = map[string]bool{
	"--index-url": true, "--pypi-url": true, "--extra-index-url": true, "--no-index": false, "--constraint": true,
	"--requirement": true, "--editable": true, "--find-links": true, "--no-binary": true, "--only-binary": true,
	"--prefer-binary": false, "--require-hashes": false, "--pre": false, "--trusted-host": true, "--use-feature": true,
	"--global-option": true, "--install-option": true, "--hash": true, "--config-settings": true, "--config-setting": true,
	"--always-unzip": false, "--process-dependency-links": false, "--allow-external": true, "--allow-all-external": false,
	"--allow-unverified": true, "--no-use-wheel": false, "--use-wheel": false, "--all-releases": true, "--only-final": true,
}

var shortOptions = map[byte]string{
	'i': "--index-url", 'c': "--constraint", 'r': "--requirement", 'e': "--editable", 'f': "--find-links",
	'C': "--config-settings", 'Z': "--always-unzip",
}

// Option is one option of a requirement file, under its long name.
type Option struct {
	Name, Value string
	File        string
	Line        int
}

// parseReqLine splits a logical line into its requirement and its options.
func parseReqLine(text string) (req string, opts []Option, err error) {
	tokens := strings.Split(text, " ")
	n := 0
	for n < len(tokens) && !strings.HasPrefix(tokens[n], "-") {
		n++
	}
	req = strings.TrimSpace(strings.Join(tokens[:n], " "))
	words, err := shellSplit(strings.Join(tokens[n:], " "))
	if err != nil {
		return req, nil, err
	}
	for len(words) > 0 {
		name, value, hasValue, err := splitOption(words[0])
		if err != nil {
			return req, opts, err
		}
		words = words[1:]
		if takes := reqOptions[name]; takes && !hasValue {
			if len(words) == 0 {
				return req, opts, fmt.Errorf("option %s has no value", name)
			}
			value, words = words[0], words[1:]
		} else if !takes && hasValue {
			return req, opts, fmt.Errorf("option %s takes no value", name)
		}
		opts = append(opts, Option{Name: name, Value: value})
	}
	return req, opts, nil
}

// splitOption gives an option's long name and the value attached to it. Long names may be abbreviated, as in optparse.
func splitOption(w string) (name, value string, hasValue bool, err error) {
	if !strings.HasPrefix(w, "-") || w == "-" || w == "--" {
		return "", "", false, fmt.Errorf("%q is not an option", w)
	}
	if w[1] != '-' {
		name = shortOptions[w[1]]
		if name == "" {
			return "", "", false, fmt.Errorf("option %q is unknown", w[:2])
		}
		return name, w[2:], len(w) > 2, nil
	}
	name, value, hasValue = strings.Cut(w, "=")
	if _, ok := reqOptions[name]; ok {
		return name, value, hasValue, nil
	}
	var found []string
	for long := range reqOptions {
		if strings.HasPrefix(long, name) {
			found = append(found, long)
		}
	}
	if len(found) != 1 {
		return "", "", false, fmt.Errorf("option %q is unknown", name)
	}
	return found[0], value, hasValue, nil
}

// shellSplit is Python's shlex.split: words, quotes and backslashes, nothing expanded.
func shellSplit(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	in, quote := false, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == '\'' && c != '\'', quote == '"' && c != '"' && c != '\\':
			word.WriteByte(c)
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\':
			if i++; i >= len(s) {
				return nil, errors.New("nothing after backslash")
			}
			if quote == '"' && s[i] != '"' && s[i] != '\\' {
				word.WriteByte('\\')
			}
			word.WriteByte(s[i])
			in = true
		case c == '\'' || c == '"':
			quote, in = c, true
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			if in {
				words = append(words, word.String())
				word.Reset()
				in = false
			}
		default:
			word.WriteByte(c)
			in = true
		}
	}
	if quote != 0 {
		return nil, errors.New("quote is not closed")
	}
	if in {
		words = append(words, word.String())
	}
	return words, nil
}

// envVars lists the ${VAR} of a line, which pip expands from its environment.
func envVars(text string) []string {
	if !strings.Contains(text, "${") {
		return nil
	}
	var out []string
	for _, m := range envVarRE.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	sort.Strings(out)
	return out
}
