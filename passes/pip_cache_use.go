package passes

import (
	"path"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// cacheUses are the instructions that touch ~/.cache.
type cacheUses struct {
	own  map[*transform.Instruction]bool // it names the cache itself
	last map[*transform.Stage]int        // the last instruction that needs the stage's cache to be there
}

// used says why a step's cache may not be taken away, or nothing.
func (p *pipCacher) used(s *pipStep) string {
	if p.uses == nil {
		p.uses = readUses(p.f)
	}
	if p.uses.own[s.in] {
		return "the step removes or uses the cache itself"
	}
	for _, c := range s.script.Commands() {
		if sweeps(c) {
			return "the step goes over the directory that holds the cache, which fails or acts on a mount"
		}
	}
	for stage, last := range p.uses.last {
		if last > s.in.Index && (stage == s.in.Stage || buildsOn(stage, s.in.Stage)) {
			return "a later step uses the cache"
		}
	}
	return ""
}

// buildsOn reports whether a stage starts, through others or not, from base.
func buildsOn(s, base *transform.Stage) bool {
	for s = s.Base.Stage; s != nil; s = s.Base.Stage {
		if s == base {
			return true
		}
	}
	return false
}

// readUses finds the instructions that name a cache directory.
func readUses(f *transform.File) *cacheUses {
	u := &cacheUses{own: map[*transform.Instruction]bool{}, last: map[*transform.Stage]int{}}
	if !strings.Contains(f.Src, "cache") {
		return u
	}
	for _, s := range f.Stages {
		for _, e := range s.Deps {
			if e.To != nil && e.Kind != transform.EdgeFrom && namesCache(f.Text(e.At.Body)) {
				u.last[e.To] = max(u.last[e.To], e.At.Index)
			}
		}
		for _, in := range s.Instructions {
			u.read(f, in)
		}
	}
	return u
}

// read notes what an instruction does with its own stage's cache.
func (u *cacheUses) read(f *transform.File, in *transform.Instruction) {
	switch in.Keyword {
	case "run", "cmd", "entrypoint":
	default:
		return
	}
	text := f.Text(in.Body)
	if !strings.Contains(text, ".cache") && !strings.Contains(text, "cache ") {
		return
	}
	s := shell.Of(f, in)
	uses := s.Form == shell.Opaque
	for _, c := range s.Commands() {
		if !namesCacheIn(c) {
			continue
		}
		u.own[in] = true
		uses = uses || !removesQuietly(c)
	}
	if uses {
		u.last[in.Stage] = in.Index
	}
}

// namesCacheIn reports whether a command names pip's cache, or is pip's own
// that looks after it.
func namesCacheIn(c *shell.Command) bool {
	for _, w := range c.Words {
		if namesCache(w.Raw) {
			return true
		}
	}
	for _, r := range c.Redirs {
		if namesCache(r.Target.Raw) {
			return true
		}
	}
	pip, ok := argv.Pip(c)
	return ok && pip.Subcommand.Text == "cache"
}

// removesQuietly reports rm -f, which does not mind what is missing.
func removesQuietly(c *shell.Command) bool {
	call, ok := argv.Of(c)
	if !ok || call.Name != "rm" {
		return false
	}
	for _, w := range call.Words {
		if w.Text == "--force" || strings.HasPrefix(w.Text, "-") && !strings.HasPrefix(w.Text, "--") && strings.Contains(w.Text, "f") {
			return true
		}
	}
	return false
}

// namesCache reports whether a word names ~/.cache, or pip's part of it.
func namesCache(word string) bool {
	for rest := word; ; {
		i := strings.Index(rest, ".cache")
		if i < 0 {
			return false
		}
		before, after := rest[:i], rest[i+len(".cache"):]
		if before == "" || strings.ContainsAny(before[len(before)-1:], "/='\",{") {
			after = strings.TrimLeft(after, "/'\"}*.")
			if after == "" || strings.HasPrefix(after, "pip") || strings.HasPrefix(after, "uv") || strings.HasPrefix(after, "pypoetry") || strings.HasPrefix(after, "pdm") || strings.ContainsAny(after[:1], ",$;& \t\r\n\\") {
				return true
			}
		}
		rest = rest[i+1:]
	}
}

// sweeps reports a command that removes, moves or changes a whole tree which
// may hold the mount.
func sweeps(c *shell.Command) bool {
	call, ok := argv.Of(c)
	if !ok || len(call.Words) == 0 {
		return false
	}
	args := call.Words
	switch call.Name {
	case "rm", "find", "chown", "chmod":
	case "mv":
		args = args[:len(args)-1]
	default:
		return false
	}
	for _, w := range args {
		switch word := strings.Trim(w.Raw, `"`); strings.TrimRight(word, "/*.") {
		case "/root", "~", "$HOME", "${HOME}":
			return true
		case "":
			if strings.HasPrefix(word, "/") {
				return true
			}
		}
	}
	return false
}

// frontend is what the file's "# syntax=" directive names.
type frontend struct {
	read, mounts bool
}

// cacheMounts reports whether the frontend knows RUN --mount=type=cache: the
// builder's own, or docker/dockerfile from 1.2 on (the frontend's release
// notes), before that in the experimental channel.
func (fe *frontend) cacheMounts(f *transform.File) bool {
	if fe.read {
		return fe.mounts
	}
	fe.read = true
	name, _, _, ok := parser.DetectSyntax([]byte(f.Src))
	fe.mounts = !ok || knowsCacheMounts(name)
	return fe.mounts
}

func knowsCacheMounts(syntax string) bool {
	named, err := reference.ParseNormalizedNamed(syntax)
	if err != nil || path.Base(named.Name()) != "dockerfile" && !strings.HasSuffix(named.Name(), "docker/dockerfile-upstream") {
		return false
	}
	tagged, ok := reference.TagNameOnly(named).(reference.Tagged)
	if !ok {
		return false
	}
	version, channel, _ := strings.Cut(tagged.Tag(), "-")
	switch version {
	case "experimental", "labs", "latest", "master", "1":
		return true
	}
	minor, ok := strings.CutPrefix(version, "1.")
	minor, _, _ = strings.Cut(minor, ".")
	return ok && minor != "" && (minor != "0" && minor != "1" || channel == "experimental")
}
