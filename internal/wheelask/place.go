// Package wheelask asks pip, inside a build, which files a target would install:
// what lock files without file names cannot tell.
package wheelask

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// Place is where pip is asked: a Dockerfile up to the step that installs, so that
// its pip, its settings, certificates and build arguments are those of the project.
type Place struct {
	Text    string   // the Dockerfile, without the step that asks
	Flags   []string // of the step that installs, such as --mount=type=secret,…
	Options []string // pip's, which say where the index is
}

// indexOptions are the options of pip that say where packages come from.
var indexOptions = []string{"--index-url", "--extra-index-url", "--no-index", "--find-links", "--trusted-host", "--cert", "--client-cert", "--proxy"}

// Plain is a place with nothing but an image.
func Plain(image string) *Place { return &Place{Text: "FROM " + image + "\n"} }

// PlaceOf finds the first step of a Dockerfile that installs Python distributions.
// It is nil where there is none.
func PlaceOf(f *transform.File) *Place {
	for _, in := range f.Instructions {
		if in.Stage == nil || in.Keyword != "run" {
			continue
		}
		sc := shell.Of(f, in)
		p := &Place{Text: f.Src[:in.Span.Start], Flags: slices.Clone(in.Node.Flags)}
		found := slices.ContainsFunc(sc.Tools(), func(t string) bool {
			return slices.Contains([]string{"poetry", "uv", "pdm", "pipenv", "pip-sync"}, t)
		})
		for _, c := range sc.Commands() {
			call, ok := argv.Pip(c)
			if !ok || !call.IsInstall() {
				continue
			}
			found = true
			p.note(call)
		}
		if found {
			return p
		}
	}
	return nil
}

// note takes the options about the index off a call of pip.
func (p *Place) note(call *argv.PipCmd) {
	for _, o := range call.Options {
		if slices.Contains(indexOptions, o.Name) {
			p.Add(o.Name, o.Value)
		}
	}
}

// Add adds an option about the index; others are passed by.
func (p *Place) Add(name, value string) {
	switch {
	case !slices.Contains(indexOptions, name):
	case name == "--no-index":
		p.Options = append(p.Options, name)
	case value != "":
		p.Options = append(p.Options, name+"="+value)
	}
}

// step writes the step that asks: exec form, so that no SHELL is in the way.
func (p *Place) step(script, question string) string {
	var b strings.Builder
	b.WriteString(p.Text)
	if !strings.HasSuffix(p.Text, "\n") {
		b.WriteString("\n")
	}
	b.WriteString("RUN ")
	for _, flag := range p.Flags {
		b.WriteString(flag + " ")
	}
	b.WriteString(`["python3", "-c", "import base64,sys;exec(base64.b64decode(sys.argv.pop(1)).decode())", "` + script + `", "` + question + "\"]\n")
	return b.String()
}
