package bulk

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Repo is an entry of the list.
type Repo struct {
	Name string // in messages, the journal and reports: a directory, or a URL without its password
	URL  string // "" for a directory
}

// ReadList reads names of repositories: those of args, in which "-" is standard
// input, and those of files. A list has one name to a line; blank lines and those
// that begin with "#" are passed over. Each repository comes once, and a
// directory that only holds repositories stands for them.
func ReadList(args, files []string, stdin io.Reader) ([]Repo, error) {
	l := &list{seen: map[[16]byte]bool{}}
	for _, arg := range args {
		if arg == "-" {
			if err := l.read("standard input", stdin); err != nil {
				return nil, err
			}
			continue
		}
		l.add(arg)
	}
	for _, name := range files {
		if err := l.readFile(name, stdin); err != nil {
			return nil, err
		}
	}
	return l.repos, nil
}

type list struct {
	repos []Repo
	seen  map[[16]byte]bool
}

func (l *list) readFile(name string, stdin io.Reader) error {
	if name == "-" {
		return l.read("standard input", stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read the list: %w", err)
	}
	defer f.Close()
	return l.read(name, f)
}

// maxName is how long a line of a list may be.
const maxName = 64 << 10

func (l *list) read(name string, r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxName)
	for lines.Scan() {
		text := strings.TrimSpace(lines.Text())
		if text != "" && !strings.HasPrefix(text, "#") {
			l.add(text)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the list %s: %w", name, err)
	}
	return nil
}

func (l *list) add(text string) {
	if IsURL(text) {
		l.take(Repo{Name: withoutPassword(text), URL: text})
		return
	}
	dir := filepath.Clean(text)
	inside := repositoriesIn(dir)
	for _, name := range inside {
		l.take(Repo{Name: name})
	}
	if inside == nil {
		l.take(Repo{Name: dir})
	}
}

func (l *list) take(r Repo) {
	if key := hashOf(r.Name); !l.seen[key] {
		l.seen[key] = true
		l.repos = append(l.repos, r)
	}
}

// repositoriesIn are the repositories directly in a directory that is none.
func repositoriesIn(dir string) []string {
	if isRepository(dir) {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // opening it will say why
	}
	var found []string
	for _, e := range entries {
		if at := filepath.Join(dir, e.Name()); e.IsDir() && e.Name() != ".git" && isRepository(at) {
			found = append(found, at)
		}
	}
	return found
}

// isRepository reports the root of a git repository, with a work tree or bare.
func isRepository(dir string) bool { return hasWorkTree(dir) || isBare(dir) }

func hasWorkTree(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

func isBare(dir string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// scpLike is git's short form of an ssh URL: user@host:path. It needs the user,
// because host:path may be a directory's name.
var scpLike = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\w.-]+@[\w.-]+:[^/\\].*$`) })

// IsURL reports a URL that git clones from.
func IsURL(text string) bool {
	scheme, _, ok := strings.Cut(text, "://")
	switch {
	case !ok:
		return scpLike().MatchString(text)
	case scheme == "https", scheme == "http", scheme == "ssh", scheme == "git", scheme == "file":
		return true
	}
	return false
}

// withoutPassword is a URL as it may be shown and kept.
func withoutPassword(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return text
	}
	if _, has := u.User.Password(); has || u.Scheme != "ssh" { // a token may be the user's name
		u.User = nil
	}
	return u.String()
}

// Shard is a part of a list: the first of four is 1/4. The zero Shard is all.
type Shard struct{ Index, Count int }

// ParseShard reads I/N.
func ParseShard(text string) (Shard, error) {
	i, n, ok := strings.Cut(text, "/")
	index, err1 := strconv.Atoi(i)
	count, err2 := strconv.Atoi(n)
	if !ok || err1 != nil || err2 != nil || index < 1 || index > count || strings.Contains(text, "+") {
		return Shard{}, fmt.Errorf("%q: want I/N, from 1/N to N/N", text)
	}
	return Shard{index, count}, nil
}

// Has reports whether a repository belongs to the shard. Its name alone decides,
// so that a longer list moves no other repository.
func (s Shard) Has(name string) bool {
	if s.Count == 0 {
		return true
	}
	h := hashOf(strings.TrimSuffix(strings.TrimSuffix(filepath.ToSlash(name), "/"), ".git"))
	return binary.BigEndian.Uint64(h[:8])%uint64(s.Count) == uint64(s.Index-1)
}

// Of are the shard's repositories.
func (s Shard) Of(all []Repo) []Repo {
	if s.Count == 0 {
		return all
	}
	var mine []Repo
	for _, r := range all {
		if s.Has(r.Name) {
			mine = append(mine, r)
		}
	}
	return mine
}

// hashOf stands for a text where many are kept.
func hashOf(text string) (h [16]byte) {
	sum := sha256.Sum256([]byte(text))
	copy(h[:], sum[:])
	return h
}
