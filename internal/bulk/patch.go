package bulk

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// fileName names what is kept of a repository: its last words, to be found by,
// and a part of its name's hash, to be told from others.
func fileName(name string) string {
	base := strings.TrimSuffix(strings.TrimRight(filepath.ToSlash(name), "/"), ".git")
	if abs, err := filepath.Abs(name); err == nil && (base == "" || base == "." || strings.HasSuffix(base, "..")) {
		base = filepath.ToSlash(abs)
	}
	base = base[strings.LastIndexAny(base, "/:")+1:]
	base = strings.Trim(unsafe().ReplaceAllString(base, "-"), ".-")
	if len(base) > 80 {
		base = base[:80]
	}
	if base == "" {
		base = "repository"
	}
	h := hashOf(name)
	return fmt.Sprintf("%s-%x", base, h[:5])
}

var unsafe = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^A-Za-z0-9._-]+`) })

// patchFile is a patch that is being written, beside the name that it gets when
// it is whole.
type patchFile struct {
	path string
	part string
	file *os.File
	sum  hash.Hash
	w    *bufio.Writer
	some bool
}

// newPatch begins the patch of a repository. What a killed run left of it is
// written over; another run, with another journal, has another name for it.
func newPatch(dir, name, run string) (*patchFile, error) {
	p := &patchFile{path: filepath.Join(dir, fileName(name)+".patch"), sum: sha256.New()}
	h := hashOf(run)
	p.part = fmt.Sprintf("%s.%x.part", p.path, h[:4])
	var err error
	if p.file, err = createAnew(p.part, 0o666); err != nil {
		return nil, err
	}
	p.w = bufio.NewWriter(io.MultiWriter(p.file, p.sum))
	return p, nil
}

// add adds the change of a Dockerfile, with its reasons, which git apply passes
// over.
func (p *patchFile) add(f *File) error {
	if f.Diff == "" {
		return nil
	}
	p.some = true
	for _, r := range f.Reasons {
		at := " "
		if r.Pass != "" {
			at = fmt.Sprintf("%d: %s: ", r.Line, r.Pass)
		}
		_, _ = fmt.Fprintf(p.w, "# %s:%s%s\n", oneLine(f.Path), at, oneLine(r.Why))
	}
	_, err := p.w.WriteString(f.Diff)
	return err
}

// end gives the patch its name, or takes it away where nothing has changed, with
// one of an earlier state. It is not on the disk yet.
func (p *patchFile) end() (path, sum string, err error) {
	if err := errors.Join(p.w.Flush(), p.file.Close()); err != nil {
		_ = os.Remove(p.part)
		return "", "", err
	}
	if !p.some {
		err := os.Remove(p.path)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return "", "", errors.Join(err, os.Remove(p.part))
	}
	if err := os.Rename(p.part, p.path); err != nil {
		_ = os.Remove(p.part)
		return "", "", err
	}
	return p.path, hex.EncodeToString(p.sum.Sum(nil)), nil
}

// sumOf is the sum of a patch as it is now.
func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// drop gives the patch up.
func (p *patchFile) drop() {
	_ = p.file.Close()
	_ = os.Remove(p.part)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
