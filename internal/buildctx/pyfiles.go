package buildctx

import (
	"bytes"
	"strings"

	"refit/internal/lazyregexp"
)

// The places that Python source names, as far as its text tells, and what it asks of the system that only root is given.

// rootCalls need root, or a capability that an ordinary user has not.
var rootCalls = set(`os.chown os.lchown os.fchown os.setuid os.setgid os.seteuid os.setegid os.setgroups os.initgroups os.chroot
	os.mknod shutil.chown`)

var placeRE = lazyregexp.New(`^(/[A-Za-z0-9_.][^"'\n]*)["']`)

// placeTops are first elements of absolute paths under which programs keep what they write, or find devices. Routes
// of web applications look like paths too, so others do not count.
var placeTops = set(`var run srv mnt media dev home opt data log logs db database config conf output out storage volume volumes
	backup backups upload uploads cache shared work workspace results downloads`)

// places records absolute paths in string literals, and raw sockets.
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
			if m == nil || s.routes[at] {
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
	if i := bytes.Index(s.src, []byte("SOCK_RAW")); i >= 0 {
		s.add(&s.out.Privileged, "SOCK_RAW", i)
	}
}
