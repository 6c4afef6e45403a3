package buildctx

import (
	"bytes"
	"strings"

	"refit/internal/lazyregexp"
)

// The files that Python source writes, as far as its text tells, and what it asks of the system that only root is given.

// writeCalls create or change files, by the name that they are called on anything.
var writeCalls = set(`write_text write_bytes touch makedirs mkdir rename copyfile copytree move urlretrieve extractall
	FileHandler RotatingFileHandler TimedRotatingFileHandler WatchedFileHandler savefig to_csv to_excel to_pickle to_parquet
	imsave imwrite joblib.dump shelve.open dbm.open TinyDB Persistence PicklePersistence FileStorage`)

// rootCalls need root, or a capability that an ordinary user has not.
var rootCalls = set(`os.chown os.lchown os.fchown os.setuid os.setgid os.seteuid os.setegid os.setgroups os.initgroups os.chroot
	os.mknod shutil.chown`)

var (
	writeModeRE = lazyregexp.New(`^\([^()]*(?:\([^()]*\)[^()]*)*,\s*(?:mode\s*=\s*)?["'][rbt]*[wax+][rbt+]*["']`)
	unsureRE    = lazyregexp.New(`^\([^()]*(?:\([^()]*\)[^()]*)*,\s*(?:mode\s*=\s*)?[A-Za-z_]\w*\s*[,)]`)
	fileNameRE  = lazyregexp.New(`^\([^()]*\bfilename\s*=`)
	memoryRE    = lazyregexp.New(`^\(\s*["']:memory:`)
	placeRE     = lazyregexp.New(`^(/[A-Za-z0-9_.][^"'\n]*)["']`)
)

// placeTops are first elements of absolute paths under which programs keep what they write, or find devices. Routes
// of web applications look like paths too, so others do not count.
var placeTops = set(`var run srv mnt media dev home opt data log logs db database config conf output out storage volume volumes
	backup backups upload uploads cache shared work workspace results downloads`)

// writes records a call that may create a file, by the name before the parenthesis at open.
func (s *pyScanner) writes(name, base string, open, at int) {
	args := s.src[open:min(len(s.src), open+maxPortArgs)]
	switch {
	case rootCalls[name]:
		s.add(&s.out.Privileged, name, at)
	case base == "open":
		if writeModeRE.Regexp().Match(args) || unsureRE.Regexp().Match(args) {
			s.add(&s.out.Writes, name, at)
		}
	case base == "basicConfig":
		if fileNameRE.Regexp().Match(args) {
			s.add(&s.out.Writes, name, at)
		}
	case name == "sqlite3.connect":
		if !memoryRE.Regexp().Match(args) {
			s.add(&s.out.Writes, name, at)
		}
	case writeCalls[base], writeCalls[name]:
		s.add(&s.out.Writes, name, at)
	}
}

// places records absolute paths in string literals, and databases in files.
func (s *pyScanner) places() {
	if line, _, _ := bytes.Cut(s.src, []byte("\n")); bytes.HasPrefix(line, []byte("#!/usr/local/bin/")) {
		s.out.Prefix = append(s.out.Prefix, Use{string(bytes.TrimSpace(line[2:])), s.file, 1})
	}
	for _, quote := range []string{`"/`, `'/`} {
		for at := 0; ; at++ {
			i := bytes.Index(s.src[at:], []byte(quote))
			if i < 0 {
				break
			}
			at += i
			m := placeRE.Regexp().FindSubmatch(s.src[at+1 : min(len(s.src), at+1+maxPortArgs)])
			if m == nil {
				continue
			}
			place := string(m[1])
			if top, _, _ := strings.Cut(place[1:], "/"); placeTops[top] {
				s.add(&s.out.Places, place, at)
			}
			if strings.HasPrefix(place, "/usr/local/bin/") || strings.HasPrefix(place, "/usr/local/lib/python") {
				s.add(&s.out.Prefix, place, at)
			}
		}
	}
	if i := bytes.Index(s.src, []byte("sqlite:///")); i >= 0 {
		s.add(&s.out.Writes, "sqlite", i)
	}
	if i := bytes.Index(s.src, []byte("django.db.backends.sqlite3")); i >= 0 {
		s.add(&s.out.Writes, "sqlite", i)
	}
	if i := bytes.Index(s.src, []byte("SOCK_RAW")); i >= 0 {
		s.add(&s.out.Privileged, "SOCK_RAW", i)
	}
}
