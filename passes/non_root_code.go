package passes

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
	"refit/transform"
)

// code looks at the Python sources of the context.
func (n *nonRooter) code() *hold {
	uses, err := n.ctx.PythonUses()
	if err != nil || !uses.Complete {
		return holdf(nil, "no-context", "not all of the context's Python sources could be read")
	}
	return n.programs(uses)
}

// programs looks at what Python programs do.
func (n *nonRooter) programs(uses *buildctx.Uses) *hold {
	for _, u := range uses.LowPorts {
		return holdf(nil, "low-port", "%s uses port %s, which only root may open in some container runtimes", sourceLine(u), u.What)
	}
	for _, u := range uses.Privileged {
		return holdf(nil, "needs-root", "%s calls %s, which needs root", sourceLine(u), u.What)
	}
	for _, u := range uses.Imports {
		if slices.Contains(rootModules, u.What) {
			return holdf(nil, "needs-root", "%s imports %s, which needs a device, a socket or a right that root has", sourceLine(u), u.What)
		}
	}
	for _, u := range uses.Home {
		if u.What != "expanduser" {
			return holdf(nil, "data-under-root", "%s uses %s, which is root's home as long as root runs it", sourceLine(u), u.What)
		}
	}
	if h := n.codePlaces(uses); h != nil {
		return h
	}
	for _, u := range uses.Commands {
		if buildctx.NeedsRoot(u.What) {
			return holdf(nil, "needs-root", "%s runs %s", sourceLine(u), u.What)
		}
		if systemInstallers[u.What] && !isTest(u.File) {
			return holdf(nil, "needs-root", "%s runs %s, which installs into what stays root's", sourceLine(u), u.What)
		}
	}
	return nil
}

func sourceLine(u buildctx.Use) string { return u.File + ":" + strconv.Itoa(u.Line) }

// codePlaces looks at the paths that the sources name, and those that they write to.
func (n *nonRooter) codePlaces(uses *buildctx.Uses) *hold {
	byCwd := func(u buildctx.Use) string { return absolute(n.image.endDir(n.s).path, u.What) }
	bySource := func(u buildctx.Use) string { return path.Join(n.sourceDir(u.File), u.What) }
	for _, u := range uses.Places {
		if p := byCwd(u); !n.reaches(p) && (p == u.What || buildctx.IsPlace(p) && !isTest(u.File)) {
			return holdf(nil, "writes-system-path", "%s names %s, which stays root's", sourceLine(u), p)
		}
	}
	for i, u := range slices.Concat(uses.Writes, uses.Climbs) {
		p := byCwd(u)
		if i >= len(uses.Writes) {
			p = bySource(u)
		}
		if !n.reachesToWrite(p) && !isTest(u.File) {
			return holdf(nil, "writes-system-path", "%s may write to %s, which stays root's", sourceLine(u), p)
		}
	}
	for _, u := range uses.Around {
		if p := bySource(u); !n.reaches(p) && (buildctx.IsPlace(p) || !onlyRead(p)) && !isTest(u.File) {
			return holdf(nil, "writes-system-path", "%s names %s, which stays root's", sourceLine(u), p)
		}
	}
	return n.installedCode(uses)
}

// installedCode looks at what the project's own code writes beside itself, where pip
// has put a copy of it among the packages, which stay root's.
func (n *nonRooter) installedCode(uses *buildctx.Uses) *hold {
	installs := func(in *transform.Instruction) bool {
		text := n.f.Text(in.Body)
		return in.Keyword == "run" && selfInstall.MatchString(text) && !linkInstall.MatchString(text)
	}
	if !slices.ContainsFunc(n.f.Stages, func(s *transform.Stage) bool { return slices.ContainsFunc(s.Instructions, installs) }) {
		return nil
	}
	for _, u := range uses.Beside {
		if !isTest(u.File) && n.runsInstalled(u.File) {
			return holdf(nil, "writes-system-path", "%s may write %s beside itself, among the installed packages, which stay root's", sourceLine(u), u.What)
		}
	}
	if m, err := n.ctx.Mentions(); err == nil {
		if p, ok := m.Names["instance_path"]; ok && !isTest(p.File) && n.runsInstalled(p.File) {
			return holdf(nil, "writes-system-path", "%s uses Flask's instance_path, which is beside the installed packages, and stays root's", p.File)
		}
	}
	return nil
}

var linkInstall = lazyregexp.New(`\s(-e|--editable)\b|\bdevelop\b`)

// runsInstalled reports a file of a package of which the installed copy may run. A
// server and an interpreter look in the working directory first.
func (n *nonRooter) runsInstalled(file string) bool {
	top, _, inPackage := strings.Cut(file, "/")
	if !inPackage {
		return false
	}
	entry, cmd := startedBy(n.s)
	if entry == nil {
		entry = cmd
	}
	args, isShell := commandOf(entry)
	if isShell && len(args) > 0 {
		args = strings.Fields(args[0])
	}
	found, here := contextFile(n.image, n.s, path.Join(n.image.endDir(n.s).path, file))
	looksHere := len(args) > 0 && (slices.Contains(servers, path.Base(args[0])) || isInterpreter(path.Base(args[0])))
	return top == "src" || !looksHere || !here || found != file
}

// readElements are elements of paths that hold source, which an image has or has
// not; nobody writes there.
var readElements = setOf("test tests doc docs template templates script scripts src frontend client node_modules bower_components")

// onlyRead reports a path that by its name is read where it is there.
func onlyRead(p string) bool {
	switch path.Ext(p) {
	case ".py", ".toml", ".cfg", ".ini", ".md", ".rst", ".html", ".yml", ".yaml", ".env":
		return true
	}
	return strings.HasPrefix(path.Base(p), ".") || slices.ContainsFunc(strings.Split(p, "/"), func(e string) bool { return readElements[e] })
}

// sourceDir is the directory of the container that has a file of the context: the
// longest way down to it that a COPY makes, or else the working directory's.
func (n *nonRooter) sourceDir(file string) string {
	dirs := append([]string{n.image.endDir(n.s).path}, n.files.dirs...)
	for _, dir := range dirs {
		for rest := file; rest != ""; _, rest, _ = strings.Cut(rest, "/") {
			if found, ok := contextFile(n.image, n.s, path.Join(dir, rest)); ok && found == file {
				return path.Dir(path.Join(dir, rest))
			}
		}
	}
	return path.Dir(path.Join(dirs[0], file))
}

// systemInstallers write where only root may.
var systemInstallers = setOf("apt apt-get aptitude dpkg apk pip pip2 pip3 easy_install conda")

// workdir checks that the program starts in a directory of its user's. Whether
// it writes to relative paths is not asked: the sources are only a part of what
// runs, and there are more ways to write a file than a list of calls can hold.
func (n *nonRooter) workdir() *hold {
	if dir := n.image.endDir(n.s).path; !n.writable(dir) {
		return holdf(nil, "workdir", "the application runs in %s, which stays root's, and may write there", dir)
	}
	return nil
}

// writable reports a directory in which the user may make files.
func (n *nonRooter) writable(dir string) bool {
	return n.files.owned(dir) || dir == "/tmp" || dir == "/var/tmp"
}

var (
	mountLine   = lazyregexp.New(`(?m)^\s*-\s*["']?[^\s:"'#]+:(/[^:"'\s]*)(:[a-zA-Z,]+)?["']?\s*(?:#.*)?$`)
	mountTarget = lazyregexp.New(`(?m)^\s*(?:-\s*)?(?:target|destination|dst):\s*["']?(/[^\s"'#]*)`)
	mountFrozen = lazyregexp.New(`(?m)^\s*(?:-\s*)?read_only:\s*true`, "read_only")
)

// composeRoot finds what a compose file gives to containers that run as root.
var composeRoot = lazyregexp.New(`(?m)docker\.sock|^\s*privileged:\s*true|^\s*(cap_add|devices):`)

// mounts looks for volumes in compose files: those over the application's
// directories, and those of its own services, to which it may write what root
// owns.
func (n *nonRooter) mounts() *hold {
	for _, name := range composeNames {
		b, err := n.ctx.ReadFile(name)
		if err != nil {
			continue
		}
		if m := composeRoot.Regexp().Find(b); m != nil {
			return holdf(nil, "needs-root", "%s says “%s”: a right that root has", name, strings.TrimSpace(string(m)))
		}
		own := ownMounts(string(b))
		for _, dir := range own {
			if !isSystem(dir) || within(dir, "/var/lib") || within(dir, "/var/log") {
				return holdf(nil, "mounted", "%s mounts something at %s, whose owner is not known", name, dir)
			}
		}
		for _, service := range ownServices(string(b)) {
			for _, m := range composeVariable.FindAllStringSubmatch(service, -1) {
				if p := path.Clean(m[2]); buildctx.IsPlace(p) && !n.reaches(p) && !routeLike(m[1]) && !slices.Contains(searchPaths, m[1]) {
					return holdf(nil, "writes-system-path", "%s sets %s to %s, which stays root's", name, m[1], p)
				}
			}
		}
		for _, m := range mountLine.Regexp().FindAllSubmatch(b, -1) {
			dir := path.Clean(string(m[1]))
			if strings.Contains(string(m[2]), "ro") || isSystem(dir) {
				continue
			}
			if n.covers(dir) {
				return holdf(nil, "mounted", "%s mounts something at %s, whose owner is not known", name, dir)
			}
		}
	}
	return n.deployed()
}

// covers reports a directory that is the user's, or has such below.
func (n *nonRooter) covers(dir string) bool {
	return n.files.owned(dir) || slices.ContainsFunc(n.files.dirs, func(d string) bool { return within(d, dir) })
}

// deployed looks for volumes in what says how the image is deployed: in manifests of
// Kubernetes, which may be another program's, those over the application's directories.
func (n *nonRooter) deployed() *hold {
	for _, p := range podFiles(n.ctx) {
		for _, dir := range p.mounts() {
			if n.covers(dir) {
				return holdf(nil, "mounted", "%s mounts something at %s, whose owner is not known", p.name, dir)
			}
		}
	}
	for _, p := range platforms {
		b, err := n.ctx.ReadFile(p.file)
		if err != nil {
			continue
		}
		if m := p.mount.FindStringSubmatch(string(b)); m != nil {
			return holdf(nil, "mounted", "%s mounts a volume at %s, whose owner is not known", p.file, m[1])
		}
	}
	return nil
}

// platforms are the files by which platforms run an image, and what mounts a volume there.
var platforms = []struct {
	file  string
	mount *lazyregexp.Regexp
}{
	{"fly.toml", lazyregexp.New(`(?m)^\s*destination\s*=\s*["'](/[^"'\s]+)`, "destination")},
	{"render.yaml", podMount},
}

// ownMounts are the directories that the built services of a compose file mount
// for writing.
func ownMounts(text string) []string {
	var dirs []string
	for _, service := range ownServices(text) {
		for _, m := range mountLine.FindAllStringSubmatch(service, -1) {
			if !strings.Contains(m[2], "ro") {
				dirs = append(dirs, path.Clean(m[1]))
			}
		}
		for _, m := range mountTarget.FindAllStringSubmatch(service, -1) {
			if !mountFrozen.MatchString(service) {
				dirs = append(dirs, path.Clean(m[1]))
			}
		}
	}
	return dirs
}
