package passes

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/pyuse"
	"refit/internal/shell"
	"refit/transform"
)

// installReader collects what a Dockerfile installs by pip, and what else it says of the use of Python's distributions.
type installReader struct {
	image *inImage
	name  string // the Dockerfile's
	in    pyuse.Input
	at    *transform.Instruction // the first step that installs a requirement file
	err   error                  // why such a file is not known
	files []string               // requirement files that were read

	slimming map[*transform.Instruction]bool // steps that take things out of the environment; nil until asked for
}

// otherInstallers bring distributions, or code, of which the context may not tell.
var otherInstallers = setOf("poetry pipenv pdm uv conda mamba micromamba easy_install pipx pixi hatch rye")

func (w *installReader) instruction(in *transform.Instruction) {
	switch in.Keyword {
	case "from":
		w.from(in)
	case "run":
		w.run(in)
	case "copy", "add":
		w.copy(in)
	default:
		w.note(in, w.image.Text(in.Body))
	}
}

// codeless are images, beside Docker's official ones, that hold no application.
var codeless = setOf(`gcr.io/distroless/python3 gcr.io/distroless/python3-debian11 gcr.io/distroless/python3-debian12
	gcr.io/distroless/python3-debian13 gcr.io/distroless/base gcr.io/distroless/cc docker.io/nvidia/cuda ghcr.io/astral-sh/uv
	docker.io/continuumio/miniconda3 docker.io/condaforge/miniforge3 docker.io/mambaorg/micromamba docker.io/bitnami/python`)

func (w *installReader) from(in *transform.Instruction) {
	if in.Stage.Base.Stage != nil || strings.EqualFold(in.Stage.Base.Ref, "scratch") {
		return
	}
	if img, ok := baseImage(in.Stage); !ok {
		w.unseen(in, "which image this is, and what code it holds, is not known")
	} else if !img.Official && !codeless[img.Name] {
		w.unseen(in, "the image %s may hold code of its own", img.Name)
	}
}

func (w *installReader) copy(in *transform.Instruction) {
	c, ok := copyingOf(in)
	if !ok {
		w.unseen(in, "what is copied is not known")
		return
	}
	if c.inline > 0 {
		w.note(in, w.image.Text(in.Body)) // a heredoc
		w.unseen(in, "a file is written here, and may be code")
		return
	}
	if c.from != "" {
		if w.foreign(c.from) && !slices.ContainsFunc(c.sources, func(s string) bool { return knownProgram[path.Base(s)] }) {
			w.unseen(in, "what is copied from %s may be code", c.from)
		}
		return
	}
	for _, s := range c.sources {
		if remote(s) || unpacked(s) {
			w.unseen(in, "%s may hold code", path.Base(s))
		}
	}
}

// knownProgram are single files that are copied from images of their own.
var knownProgram = setOf("uv uvx tini dumb-init gosu su-exec grpc_health_probe wait-for-it.sh wait ffmpeg ffprobe")

// foreign reports an image that is no stage of the file.
func (w *installReader) foreign(from string) bool {
	for i, s := range w.image.Stages {
		if strings.EqualFold(s.Name, from) || fmt.Sprint(i) == from {
			return false
		}
	}
	return true
}

// run reads a step: what pip installs, and all else as words.
func (w *installReader) run(in *transform.Instruction) {
	sc := shell.Of(w.image.File, in)
	if sc.Form == shell.Opaque {
		w.note(in, w.image.Text(in.Body))
		w.unseen(in, "the step cannot be read")
		return
	}
	if w.slimming == nil {
		w.slimming = slimmingSteps(w.image.File)
	}
	if w.slimming[in] {
		return // it names what it takes out
	}
	dir := ""
	if d := w.image.dirAt(in); d.known {
		dir = d.path
	}
	for _, c := range sc.Commands() {
		dir = changeDir(w.image.State(in), c, dir)
		if p, ok := argv.Pip(c); ok {
			w.pip(in, p, dir)
			continue
		}
		words := c.Effective()
		for _, word := range words {
			w.note(in, word.Text)
		}
		if len(words) == 0 {
			continue
		}
		name := path.Base(words[0].Text)
		switch {
		case otherInstallers[name]:
			w.unseen(in, "what %s installs, and needs, is not read", name)
		case name == "git" && len(words) > 1 && slices.ContainsFunc(words[1:], func(x shell.Word) bool { return x.Text == "clone" || x.Text == "submodule" }):
			w.unseen(in, "git brings code")
		case isPythonName(name) && slices.ContainsFunc(words, func(x shell.Word) bool { return path.Base(x.Text) == "setup.py" }):
			w.unseen(in, "setup.py installs what is not read here")
		}
	}
	if len(in.Node.Heredocs) > 0 {
		w.note(in, w.image.Text(in.Body))
	}
}

// pip reads one call of pip.
func (w *installReader) pip(in *transform.Instruction, p *argv.PipCmd, dir string) {
	switch p.Subcommand.Text {
	case "install", "wheel", "download", "sync":
	default:
		return
	}
	if p.Fed || !p.Known {
		w.unseen(in, "what pip installs is not certain")
		return
	}
	for _, o := range p.Options {
		text, ok := optionValue(w.image.State(in), &o)
		switch o.Name {
		case "--requirement":
			w.requirements(in, text, ok, dir)
		case "--editable":
			w.operand(in, text, ok)
		}
	}
	for _, word := range p.Operands {
		text, ok := word.Text, word.Literal()
		if !ok {
			text, ok = shellValue(w.image.State(in), word)
		}
		if p.Subcommand.Text == "sync" {
			w.requirements(in, text, ok, dir)
			continue
		}
		w.operand(in, text, ok)
	}
}

// operand is a requirement of the command line: it is installed, and gets no verdict.
func (w *installReader) operand(in *transform.Instruction, text string, ok bool) {
	if !ok {
		w.unseen(in, "what pip installs is known only when the image is built")
		return
	}
	for _, one := range strings.Fields(text) {
		r, err := buildctx.ParseRequirement(one)
		if err != nil || r.Name == "" || r.Local() {
			w.unseen(in, "what %s needs is not read", one)
			continue
		}
		w.in.Installed = append(w.in.Installed, r.Name)
		for _, extra := range r.Extras {
			w.note(in, r.Name+" "+extra)
		}
	}
}

// requirements reads a requirement file, once.
func (w *installReader) requirements(in *transform.Instruction, text string, ok bool, dir string) {
	if w.at == nil {
		w.at = in
	}
	fail := func(err error) {
		if w.err == nil {
			w.err = err
		}
	}
	if w.in.Context == nil {
		fail(buildctx.ErrUnknown)
		return
	}
	abs := absolute(dir, text)
	file, mounted := bindMounted(w.image, in, abs)
	if !mounted {
		from := notContext
		if ok && (dir != "" || path.IsAbs(text)) {
			file, from = w.lookup(in, abs)
		}
		if from != fromContext {
			fail(fmt.Errorf("%s is not among the files of the build context that are copied", text))
			return
		}
	}
	if slices.Contains(w.files, file) {
		return
	}
	w.files = append(w.files, file)
	reqs, err := w.in.Context.Requirements(file)
	switch {
	case err != nil:
		fail(err)
	case reqs.Problem != "":
		fail(errors.New(reqs.Problem))
	default:
		for i := range reqs.Reqs {
			r := reqs.Reqs[i]
			if r.Name == "" || r.Local() {
				w.unseen(in, "what %s needs is not read", r.Raw)
			}
			w.in.Requirements = append(w.in.Requirements, r)
		}
	}
}

// lookup finds the file of the context at a path of the image when a step runs.
func (w *installReader) lookup(in *transform.Instruction, abs string) (string, origin) {
	for _, other := range slices.Backward(in.Stage.Instructions) {
		if other.Index >= in.Index {
			continue
		}
		if name, from := copiedTo(w.image, other, abs); from != notContext {
			return name, from
		}
	}
	return fileAt(w.image, in.Stage.Base.Stage, abs)
}
