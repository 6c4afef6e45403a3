package lock

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"github.com/BurntSushi/toml"
)

// maxLock is the size up to which a lock file is read: uv.lock of a workspace with
// a thousand packages has about 4 MB.
const maxLock = 16 << 20

// readText reads a file that the lock is made of.
func readText(fsys fs.FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", fmt.Errorf("reading lock file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("reading lock file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("reading lock file: %s: not a regular file", name)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxLock+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("reading lock file: %w", err)
	case len(b) > maxLock:
		return "", fmt.Errorf("reading lock file: %s: more than %d MB", name, maxLock>>20)
	}
	return strings.TrimPrefix(string(b), "\ufeff"), nil
}

// maxNesting is how deeply a lock file nests; TOML's parser recurses.
const maxNesting = 16

// decode reads TOML, and says where what is wrong stands.
func (s *source) decode(v any) error {
	if line := tooDeep(s.text); line > 0 {
		return fmt.Errorf("%s:%d: nested too deeply for a lock file", s.name, line)
	}
	_, err := toml.Decode(s.text, v)
	if parse := (toml.ParseError{}); errors.As(err, &parse) {
		return fmt.Errorf("%s:%d: %s", s.name, max(1, parse.Position.Line), parse.Message)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// tooDeep is the first line where brackets outside of strings nest too deeply, 0 if
// there is none. What a string or a comment over several lines holds counts too.
func tooDeep(text string) int {
	depth, line := 0, 1
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n':
			line, quote = line+1, 0
		case quote != 0:
			if c == '\\' && quote == '"' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[' || c == '{':
			if depth++; depth > maxNesting {
				return line
			}
		case (c == ']' || c == '}') && depth > 0:
			depth--
		}
	}
	return 0
}

// lines finds the lines that are the header of a table, "[[package]]".
func (s *source) lines(header string) []int {
	var out []int
	n := 0
	for line := range strings.Lines(s.text) {
		n++
		if strings.TrimSpace(line) == header {
			out = append(out, n)
		}
	}
	return out
}

// number tells packages the lines of their headers, where there are as many of
// both.
func number(packages []*Package, lines []int) {
	if len(lines) != len(packages) {
		return
	}
	for i, p := range packages {
		p.Line = lines[i]
	}
}

// fileName is the last part of a URL or path.
func fileName(where string) string {
	where, _, _ = strings.Cut(where, "#")
	where, _, _ = strings.Cut(where, "?")
	if strings.Contains(where, "://") {
		if decoded, err := url.PathUnescape(where); err == nil {
			where = decoded
		}
	}
	if where == "" || strings.HasSuffix(where, "/") {
		return ""
	}
	return path.Base(strings.ReplaceAll(where, `\`, "/"))
}

// isSource reports a source archive, as pip takes them.
func isSource(name string) bool {
	for _, ext := range []string{".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar", ".tbz", ".txz"} {
		if strings.HasSuffix(strings.ToLower(name), ext) {
			return true
		}
	}
	return false
}

// isArchive reports a file rather than a directory.
func isArchive(name string) bool {
	name = fileName(name)
	return strings.HasSuffix(name, ".whl") || isSource(name)
}

// withoutCredentials takes user and password out of a URL.
func withoutCredentials(where string) string {
	scheme, rest, ok := strings.Cut(where, "://")
	if !ok {
		return where
	}
	host, tail, slash := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	if slash {
		tail = "/" + tail
	}
	return scheme + "://" + host + tail
}
