package passes

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/transform"
)

// unknownDir stands for the working directory of an image that is not known.
// Paths below it are only ever compared with each other.
const unknownDir = "/\x00"

// A contextCopy is a COPY or ADD of files of the build context.
type contextCopy struct {
	f       *transform.File
	in      *transform.Instruction
	ctx     *buildctx.Context
	cwd     string
	sources []copySource
	destRaw string
	isAbs   bool   // the destination is written as an absolute path
	dest    string // absolute
	toDir   bool   // files go below dest
	written bool   // whatever is there: by a slash, by several sources, or by a directory that is copied
	flags   []string
	chown   bool
}

type copySource struct {
	raw     string
	matches []buildctx.Match
}

// readContextCopy reads a COPY or ADD whose files all come from the context and go to
// known paths as they are. dirs are directories that are there already.
func readContextCopy(f *transform.File, in *transform.Instruction, ctx *buildctx.Context, cwd string, dirs []string) (*contextCopy, bool) {
	op, ok := copyingOf(in)
	if !ok || !op.plain() {
		return nil, false
	}
	st := f.State(in)
	dest, ok := defaultText(st, op.dest)
	if !ok || dest == "" {
		return nil, false
	}
	c := &contextCopy{f: f, in: in, ctx: ctx, cwd: cwd, destRaw: op.dest, isAbs: path.IsAbs(dest), dest: absolute(cwd, dest)}
	c.written = strings.HasSuffix(dest, "/") || path.Base(dest) == "." || len(op.sources) > 1
	for _, raw := range op.sources {
		source, ok := defaultText(st, raw)
		if !ok || in.Keyword == "add" && remote(source) {
			return nil, false
		}
		matches, err := ctx.Match(source)
		if err != nil || len(matches) == 0 {
			return nil, false
		}
		for _, m := range matches {
			c.written = c.written || m.Dir
			if in.Keyword == "add" && !m.Dir && unpacked(m.Path) {
				return nil, false
			}
		}
		c.sources = append(c.sources, copySource{raw, matches})
	}
	c.written = c.written || len(c.sources[0].matches) > 1
	c.toDir = c.written || isKnownDir(c.dest, cwd, dirs)
	for _, w := range f.Words(in)[1:] {
		if !strings.HasPrefix(w.Text, "--") {
			break
		}
		if name, _, _ := strings.Cut(w.Text, "="); name == "--chown" || name == "--chmod" || name == "--link" {
			c.flags = append(c.flags, w.Text)
			c.chown = c.chown || name != "--link"
		}
	}
	return c, true
}

// copiesFolder guesses, without a context, that a folder of it is copied.
func copiesFolder(in *transform.Instruction) bool {
	c, ok := copyingOf(in)
	if !ok || !c.plain() {
		return false
	}
	for _, s := range c.sources {
		base := path.Base(s)
		if base == "." || strings.HasSuffix(s, "/") || !strings.ContainsAny(base, ".*") && !remote(s) {
			return true
		}
	}
	return false
}

// isKnownDir reports whether a directory is at p when something is copied there.
func isKnownDir(p, cwd string, dirs []string) bool {
	switch p {
	case "/", "/bin", "/etc", "/home", "/opt", "/root", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/var":
		return true
	}
	return within(cwd, p) || slices.ContainsFunc(dirs, func(d string) bool { return within(d, p) })
}

// target is where a file that a source names goes.
func (c *contextCopy) target(m buildctx.Match) string {
	if c.toDir {
		return path.Join(c.dest, path.Base(m.Path))
	}
	return c.dest
}

// brings finds the file or directory of the context that the copy puts at p.
func (c *contextCopy) brings(p string) (name string, ok bool) {
	for _, s := range slices.Backward(c.sources) {
		for _, m := range slices.Backward(s.matches) {
			if !m.Dir {
				if c.target(m) == p {
					return m.Path, true
				}
				continue
			}
			if !within(p, c.dest) {
				continue
			}
			inside := path.Join(m.Path, strings.TrimPrefix(p, c.dest))
			if exists, known := c.ctx.Exists(inside); exists || !known {
				return inside, true
			}
		}
	}
	return "", false
}

// reaches reports whether the copy writes p or anything below it.
func (c *contextCopy) reaches(p string) bool {
	for _, s := range c.sources {
		for _, m := range s.matches {
			if m.Dir && within(c.dest, p) || !m.Dir && within(c.target(m), p) {
				return true
			}
		}
	}
	_, ok := c.brings(p)
	return ok
}

// mayBring reports whether p lies where a directory of the context goes: what it
// does not bring today it may tomorrow, such as a front end that is built beside
// the source. At the root of the image that is no sign of anything.
func (c *contextCopy) mayBring(p string) bool {
	folder := func(s copySource) bool {
		return slices.ContainsFunc(s.matches, func(m buildctx.Match) bool { return m.Dir })
	}
	return c.dest != "/" && within(p, c.dest) && slices.ContainsFunc(c.sources, folder)
}

// hasSource reports whether directories or Python files are copied; setup.py
// alone is a manifest.
func (c *contextCopy) hasSource() bool {
	for _, s := range c.sources {
		for _, m := range s.matches {
			if m.Dir || strings.HasSuffix(m.Path, ".py") && path.Base(m.Path) != "setup.py" {
				return true
			}
		}
	}
	return false
}

// targets are the paths of the image that a copy of files alone writes; ok is
// false when it copies a directory.
func (c *contextCopy) targets() (list []string, ok bool) {
	for _, s := range c.sources {
		for _, m := range s.matches {
			if m.Dir {
				return nil, false
			}
			list = append(list, c.target(m))
		}
	}
	return list, true
}

// matters reports whether the copy brings anything that a program which
// installs packages may find by itself: files of the system, programs on PATH,
// or its settings in a home directory.
func (c *contextCopy) matters(pathDirs []string) bool {
	for _, s := range c.sources {
		for _, m := range s.matches {
			if m.Dir && c.dirMatters(m.Path) || !m.Dir && fileMatters(c.target(m)) {
				return true
			}
		}
	}
	for _, d := range pathDirs {
		for _, name := range lookedUp {
			if _, ok := c.brings(path.Join(d, name)); ok {
				return true
			}
		}
	}
	return false
}

func (c *contextCopy) dirMatters(dir string) bool {
	if systemPath(c.dest) {
		return true
	}
	for _, special := range slices.Concat(systemDirs, homes) {
		if special != c.dest && within(special, c.dest) && c.has(dir, special) {
			return true
		}
	}
	return isHome(c.dest) && slices.ContainsFunc(homeFiles, func(name string) bool {
		return c.has(dir, path.Join(c.dest, name))
	})
}

// has reports whether a directory of the context, copied to dest, brings p.
func (c *contextCopy) has(dir, p string) bool {
	exists, known := c.ctx.Exists(path.Join(dir, strings.TrimPrefix(p, c.dest)))
	return exists || !known
}

// fileMatters is matters for one file. A script of one's own in a directory for
// programs is found by nobody who does not ask for it.
func fileMatters(p string) bool {
	return systemPath(p) && !(path.Ext(p) == ".sh" && strings.HasSuffix(path.Dir(p), "/bin"))
}

// lookedUp are programs that pip, and setup scripts of well-known packages, look
// up on PATH.
var lookedUp = strings.Fields(`ar as bash c++ cargo cc clang cmake curl-config cython env f95 freetype-config g++ gcc
	gdal-config geos-config gfortran git h5cc hg icu-config krb5-config ld llvm-config make mysql_config ninja node npm
	odbc_config pcre-config pg_config pip pip3 pkg-config pkgconf python python2 python3 rustc sdl-config sh svn swig
	xml2-config xslt-config`)

// systemDirs are the directories of the Filesystem Hierarchy Standard 3.0 that
// packages, Python and compilers write and read.
var systemDirs = []string{
	"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/boot", "/dev", "/proc", "/sys", "/run",
	"/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/include", "/usr/share",
	"/usr/local/bin", "/usr/local/sbin", "/usr/local/lib", "/usr/local/lib64", "/usr/local/libexec",
	"/usr/local/include", "/usr/local/share", "/usr/local/etc", "/var/lib", "/var/cache", "/var/spool", "/var/run",
	"/var/www/html", "/opt/conda", "/opt/venv",
}

var homes = []string{"/root", "/home"}

// mixedDirs hold directories of the system and others.
var mixedDirs = []string{"/", "/usr", "/usr/local", "/var"}

// homeFiles are what pip, conda, git and compilers read in a home directory, by their
// manuals.
var homeFiles = []string{
	".pip", ".config", ".netrc", ".pydistutils.cfg", ".ssh", ".gitconfig", ".git-credentials", ".local", ".cargo",
	".rustup", ".cache", ".numpy-site.cfg", ".condarc", ".conda", ".mambarc", ".mamba",
}

func isHome(dir string) bool { return dir == "/root" || path.Dir(dir) == "/home" }

// systemPath reports a path that others than the application use.
func systemPath(p string) bool {
	for _, d := range systemDirs {
		if within(p, d) {
			return true
		}
	}
	for _, name := range homeFiles {
		if i := strings.Index(p, "/"+name); i > 0 && isHome(p[:i]) && within(p, p[:i]+"/"+name) {
			return true
		}
	}
	return false
}

// behindLink reports whether a symbolic link of the context stands on the way
// from a copied directory to the file: a directory made in the link's place
// would be in the way of the copy.
func (c *contextCopy) behindLink(name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		info, err := fs.Lstat(c.ctx.FS(), dir)
		if err != nil || !info.IsDir() {
			return true
		}
	}
	return false
}
