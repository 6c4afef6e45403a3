package builds

import (
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"refit/internal/lazyregexp"
	"refit/transform"
)

// contextName is the form in which builders compare the names of named contexts
// with those of images and stages (buildx, build/opt.go; BuildKit,
// frontend/dockerui/namedcontext.go): as short as it goes, without the tag latest.
func contextName(name string) string {
	name = strings.ToLower(name) // stage names have no case
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return name
	}
	return strings.TrimSuffix(reference.FamiliarString(named), ":latest")
}

// context is the named context that stands for a name.
func (b *Build) context(name string) (string, bool) {
	if name == "" {
		return "", false
	}
	for key, value := range b.Contexts {
		if contextName(key) == contextName(name) {
			return value, true
		}
	}
	return "", false
}

// imageName is the full form of a reference, with its tag.
func imageName(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ref
	}
	return reference.TagNameOnly(named).String()
}

// isDefaultImage reports whether a reference is one that compose gives to what a
// service builds when that names no image: the project's name, which is another
// in each checkout, and the service's.
func isDefaultImage(ref, service string) bool {
	name, library := strings.CutPrefix(imageName(ref), "docker.io/library/")
	name, latest := strings.CutSuffix(name, ":latest")
	return library && latest && (strings.HasSuffix(name, "-"+service) || strings.HasSuffix(name, "_"+service))
}

// namesOf are the names in a Dockerfile that a named context may stand for.
func namesOf(f *transform.File) []string {
	var names []string
	for _, s := range f.Stages {
		if s.Name != "" {
			names = append(names, contextName(s.Name))
		}
		if s.Base.Stage == nil {
			names = append(names, contextName(s.Base.Ref))
		}
		for _, e := range s.Deps {
			if e.To == nil && e.Kind != transform.EdgeFrom {
				names = append(names, contextName(e.Image))
			}
		}
	}
	return names
}

var (
	mountFlag = lazyregexp.New(`--mount=\S+`) // what is there while a step runs, and not in the image
	absolute  = lazyregexp.New(`(?:^|[^\w./~$}-])(/[\w.+@-][\w./+@-]*)`)
	newUser   = lazyregexp.New(`\b(?:useradd|adduser)\b`)
)

// pathsIn are the absolute paths in a text.
func pathsIn(text string) []string {
	text = mountFlag.ReplaceAllString(text, "")
	var paths []string
	for _, m := range absolute.FindAllStringSubmatch(text, -1) {
		paths = append(paths, path.Clean(m[1]))
	}
	if newUser.MatchString(text) {
		paths = append(paths, "/home")
	}
	return paths
}

// overlaps reports whether one path is the other, or below it.
func overlaps(a, b string) bool {
	below := func(a, b string) bool { return a == b || b == "/" || strings.HasPrefix(a, b+"/") }
	return below(a, b) || below(b, a)
}

// lost finds a pass that adds what the build, or the service that runs it, puts
// something else in the place of: a name that is one of the named contexts, a
// path that something is mounted over.
func (s *subject) lost(r *transform.Result) *transform.Veto {
	b := s.build
	if len(b.Contexts) > 0 {
		before, err := transform.Parse(r.Name, r.Before, nil)
		after, err2 := transform.Parse(r.Name, r.After, nil)
		if err != nil || err2 != nil {
			return nil // the passes' results can be parsed
		}
		had := namesOf(before)
		for _, name := range namesOf(after) {
			if _, ok := b.context(name); ok && !slices.Contains(had, name) {
				return s.veto(addsName(r, before, name), name+" is the name of a context that is given to the build, which stands for it")
			}
		}
	}
	if b.Run == nil || len(b.Run.Hides) == 0 {
		return nil
	}
	had := pathsIn(r.Before)
	for _, p := range pathsIn(r.After) {
		if slices.Contains(had, p) || overlaps(p, "/tmp") && p != "/" {
			continue
		}
		if i := slices.IndexFunc(b.Run.Hides, func(h string) bool { return overlaps(p, h) }); i >= 0 {
			return s.veto(addsPath(r, p), "what is mounted at "+b.Run.Hides[i]+" would hide "+p)
		}
	}
	return nil
}

// passThatWrote is the first pass with an edit that is sure to be, else one that may
// be, a part of what was written; else the last one that wrote anything.
func passThatWrote(r *transform.Result, sure, may func(transform.Written) bool) string {
	maybe, last := "", ""
	for i := range r.Steps {
		name := r.Steps[i].Pass.Name
		for _, c := range r.Steps[i].Changes {
			for _, w := range c.Edits {
				if sure(w) {
					return name
				}
				if maybe == "" && may(w) {
					maybe = name
				}
				last = name
			}
		}
	}
	if maybe != "" {
		return maybe
	}
	return last
}

// addsName is the pass that adds a name of a stage or image, perhaps by a change
// within a FROM.
func addsName(r *transform.Result, before *transform.File, name string) string {
	return passThatWrote(r, func(w transform.Written) bool {
		return strings.Contains(strings.ToLower(w.New), name)
	}, func(w transform.Written) bool {
		return !strings.Contains(w.New, "\n") && slices.ContainsFunc(before.Stages, func(s *transform.Stage) bool { return s.From.StartLine <= w.Line && w.Line <= s.From.EndLine })
	})
}

// addsPath is the pass that adds a path, perhaps in pieces.
func addsPath(r *transform.Result, p string) string {
	return passThatWrote(r, func(w transform.Written) bool {
		return slices.Contains(pathsIn(w.New), p)
	}, func(w transform.Written) bool { return strings.Contains(w.New, p) })
}
