package buildctx

import (
	"fmt"
	"path"
	"strings"

	"refit/internal/lazyregexp"
)

// Requirement is one thing that pip is asked to install.
type Requirement struct {
	Name     string   // normalised as in PEP 503; "" when only the source itself says it
	Raw      string   // as written, without options and comment
	Spec     string   // version specifiers without spaces: ">=1,<2"
	Extras   []string // normalised
	Marker   string   // what follows ";"
	Editable bool
	VCS      string // git, hg, svn, bzr: then URL is set
	URL      string // direct reference, without the VCS prefix
	Path     string // local file or directory, as written; pip resolves it from its working directory
	Hashes   []string
	File     string // requirement file, "" for an argument
	Line     int    // its line, from 1
}

// Local says whether the requirement is installed from files that must be there before.
func (r *Requirement) Local() bool { return r.Path != "" }

const (
	reName   = `[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`
	reExtras = `(?:\[([^\[\]]*)\])?`
)

var (
	nameRE    = lazyregexp.New(`^(` + reName + `)\s*` + reExtras + `\s*(.*)$`)
	directRE  = lazyregexp.New(`^(` + reName + `)\s*` + reExtras + `\s*@\s*(\S.*)$`)
	pathRE    = lazyregexp.New(`^(.*?)` + reExtras + `$`)
	clauseRE  = lazyregexp.New(`^(===|~=|==|!=|<=|>=|<|>)\s*([^\s,;()<>=!~]+)$`)
	vcsRE     = lazyregexp.New(`^(git|hg|svn|bzr)\+(\S+)$`)
	schemeRE  = lazyregexp.New(`^[A-Za-z][A-Za-z0-9+.-]*://`)
	archiveRE = lazyregexp.New(`(?i)\.(whl|zip|tar|tar\.gz|tgz|tar\.bz2|tbz|tar\.xz|txz|tlz|tar\.lz|tar\.lzma)$`)
	dashesRE  = lazyregexp.New(`[-_.]+`)
)

// NormalizeName gives the PEP 503 form of a distribution's name: lower case, runs of "-", "_" and "." one "-".
func NormalizeName(name string) string {
	return strings.ToLower(dashesRE.ReplaceAllString(name, "-"))
}

// ParseRequirement reads one requirement as pip does on its command line: a PEP 508 name with extras, versions and
// marker, a direct reference, a VCS or other URL, or a local path. It has no options.
func ParseRequirement(s string) (*Requirement, error) {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasPrefix(s, "-") || strings.ContainsAny(s, "\n\r\x00") {
		return nil, fmt.Errorf("requirement %q: not a requirement", s)
	}
	r := &Requirement{Raw: s}
	sep := ";"
	if isURL(s) {
		sep = "; " // a ";" may be part of the URL, as pip sees it
	}
	body, marker, _ := strings.Cut(s, sep)
	body, r.Marker = strings.TrimSpace(body), strings.TrimSpace(marker)
	return r, r.parseBody(body)
}

func isURL(s string) bool {
	return schemeRE.MatchString(s) || vcsRE.MatchString(s) || strings.HasPrefix(strings.ToLower(s), "file:")
}

func (r *Requirement) parseBody(body string) error {
	if isURL(body) {
		if strings.ContainsAny(body, " \t") {
			return fmt.Errorf("requirement %q: space in the URL", r.Raw)
		}
		r.setURL(body)
		return nil
	}
	if m := directRE.FindStringSubmatch(body); m != nil && (isURL(m[3]) || strings.Contains(m[3], "$")) {
		r.Name, r.Extras = NormalizeName(m[1]), splitExtras(m[2])
		r.setURL(m[3])
		return nil
	}
	if p := pathRE.FindStringSubmatch(body); looksLocal(p[1]) {
		r.Path, r.Extras = p[1], splitExtras(p[2])
		r.Name = archiveName(r.Path)
		return nil
	}
	m := nameRE.FindStringSubmatch(body)
	if m == nil {
		return fmt.Errorf("requirement %q: no distribution name", r.Raw)
	}
	spec, err := parseSpec(m[3])
	if err != nil {
		return fmt.Errorf("requirement %q: %w", r.Raw, err)
	}
	r.Name, r.Extras, r.Spec = NormalizeName(m[1]), splitExtras(m[2]), spec
	return nil
}

// looksLocal is pip's test for a path, without its look at the disk: a separator, a leading dot, or an archive.
func looksLocal(s string) bool {
	if strings.ContainsAny(s, "<>=!~ \t") && !strings.HasPrefix(s, ".") && !strings.HasPrefix(s, "/") {
		return false
	}
	return strings.Contains(s, "/") || strings.HasPrefix(s, ".") || archiveRE.MatchString(s)
}

func (r *Requirement) setURL(s string) {
	u, frag, _ := strings.Cut(s, "#")
	for _, kv := range strings.Split(frag, "&") {
		if egg, ok := strings.CutPrefix(kv, "egg="); ok && r.Name == "" {
			if m := nameRE.FindStringSubmatch(egg); m != nil {
				r.Name, r.Extras = NormalizeName(m[1]), splitExtras(m[2])
			}
		}
	}
	if m := vcsRE.FindStringSubmatch(u); m != nil {
		r.VCS, r.URL = m[1], m[2]
		if strings.HasPrefix(strings.ToLower(r.URL), "file:") {
			r.Path = filePath(r.URL)
		}
		return
	}
	if strings.HasPrefix(strings.ToLower(u), "file:") {
		r.Path = filePath(u)
	} else if r.URL = u; strings.HasPrefix(u, "git://") {
		r.VCS = "git"
	}
	if r.Name == "" {
		r.Name = archiveName(u)
	}
}

func filePath(u string) string {
	p := u[len("file:"):]
	if rest, ok := strings.CutPrefix(p, "//"); ok {
		p = strings.TrimPrefix(rest, "localhost")
	}
	if p == "" {
		return "."
	}
	return p
}

// archiveName takes the distribution's name off a wheel's or source archive's file name.
func archiveName(p string) string {
	base := path.Base(p)
	if !archiveRE.MatchString(base) {
		return ""
	}
	if strings.HasSuffix(strings.ToLower(base), ".whl") {
		base, _, _ = strings.Cut(base, "-")
	} else if i := sdistVersion(base); i > 0 {
		base = base[:i]
	} else {
		return ""
	}
	if m := nameRE.FindStringSubmatch(base); m == nil || m[3] != "" {
		return ""
	}
	return NormalizeName(base)
}

// sdistVersion finds the dash before the version in name-1.0.tar.gz.
func sdistVersion(base string) int {
	for i := 1; i < len(base)-1; i++ {
		if base[i] == '-' && base[i+1] >= '0' && base[i+1] <= '9' {
			return i
		}
	}
	return -1
}

func splitExtras(s string) []string {
	var out []string
	for _, e := range strings.Split(s, ",") {
		if e = strings.TrimSpace(e); e != "" {
			out = append(out, NormalizeName(e))
		}
	}
	return out
}

func parseSpec(s string) (string, error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		s = s[1 : len(s)-1]
	}
	var clauses []string
	for _, c := range strings.Split(s, ",") {
		if c = strings.TrimSpace(c); c == "" {
			continue
		}
		m := clauseRE.FindStringSubmatch(c)
		if m == nil {
			return "", fmt.Errorf("version specifier %q not understood", c)
		}
		clauses = append(clauses, m[1]+m[2])
	}
	return strings.Join(clauses, ","), nil
}
