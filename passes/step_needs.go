package passes

import (
	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/lock"
	"refit/internal/shell"
	"refit/transform"
)

// stepNeeds is what steps are seen to install.
type stepNeeds struct {
	f        *transform.File
	image    *inImage
	dists    []string // distributions that pip is asked for, normalised
	packages []string // of Debian
}

func (n *stepNeeds) run(in *transform.Instruction) {
	dir := ""
	if w := n.image.dirAt(in); w.known {
		dir = w.path
	}
	for _, c := range shell.Of(n.f, in).Commands() {
		dir = changeDir(n.f.State(in), c, dir)
		if p, ok := argv.Pip(c); ok && p.IsInstall() {
			n.pip(in, p, dir)
		}
		if call, ok := argv.Of(c); ok && len(call.Words) > 0 && (call.Words[0].Text == "sync" || call.Words[0].Text == "install") {
			n.lockFile(in, absolute(dir, lockOf[call.Name]), lockOf[call.Name] != "")
		}
		if call, ok := argv.Apt(c); ok && call.Subcommand.Text == "install" {
			for _, pkg := range call.Packages {
				n.packages = append(n.packages, pkg.Word.Text)
			}
		}
	}
}

// lockFile notes the distributions of a lock file.
func (n *stepNeeds) lockFile(in *transform.Instruction, abs string, ok bool) {
	name, found := seenFile(n.image, in, abs)
	ctx := contextOf(n.f)
	if !ok || !found || ctx == nil {
		return
	}
	if l, err := lock.Read(ctx.FS(), name); err == nil {
		for _, p := range l.Packages {
			n.dists = append(n.dists, p.Name)
		}
	}
}

// pip notes the distributions that one call names.
func (n *stepNeeds) pip(in *transform.Instruction, p *argv.PipCmd, dir string) {
	for _, w := range p.Operands {
		if r, err := buildctx.ParseRequirement(w.Text); err == nil && r.Name != "" && w.Literal() {
			n.dists = append(n.dists, r.Name)
		}
	}
	for _, o := range p.All("--requirement") {
		name, ok := seenFile(n.image, in, absolute(dir, o.Value))
		if reqs, err := contextOf(n.f).Requirements(name); ok && err == nil {
			for _, r := range reqs.Reqs {
				if r.Name != "" {
					n.dists = append(n.dists, r.Name)
				}
			}
		}
	}
}

// seenFile finds the file of the build context that a step sees at a path: one
// that is copied there, or mounted for the step.
func seenFile(image *inImage, in *transform.Instruction, abs string) (string, bool) {
	if file, ok := bindMounted(image, in, abs); ok {
		return file, true
	}
	name, from := fileAt(image, in.Stage, abs)
	return name, from == fromContext
}
