package passes

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// fileOwner says which files become the user's, and how.
//
// BuildKit (0.34, by trying) makes missing directories of a COPY --chown for its
// owner but leaves those that are there as they are, and makes a WORKDIR for the
// current user, root. So a directory that WORKDIR made is given in the step that
// makes the user, and one that a RUN made in that RUN. A COPY --link has all the
// directories in its own layer, as its owner's, whose they are from then on.
type fileOwner struct {
	n         *nonRooter
	dirs      []string                        // the user's, with all below
	made      map[string]bool                 // directories known to be there at this point of the file
	owns      map[*transform.Instruction]bool // COPY and ADD that get --chown
	makes     map[*transform.Instruction]bool // instructions that make one of byWorkdir
	byWorkdir []string                        // directories that root makes and the user gets in the step that makes the user
	gifts     []gift
	lateDirs  []string // where steps make files that only a step of its own can give
}

// A gift is what a RUN makes and gives to the user.
type gift struct {
	in     *transform.Instruction
	script *shell.Script
	dirs   []string // made by mkdir
	trees  []string // where it makes files
}

// plainPath is a path that no shell reads otherwise.
var plainPath = lazyregexp.New(`^/[A-Za-z0-9_./-]+$`)

// rootsDirs hold what the distribution and Python install: they stay root's.
var rootsDirs = strings.Fields(`/bin /sbin /lib /lib32 /lib64 /etc /dev /proc /sys /boot /root /run /var/run /tmp /var/tmp
	/usr/bin /usr/sbin /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/include /usr/share /usr/games
	/usr/local/bin /usr/local/sbin /usr/local/lib /usr/local/include /usr/local/share /usr/local/etc /opt/venv /venv`)

// rootsDirsAlone are the same, but not what is below them.
var rootsDirsAlone = strings.Fields(`/ /usr /usr/local /var /var/log /var/lib /var/cache /var/spool /var/opt`)

// baseDirs are directories of the base image that may be the user's.
var baseDirs = strings.Fields(`/home /opt /srv /mnt /media /usr/src /usr/local/src`)

func isSystem(dir string) bool {
	return slices.Contains(rootsDirsAlone, dir) || slices.ContainsFunc(rootsDirs, func(s string) bool { return within(dir, s) })
}

// givesIn reports a RUN that is to give away what it makes.
func (o *fileOwner) givesIn(in *transform.Instruction) bool {
	return slices.ContainsFunc(o.gifts, func(g gift) bool { return g.in == in })
}

// owned reports whether p becomes the user's.
func (o *fileOwner) owned(p string) bool {
	return slices.ContainsFunc(o.dirs, func(d string) bool { return within(p, d) })
}

// own finds out what becomes the user's.
func (n *nonRooter) own() *hold {
	o := &fileOwner{n: n, made: map[string]bool{}, owns: map[*transform.Instruction]bool{}, makes: map[*transform.Instruction]bool{}}
	n.files = o
	if h := o.findDirs(); h != nil {
		return h
	}
	o.made = map[string]bool{}
	for _, in := range n.seq {
		var h *hold
		switch in.Keyword {
		case "workdir":
			o.workdir(in)
		case "copy", "add":
			h = o.copies(in)
		case "run":
			h = o.run(in)
		}
		if h != nil {
			return h
		}
	}
	slices.Sort(o.byWorkdir)
	o.byWorkdir = slices.Compact(o.byWorkdir)
	return nil
}

// maxDirs bounds the directories that become the user's: each step is looked at for each.
const maxDirs = 100

// findDirs collects the directories that become the user's.
func (o *fileOwner) findDirs() *hold {
	cwd := "/"
	for _, in := range o.n.seq {
		dir := ""
		switch in.Keyword {
		case "workdir":
			d, ok := o.dirAfter(in)
			if !ok {
				return holdf(in, "unknown-path", "the working directory depends on a build argument or on the base image")
			}
			cwd = d
			o.make(d)
			continue
		case "copy", "add":
			d, ok := o.dest(in)
			if !ok {
				return holdf(in, "unknown-path", "the destination depends on a build argument")
			}
			if c, _ := copyingOf(in); c.from == "" && !buildOnly(in) {
				dir = d
			}
		case "run":
			for _, d := range o.mkdirs(in, shell.Of(o.n.f, in)) {
				o.make(d)
				o.addDir(d)
			}
		}
		o.addDir(dir)
	}
	o.addDir(cwd)
	if len(o.dirs) > maxDirs {
		return holdf(nil, "unknown-path", "more than %d directories would be the user's", maxDirs)
	}
	for _, d := range o.dirs {
		if !plainPath.MatchString(d) {
			return holdf(nil, "unknown-path", "%s is not a plain path", d)
		}
	}
	return nil
}

func (o *fileOwner) addDir(dir string) {
	if dir == "" || len(o.dirs) > maxDirs || isSystem(dir) || o.owned(dir) || o.n.removed(dir) {
		return
	}
	o.dirs = slices.DeleteFunc(o.dirs, func(d string) bool { return within(d, dir) })
	o.dirs = append(o.dirs, dir)
}

// dirAfter is the working directory behind a WORKDIR.
func (o *fileOwner) dirAfter(in *transform.Instruction) (string, bool) {
	cmd, _ := in.Command()
	c, ok := cmd.(*instructions.WorkdirCommand)
	if !ok {
		return "", false
	}
	return absAt(o.n.image, in, c.Path)
}

// dest is the directory that a COPY or ADD puts files into.
func (o *fileOwner) dest(in *transform.Instruction) (string, bool) {
	c, _ := copyingOf(in)
	abs, ok := absAt(o.n.image, in, c.dest)
	if !ok {
		return "", false
	}
	base := path.Base(c.dest)
	isDir := strings.HasSuffix(c.dest, "/") || base == "." || base == ".." || len(c.sources)+c.inline > 1 ||
		abs == o.n.f.State(in).Workdir || o.made[abs]
	for _, src := range c.sources {
		isDir = isDir || o.isDir(in, src)
	}
	if !isDir {
		abs = path.Dir(abs)
	}
	return abs, true
}

// isDir reports whether a source is a directory, or may be several files.
func (o *fileOwner) isDir(in *transform.Instruction, src string) bool {
	if c, _ := copyingOf(in); c.from != "" {
		return isVenv(src) || !strings.Contains(path.Base(src), ".")
	}
	src, ok := o.n.f.State(in).Expand(src)
	if !ok {
		return false
	}
	matches, _ := o.n.ctx.Match(src)
	return len(matches) > 1 || len(matches) == 1 && matches[0].Dir
}

// buildOnly reports a COPY of nothing but files that only the build reads.
func buildOnly(in *transform.Instruction) bool {
	for _, src := range contextSources(in) {
		base := path.Base(src)
		switch {
		case strings.Contains(base, "requirements") || strings.Contains(base, "constraints"):
		case slices.Contains([]string{"Pipfile", "Pipfile.lock", "Pipfile*", "poetry.lock", "poetry.lock*", "pyproject.toml", "uv.lock", "pdm.lock"}, base):
		default:
			return false
		}
	}
	return len(contextSources(in)) > 0
}

func (o *fileOwner) workdir(in *transform.Instruction) {
	dir, _ := o.dirAfter(in)
	for p := dir; p != "/" && o.owned(p) && !o.made[p]; p = path.Dir(p) {
		o.makes[in] = true
		o.byWorkdir = append(o.byWorkdir, p)
	}
	o.make(dir)
}

// make notes that a directory is there, with those above it.
func (o *fileOwner) make(dir string) {
	for ; dir != "/" && !o.made[dir]; dir = path.Dir(dir) {
		o.made[dir] = true
	}
}

// copies decides whether a COPY or ADD gets --chown.
func (o *fileOwner) copies(in *transform.Instruction) *hold {
	dir, _ := o.dest(in)
	c, _ := copyingOf(in)
	if !o.owned(dir) || !c.link && (c.chown == "" && buildOnly(in) && o.made[dir] || isVenv(dir)) {
		return o.keeps(in, c)
	}
	if in.Keyword == "add" && unpacks(in) {
		return holdf(in, "archive", "BuildKit gives what it unpacks to the user of --chown, other builders leave it as the archive has it")
	}
	if c.chown == "" {
		o.owns[in] = true
	}
	if !o.made[dir] && (namesRoot(c.chown) || slices.Contains(baseDirs, dir)) {
		o.makes[in] = true
		o.byWorkdir = append(o.byWorkdir, dir)
	}
	o.make(dir)
	return nil
}

// keeps looks at a COPY or ADD whose files stay root's: the user must be able to
// read them. What ADD downloads has mode 600 (Dockerfile reference, ADD), and so
// may a file of the context.
func (o *fileOwner) keeps(in *transform.Instruction, c copying) *hold {
	switch {
	case c.chown != "" || c.chmod != "" && worldReadable(c.chmod):
	case c.chmod != "":
		return holdf(in, "owner-only-mode", "the mode %s keeps the file from everybody but root", c.chmod)
	case o.onlyOwnerReads(in):
		o.owns[in] = true
	}
	return nil
}

// onlyOwnerReads reports a source that comes from a URL, or whose mode in the
// context shuts others out; files that only the build reads do not matter.
func (o *fileOwner) onlyOwnerReads(in *transform.Instruction) bool {
	for _, src := range contextSources(in) {
		if strings.Contains(src, "://") {
			return true
		}
		src, _ = o.n.f.State(in).Expand(src)
		info, err := o.n.ctx.Stat(src)
		if err == nil && info.Mode().Perm() != 0 && !buildOnly(in) && !worldReadable(strconv.FormatUint(uint64(info.Mode().Perm()), 8)) {
			return true
		}
	}
	return false
}

func isVenv(dir string) bool {
	base := path.Base(dir)
	return base == "venv" || base == ".venv" || base == "virtualenv"
}

// unpacks reports an ADD of a local archive.
func unpacks(in *transform.Instruction) bool {
	return slices.ContainsFunc(contextSources(in), func(src string) bool { return unpacked(src) && !strings.Contains(src, "://") })
}

// worldReadable reports whether a mode lets others read what the owner reads,
// and run what the owner runs.
func worldReadable(mode string) bool {
	m := strings.TrimLeft(mode, "0")
	if mode == "" || strings.Trim(m, "01234567") != "" || len(m) < 3 {
		return mode == "" || strings.HasPrefix(mode, "+") || strings.HasPrefix(mode, "a+") || strings.HasPrefix(mode, "ugo+")
	}
	own, others := m[len(m)-3]-'0', m[len(m)-1]-'0'
	return others&4 != 0 && (own&1 == 0 || others&1 != 0)
}
