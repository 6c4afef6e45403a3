package passes

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
)

// code looks at the Python sources of the context.
func (n *nonRooter) code() *hold {
	uses, err := n.ctx.PythonUses()
	if err != nil || !uses.Complete {
		return holdf(nil, "no-context", "not all of the context's Python sources could be read")
	}
	at := func(u buildctx.Use) string { return u.File + ":" + strconv.Itoa(u.Line) }
	for _, u := range uses.LowPorts {
		return holdf(nil, "low-port", "%s uses port %s, which only root may open in some container runtimes", at(u), u.What)
	}
	for _, u := range uses.Privileged {
		return holdf(nil, "needs-root", "%s calls %s, which needs root", at(u), u.What)
	}
	for _, u := range uses.Imports {
		if slices.Contains(rootModules, u.What) {
			return holdf(nil, "needs-root", "%s imports %s, which needs a device, a socket or a right that root has", at(u), u.What)
		}
	}
	for _, u := range uses.Home {
		if u.What != "expanduser" {
			return holdf(nil, "data-under-root", "%s uses %s, which is root's home as long as root runs it", at(u), u.What)
		}
	}
	for _, u := range uses.Places {
		if !n.reaches(u.What) {
			return holdf(nil, "writes-system-path", "%s names %s, which stays root's", at(u), u.What)
		}
	}
	for _, u := range uses.Commands {
		if buildctx.NeedsRoot(u.What) {
			return holdf(nil, "needs-root", "%s runs %s", at(u), u.What)
		}
		if systemInstallers[u.What] && !isTest(u.File) {
			return holdf(nil, "needs-root", "%s runs %s, which installs into what stays root's", at(u), u.What)
		}
	}
	return nil
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
	for _, name := range []string{"docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml", "docker-compose.override.yml"} {
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
		for _, m := range mountLine.Regexp().FindAllSubmatch(b, -1) {
			dir := path.Clean(string(m[1]))
			if strings.Contains(string(m[2]), "ro") || isSystem(dir) {
				continue
			}
			over := n.files.owned(dir) || slices.ContainsFunc(n.files.dirs, func(d string) bool { return within(d, dir) })
			if over {
				return holdf(nil, "mounted", "%s mounts something at %s, whose owner is not known", name, dir)
			}
		}
	}
	return nil
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
