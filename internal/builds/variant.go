package builds

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"refit/transform"
)

// variant is a Dockerfile as one build, and the service that runs it, has it:
// with their arguments, target and command in place of what the file says. All
// other lines stand where they stand in the file.
type variant struct {
	src   string
	last  int          // the last line of the original that belongs to the target
	other map[int]bool // lines of the original that are not the build's
	index bool         // the target is named by its number
}

// variantOf writes the variant of a build.
func variantOf(f *transform.File, b *Build) (*variant, error) {
	v := &variant{other: map[int]bool{}}
	stage, err := v.target(f, b.Target)
	if err != nil {
		return nil, err
	}
	end := len(f.Src)
	if next := stage.Index + 1; next < len(f.Stages) {
		end = f.Stages[next].From.Span.Start
	}
	v.last = f.Line(end)
	if end < len(f.Src) {
		v.last--
	}
	var edits []transform.Edit
	needed := closure(stage)
	for _, in := range f.Instructions {
		if in.Span.Start >= end {
			break
		}
		if in.Stage != nil && !needed[in.Stage] {
			v.own(in) // of a stage that the build does not come by
		}
		if values := argEdits(f, in, b); len(values) > 0 {
			edits = append(edits, values...)
			v.own(in)
		}
	}
	tail := ""
	if b.Run != nil {
		for _, set := range b.Run.settings() {
			if in := lastOf(stage, set.keyword); in != nil && set.replaces {
				edits = append(edits, transform.Edit{Span: in.Body, New: set.text + strings.Repeat("\n", in.EndLine-in.StartLine)})
				v.own(in)
			} else if set.text != "" {
				tail += set.text + "\n"
			}
		}
	}
	v.src = withContexts(f.Name, withEdits(f.Src[:end], edits), b)
	if tail != "" && !strings.HasSuffix(v.src, "\n") {
		v.src += "\n"
	}
	v.src += tail
	return v, nil
}

// target finds the stage that is built.
func (v *variant) target(f *transform.File, name string) (*transform.Stage, error) {
	if name == "" {
		return f.Final(), nil
	}
	for _, s := range slices.Backward(f.Stages) {
		if strings.EqualFold(s.Name, name) {
			return s, nil
		}
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < len(f.Stages) {
		v.index = true
		return f.Stages[n], nil
	}
	return nil, fmt.Errorf("the Dockerfile has no stage %s", name)
}

// closure are the stages that a stage is made of.
func closure(s *transform.Stage) map[*transform.Stage]bool {
	all, open := map[*transform.Stage]bool{s: true}, []*transform.Stage{s}
	for len(open) > 0 {
		last := open[len(open)-1]
		open = open[:len(open)-1]
		for _, e := range last.Deps {
			if e.To != nil && !all[e.To] {
				all[e.To] = true
				open = append(open, e.To)
			}
		}
	}
	return all
}

func (v *variant) own(in *transform.Instruction) {
	for line := in.StartLine; line <= in.EndLine; line++ {
		v.other[line] = true
	}
}

// argEdits gives an ARG the values that the build passes.
func argEdits(f *transform.File, in *transform.Instruction, b *Build) []transform.Edit {
	if in.Keyword != "arg" {
		return nil
	}
	var edits []transform.Edit
	for _, w := range f.Words(in)[1:] {
		name, _, _ := strings.Cut(w.Text, "=")
		value, given := b.Args[name]
		text := name
		if given && plainValue(value) {
			text += "=" + value
		}
		if given && text != w.Text || slices.Contains(b.Unknown, name) {
			edits = append(edits, transform.Edit{Span: w.Span, New: text})
		}
	}
	return edits
}

// plainValue reports a value that stands in a Dockerfile as it is; another is
// taken for unknown.
func plainValue(value string) bool {
	for _, r := range value {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._:/@+-", r)) {
			return false
		}
	}
	return value != ""
}

// withContexts puts what named contexts stand for in the place of their names: an
// image, or one that is not known. The lines are not the build's own: who changes
// a name loses what stands for it.
func withContexts(name, src string, b *Build) string {
	if len(b.Contexts) == 0 {
		return src
	}
	f, err := transform.Parse(name, src, nil)
	if err != nil {
		return src
	}
	var edits []transform.Edit
	replace := func(name string, at transform.Span) {
		context, ok := b.context(name)
		if !ok {
			return
		}
		image, isImage := strings.CutPrefix(context, "docker-image://")
		if !isImage {
			image = "example.invalid/" + strings.ToLower(name)
		}
		edits = append(edits, transform.Edit{Span: at, New: image})
	}
	for _, s := range f.Stages {
		if at := s.Base.Word; at.End > at.Start {
			replace(s.Base.Ref, at) // with the arguments' values
		}
	}
	for _, in := range f.Instructions {
		for _, w := range f.Words(in) {
			if in.Keyword == "copy" && strings.HasPrefix(w.Text, "--from=") || in.Keyword == "run" && strings.HasPrefix(w.Text, "--mount=") {
				written := f.Text(w.Span)
				if _, name, ok := strings.Cut(written, "from="); ok {
					name, _, _ = strings.Cut(name, ",")
					name = strings.TrimRight(name, `"'`)
					start := w.Span.Start + strings.Index(written, "from=") + len("from=")
					replace(name, transform.Span{Start: start, End: start + len(name)})
				}
			}
		}
	}
	return withEdits(src, edits)
}

// setting is an instruction that says what a service says.
type setting struct {
	keyword  string
	text     string
	replaces bool // the last one of the stage, and does not come on top
}

func (r *Run) settings() []setting {
	var list []setting
	if r.Entrypoint != nil {
		list = append(list, setting{"entrypoint", "ENTRYPOINT " + jsonArray(r.Entrypoint), true})
	}
	switch {
	case len(r.Command) > 0:
		list = append(list, setting{"cmd", "CMD " + jsonArray(r.Command), true})
	case r.Entrypoint != nil || r.Command != nil:
		list = append(list, setting{"cmd", "", true}) // the image's own is not taken
	}
	if len(r.Health) > 1 {
		test := jsonArray(r.Health[1:])
		if r.Health[0] == "CMD-SHELL" {
			if test = r.Health[1]; strings.ContainsAny(test, "\\`\r\n") || strings.HasPrefix(test, "[") {
				test = jsonArray([]string{"/bin/sh", "-c", r.Health[1]})
			}
		}
		list = append(list, setting{"healthcheck", "HEALTHCHECK CMD " + test, true})
	}
	switch {
	case r.User != "":
		list = append(list, setting{"user", "USER " + r.User, false})
	case r.Rights != "":
		list = append(list, setting{"user", "USER root", false})
	}
	if r.WorkDir != "" {
		list = append(list, setting{"workdir", "WORKDIR " + r.WorkDir, false})
	}
	if len(r.Mounts) > 0 {
		list = append(list, setting{"volume", "VOLUME " + jsonArray(r.Mounts), false})
	}
	return list
}

func jsonArray(words []string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(words); err != nil { // strings can always be encoded
		return "[]"
	}
	return strings.TrimSpace(b.String())
}

// lastOf is the last instruction of a kind in a stage.
func lastOf(s *transform.Stage, keyword string) *transform.Instruction {
	for _, in := range slices.Backward(s.Instructions) {
		if in.Keyword == keyword {
			return in
		}
	}
	return nil
}

// withEdits applies edits that do not overlap.
func withEdits(src string, edits []transform.Edit) string {
	slices.SortFunc(edits, func(a, b transform.Edit) int { return a.Span.Start - b.Span.Start })
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(src[at:e.Span.Start])
		b.WriteString(e.New)
		at = e.Span.End
	}
	b.WriteString(src[at:])
	return b.String()
}
