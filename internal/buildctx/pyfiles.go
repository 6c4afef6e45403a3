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

// pathNameRE is what stands before a value that is a path whatever it looks like, by the name that gets it: MEDIA_ROOT
// and others of Django's, UPLOAD_FOLDER, data_dir, "LOCATION": "/…", getenv("LOG_FILE", "/…").
var pathNameRE = lazyregexp.New(`(?i)(?:^|[\s("'\[.])(?:(?:static|media)_root|(?-i:LOCATION)|(?:\w*[_.])?(?:dir|folder|directory|filename)|\w+dir|` +
	`\w*(?:file|db|log|data|model|upload|cache|output|session|database|storage|temp|tmp)_?path|\w*_file)["']?\]?\s*` +
	`(?::\s*\w+\s*)?[=:,]\s*(?:[\w.]+\(\s*)?[rRuU]?$`)

// maxNameText is how much of a line before a value is searched for the name.
const maxNameText = 120

// namedPath reports a string at an offset whose value is a path by the name before it.
func (s *pyScanner) namedPath(at int) bool {
	start := max(bytes.LastIndexByte(s.src[:at], '\n')+1, at-maxNameText)
	return pathNameRE.Regexp().Match(s.src[start:at])
}

// IsPlace reports an absolute path under which programs keep what they write, or find devices or private keys.
func IsPlace(p string) bool {
	top, _, _ := strings.Cut(p[1:], "/")
	return placeTops[top] || strings.HasPrefix(p, "/etc/letsencrypt/") || strings.HasPrefix(p, "/etc/ssl/private/")
}

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
			if IsPlace(place) || s.namedPath(at) {
				s.add(&s.out.Places, place, at)
			}
			if strings.HasPrefix(place, "/usr/local/bin/") || strings.HasPrefix(place, "/usr/local/lib/python") {
				s.add(&s.out.Prefix, place, at)
			}
		}
	}
	for _, m := range sqliteRE.FindAllSubmatchIndex(s.src, -1) {
		s.add(&s.out.Writes, string(s.src[m[2]:m[3]]), m[2])
	}
	for _, socket := range []string{"SOCK_RAW", "AF_PACKET", "PF_PACKET"} {
		if i := bytes.Index(s.src, []byte(socket)); i >= 0 {
			s.add(&s.out.Privileged, socket, i)
		}
	}
}
