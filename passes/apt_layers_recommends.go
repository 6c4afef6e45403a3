package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/facts"
	"refit/internal/shell"
	"refit/transform"
)

// recommends is what --no-install-recommends means for one install.
type recommends struct {
	add     bool                // the flag can be added
	unknown []string            // the packages because of which it cannot
	extra   map[string][]string // by package: those to name with it
	called  map[string]bool     // of these, those that are only named because a step may call them
}

// why says why a package is named with another.
func (r recommends) why(pkg, name string) string {
	if r.called[name] {
		return name + " came with " + pkg + ", which recommends it, and a step calls it or may do so"
	}
	return pkg + " is of little use without " + name + ", which it only recommends"
}

// recommendsOf decides on an install that says nothing about Recommends.
func (l *aptLayers) recommendsOf(stage *transform.Stage, call *argv.AptCmd) recommends {
	r := recommends{add: true, extra: map[string][]string{}, called: map[string]bool{}}
	suite := distroOf(stage)
	for _, p := range call.Packages {
		if p.Remove {
			continue
		}
		safe, known := facts.RecommendsSafe(p.Name)
		if !p.Plain || !known || !safe {
			r.unknown = append(r.unknown, p.Word.Text)
			continue
		}
		names := facts.NeededRecommends(p.Name, suite)
		for _, lost := range facts.LostCommandPackages(p.Name) {
			if l.use(stage).needs(lost) {
				names = append(names, lost)
				r.called[lost] = true
			}
		}
		for _, name := range names {
			if !slices.Contains(r.extra[p.Name], name) {
				r.extra[p.Name] = append(r.extra[p.Name], name)
			}
		}
	}
	if len(r.unknown) > 0 || len(call.Packages) == 0 || call.Fed || !call.Known {
		r.add = false
		r.extra = nil
	}
	return r
}

// stageUse is what the steps of a stage, and of those built on it, call.
type stageUse struct {
	packages map[string]bool // packages with a command that is called
	opaque   bool            // a step runs a program or a build that may call anything
	scripts  bool            // it is a shell script
	compiles bool            // a step may compile
}

// needs reports whether a package that only comes as a Recommends of another is
// wanted: its command is called, or may be by a build.
func (u *stageUse) needs(pkg string) bool {
	switch {
	case u.packages[pkg]:
		return true
	case slices.Contains(compilerPackages, pkg):
		return u.opaque || u.compiles
	}
	return u.opaque && slices.Contains(buildToolPackages, pkg) || u.scripts && pkg == "gnupg"
}

var (
	compilerPackages  = strings.Fields("build-essential gcc g++ make gfortran pkg-config libtool")
	buildToolPackages = strings.Fields("patch xz-utils bzip2 unzip zip curl openssh-client")
)

// use is what the stage calls, with the stages built on it.
func (l *aptLayers) use(s *transform.Stage) *stageUse {
	if len(l.uses) == 0 {
		for _, t := range slices.Backward(l.f.Stages) {
			u := l.useOf(t)
			for _, in := range t.Instructions {
				u.read(l.f, in)
			}
			if t.Base.Stage != nil {
				l.useOf(t.Base.Stage).add(u)
			}
		}
	}
	return l.uses[s]
}

func (l *aptLayers) useOf(s *transform.Stage) *stageUse {
	if l.uses[s] == nil {
		l.uses[s] = &stageUse{packages: map[string]bool{}}
	}
	return l.uses[s]
}

func (u *stageUse) add(v *stageUse) {
	for pkg := range v.packages {
		u.packages[pkg] = true
	}
	u.opaque = u.opaque || v.opaque
	u.scripts = u.scripts || v.scripts
	u.compiles = u.compiles || v.compiles
}

func (u *stageUse) read(f *transform.File, in *transform.Instruction) {
	script := shell.Of(f, in)
	if script == nil {
		u.words(f.Text(in.Body))
		return
	}
	u.words(script.Text)
	tools := script.Toolset()
	file := strings.Contains(script.Text, ".sh") // what a container's shell is given; alone it asks a person
	for _, name := range tools.Names {
		if base := path.Base(name); in.Keyword == "run" || file || base != "bash" && base != "sh" {
			u.tool(name)
		}
	}
	if in.Keyword == "run" && (!tools.Known || script.Form == shell.Opaque) {
		u.opaque = true
	}
}

// words looks for what calls a program without naming it as a command.
func (u *stageUse) words(text string) {
	if strings.Contains(text, "ssh") {
		u.packages["openssh-client"] = true
	}
	if strings.Contains(text, ".xz") || strings.Contains(text, "xJ") || strings.Contains(text, "Jx") {
		u.packages["xz-utils"] = true
	}
	if strings.Contains(text, ".bz2") || strings.Contains(text, ".tbz") || strings.Contains(text, "xj") || strings.Contains(text, "jx") {
		u.packages["bzip2"] = true
	}
}

// tool notes a command. Which package has it, beside those of the Python
// images' table, is by the packages' file lists in Debian bookworm.
func (u *stageUse) tool(name string) {
	base := path.Base(name)
	u.packages[base] = true
	if pkg, ok := facts.SlimLacksCommand("bookworm", base); ok {
		u.packages[pkg] = true
	}
	switch base {
	case "apt-key", "add-apt-repository", "apt-add-repository", "gpg", "gpg2":
		for _, p := range []string{"gnupg", "gpg", "dirmngr"} { // gpgv comes with apt
			u.packages[p] = true
		}
	case "gpgv":
		u.packages["gpgv"] = true
	case "uuidgen":
		u.packages["uuid-runtime"] = true
	case "killall", "fuser", "pstree":
		u.packages["psmisc"] = true
	case "gcc", "g++", "cc", "c++":
		u.packages["build-essential"] = true
	case "pip", "pip3", "python", "python3", "pipenv", "poetry", "uv", "gem", "bundle", "cargo", "go", "npm", "yarn", "pnpm", "node-gyp", "R", "Rscript":
		u.compiles = true
	case "make":
		u.packages["build-essential"], u.opaque = true, true
	case "cmake", "configure", "ninja", "meson", "scons", "mvn", "gradle", "sbt", "ant", "composer", "docker-php-ext-install", "phpize", "pecl":
		u.opaque = true
	}
	switch {
	case base == "bash", base == "sh", strings.HasSuffix(base, ".sh"), strings.HasPrefix(name, "./"):
		u.opaque, u.scripts = true, true
	}
}

// baseHas reports whether the official image that a stage starts from holds the
// package: by the Dockerfiles of docker-library, Python's images install
// ca-certificates, netbase and tzdata, and the full ones of these languages
// start from buildpack-deps.
func baseHas(s *transform.Stage, pkg string) bool {
	img, ok := baseImage(s.Root())
	if !ok || !img.Official {
		return false
	}
	if img.Name == "python" && (pkg == "ca-certificates" || pkg == "netbase" || pkg == "tzdata") {
		return true
	}
	switch img.Name {
	case "python", "node", "ruby", "perl", "gcc", "buildpack-deps":
	default:
		return false
	}
	for _, part := range []string{"slim", "alpine", "curl", "scm", "windows"} {
		if strings.Contains(img.Tag, part) {
			return false
		}
	}
	return pkg == "ca-certificates" || facts.SlimLacksPackage("bookworm", pkg)
}
