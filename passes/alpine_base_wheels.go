package passes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/internal/lock"
	"refit/internal/shell"
	"refit/internal/wheel"
	"refit/transform"
)

// lockOf is the lock file that a tool installs from.
var lockOf = map[string]string{"uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock"}

// wheels asks of each distribution that a step installs whether there is a wheel
// of it for musl, for both machines that images are mostly built for: where there
// is one for glibc only, pip would compile, without compilers or for a quarter of
// an hour.
func (a *alpining) wheels() {
	img, _ := baseImage(a.final.Root())
	t, _ := facts.LookupTag("python", img.Tag)
	for _, arch := range []string{"x86_64", "aarch64"} {
		from, err := wheel.On(t.FullVersion(), a.suite, arch)
		if err == nil {
			a.targets[0] = append(a.targets[0], from)
			from, err = wheel.On(t.FullVersion(), a.distro, arch)
		}
		if err != nil {
			a.decline(a.final.From.Body, "wheels", "which wheels fit is not known: %v", err)
			return
		}
		a.targets[1] = append(a.targets[1], from)
	}
	for _, s := range a.stages {
		for _, in := range s.Instructions {
			if in.Keyword == "run" {
				a.installsOf(in)
			}
		}
	}
}

// installsOf looks at what one step installs.
func (a *alpining) installsOf(in *transform.Instruction) {
	dir := ""
	if w := a.image.dirAt(in); w.known {
		dir = w.path
	}
	a.installed(in, shell.Of(a.f, in).Commands(), dir)
}

// installed looks at commands that run in a directory, and at those that they give
// to a shell.
func (a *alpining) installed(in *transform.Instruction, commands []*shell.Command, dir string) {
	for _, c := range commands {
		dir = changeDir(a.f.State(in), c, dir)
		if p, ok := argv.Pip(c); ok {
			switch p.Subcommand.Text {
			case "install", "wheel", "download", "sync":
				a.pip(in, p, dir)
			}
			continue
		}
		call, ok := argv.Of(c)
		if !ok {
			continue
		}
		verb := ""
		if len(call.Words) > 0 {
			verb = call.Words[0].Text
		}
		switch name := lockOf[call.Name]; {
		case name != "" && (verb == "sync" || verb == "install"):
			a.lockFile(in, absolute(dir, name))
		case name != "" && verb != "run" && verb != "export" && verb != "venv" && verb != "config" && !strings.HasPrefix(verb, "-"),
			call.Name == "conda", call.Name == "mamba", call.Name == "micromamba", call.Name == "pip-sync", call.Name == "easy_install",
			isPythonName(call.Name) && strings.HasSuffix(verb, "setup.py"):
			a.decline(in.Body, "wheels", "what %s %s installs is in no lock file", call.Name, verb)
		case isShell(call.Name) && verb == "-c" && len(call.Words) > 1:
			if sc := scriptOf(call.Words[1].Text); sc != nil {
				a.installed(in, sc.Commands(), dir)
			}
		}
	}
}

// pip looks at one call of pip. What it is given by name may need anything in
// turn, but for pip's own tools and uv, which has wheels for musl (astral-sh/uv on
// GitHub, the release workflow).
func (a *alpining) pip(in *transform.Instruction, p *argv.PipCmd, dir string) {
	if !p.Known || p.Fed || p.Has("--no-binary", "--constraint") || a.f.State(in).HasEnv("PIP_NO_BINARY") {
		a.decline(in.Body, "wheels", "what %s installs, and whether from wheels, is not known as a whole", clipCommand(a.f.Text(in.Body)))
	}
	for _, o := range p.All("--editable") {
		a.decline(in.Body, "wheels", "what %s needs is in no lock file", o.Value)
	}
	for _, w := range p.Operands {
		r, err := buildctx.ParseRequirement(w.Text)
		switch {
		case err == nil && w.Literal() && (ownTools[r.Name] || r.Name == "uv"):
		case err == nil && w.Literal() && r.Name != "":
			a.decline(in.Body, "wheels", "%s is in no lock file, which would name its wheels and those of what it needs", r.Name)
		default:
			a.decline(in.Body, "wheels", "what %s stands for is in no lock file", w.Text)
		}
	}
	for _, o := range p.All("--requirement") {
		a.lockFile(in, absolute(dir, o.Value))
	}
}

// lockFile judges what a file of the context lists.
func (a *alpining) lockFile(in *transform.Instruction, abs string) {
	at := in.Body
	name, ok := seenFile(a.image, in, abs)
	ctx := contextOf(a.f)
	switch {
	case strings.HasPrefix(abs, "/dev/"):
		a.decline(at, "wheels", "what the step installs is in no lock file, which would name the wheels")
		return
	case !ok || ctx == nil:
		a.decline(at, "wheels", "no COPY brings %s, which would name the wheels", path.Base(abs))
		return
	}
	l, err := lock.Read(ctx.FS(), name)
	if err != nil {
		a.decline(at, "wheels", "%v", err)
		return
	}
	if text, err := ctx.ReadFile(name); len(l.Notes) > 0 && (err != nil || !compiledList(string(text))) {
		a.decline(at, "wheels", "%s: %s; a lock file would name every wheel", name, l.Notes[0])
	}
	for i, debian := range a.targets[0] {
		a.judge(at, l, debian, a.targets[1][i])
	}
}

// compiledList reports a requirement file that a tool has made of another one, and
// that lists all that is needed.
func compiledList(text string) bool {
	head, _, _ := strings.Cut(text, "\n\n")
	return strings.Contains(head, "# This file is autogenerated by pip-compile") || strings.Contains(head, "# This file was autogenerated by uv")
}

// judge holds what Alpine gets against what Debian gets.
func (a *alpining) judge(at transform.Span, l *lock.Lock, debian, alpine wheel.Target) {
	all := lock.Selection{All: true}
	was := map[string]lock.Verdict{}
	for _, j := range l.Judge(debian, all) {
		was[j.Package.Name+" "+j.Package.Version] = j.Verdict
	}
	var compiled []string
	for _, j := range l.Judge(alpine, all) {
		p := j.Package
		name := strings.TrimSpace(p.Name + " " + p.Version)
		switch {
		case p.Source.Project && p.Source.Kind == lock.Directory:
		case j.Verdict == lock.Pure:
		case j.Verdict == lock.Wheel:
			compiled = append(compiled, p.Name)
		case j.Verdict == lock.Compile && was[p.Name+" "+p.Version] == lock.Compile:
		case j.Verdict == lock.Unknown:
			a.decline(at, "wheels", "%s: %s on %s: %s", l.File, name, alpine, j.Reason)
		default:
			a.decline(at, "wheels", "%s: %s lacks a wheel for %s: %s", l.File, name, alpine, j.Reason)
		}
	}
	if alpine.Arch == "x86_64" && len(compiled) > 0 {
		slices.Sort(compiled)
		a.notes = append(a.notes, transform.Note{At: at, Why: fmt.Sprintf("%s names wheels for musl of what is compiled: %s", l.File, strings.Join(compiled, ", "))})
	}
}
