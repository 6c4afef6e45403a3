package passes

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// finding writes the change down.
func (fe *frontendBuild) finding() (transform.Finding, *transform.Finding) {
	if !copyable(fe.project.Dir) || !copyable(fe.dir) {
		return transform.Finding{}, fe.no(fe.build.in, "project", "%s has characters that a COPY reads in another way", fe.project.Dir)
	}
	stage, no := fe.stage()
	if no != nil {
		return transform.Finding{}, no
	}
	name := fe.stageName()
	start := lineStart(fe.f.Src, fe.s.From.Body.Start) // below what may be a parser's directive
	if fe.s.Index > 0 {
		start = commentsAbove(fe.f, fe.s.From)
	}
	edits := []transform.Edit{insertAt(start, fmt.Sprintf("%s%s node:%s %s %s\n%s\n\n",
		fe.f.Cased("FROM"), fe.platform(), fe.nodeTag(), fe.as(), name, strings.Join(stage, "\n")))}
	gone := fe.node.gone
	for _, r := range fe.runs {
		switch {
		case len(r.rest) == 0:
			gone[r.in] = true
		case !gone[r.in] && !fe.node.done[r.in] && !fe.cut(r.in, r.script, nil):
			return transform.Finding{}, fe.no(r.in, "shape", "the commands of the front end cannot be taken out of their step")
		}
	}
	for _, in := range fe.manifestCopies() {
		gone[in] = true
	}
	take := strings.Join(fe.copies(name), "\n")
	for _, in := range fe.s.Instructions {
		switch {
		case in == fe.build.in && gone[in]:
			edits = append(edits, transform.Edit{Span: in.Body, New: take})
		case in == fe.build.in:
			edits = append(edits, insertAt(lineStart(fe.f.Src, in.Body.Start), take+"\n"))
		case gone[in]:
			edits = append(edits, transform.Edit{Span: removed(fe.f, in)})
		}
	}
	for _, e := range fe.node.edits {
		inside := func(in *transform.Instruction) bool { return gone[in] && in.Span.Contains(e.Span) }
		if !slices.ContainsFunc(fe.s.Instructions, inside) {
			edits = append(edits, e)
		}
	}
	fd := transform.Finding{
		At:    fe.build.in.Body,
		Why:   "the front end is built in a stage of its own: the Python image has no Node, and a change of either " + fe.apart() + " again",
		Edits: edits,
	}
	fd.Notes = append(fd.Notes, transform.Note{At: fe.s.From.Body, Why: fmt.Sprintf("Node %s is that of %s", fe.node.major, fe.node.from)})
	if why := fe.project.Compiles; why != "" && !strings.Contains(fe.nodeTag(), "alpine") {
		fd.Notes = append(fd.Notes, transform.Note{At: fe.s.From.Body, Why: "the full image and not the slim one: " + why})
	}
	return fd, nil
}

// apart says what one of the two stages does when something of it alone changes.
func (fe *frontendBuild) apart() string {
	if fe.project.Dir == "." { // which the stage copies as a whole
		return "lock file installs only its own packages"
	}
	return "source builds only its own part"
}

// stageName is a name that no stage of the file has.
func (fe *frontendBuild) stageName() string {
	name := "frontend"
	for slices.ContainsFunc(fe.f.Stages, func(s *transform.Stage) bool { return s.Name == name }) {
		name += "-build"
	}
	return name
}

// platform repeats the --platform of the Python stage.
func (fe *frontendBuild) platform() string {
	for _, flag := range fe.s.From.Node.Flags {
		if strings.HasPrefix(flag, "--platform=") {
			return " " + flag
		}
	}
	return ""
}

// as is spelt as FROM is.
func (fe *frontendBuild) as() string {
	if fe.f.Cased("FROM") == "from" {
		return "as"
	}
	return "AS"
}

// stage is the text of the new stage's instructions.
func (fe *frontendBuild) stage() ([]string, *transform.Finding) {
	lines, no := fe.variables()
	if no != nil {
		return nil, no
	}
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	add("%s %s", fe.f.Cased("WORKDIR"), fe.dir)
	var tools, installs, builds []string
	for _, r := range fe.runs {
		flags := ""
		for _, flag := range r.in.Node.Flags {
			flags += " " + flag
		}
		if slices.ContainsFunc(mountsOf(r.in), func(m mount) bool { return m.kind == "bind" }) {
			return nil, fe.no(r.in, "shape", "a bind mount shows the build files that may be anything")
		}
		for _, kind := range []frontKind{frontTool, frontInstall, frontBuild} {
			text := fe.commands(r, kind)
			if text == "" || r.in.Index > fe.build.in.Index {
				continue
			}
			run := fe.f.Cased("RUN") + flags
			switch kind {
			case frontTool:
				tools = append(tools, run+" "+text)
			case frontInstall:
				if len(builds) > 0 {
					return nil, fe.no(r.in, "shape", "packages are installed behind a build")
				}
				installs = append(installs, run+fe.cacheMount(r)+" "+text)
			case frontBuild:
				builds = append(builds, run+" "+text)
			}
		}
	}
	if len(installs) == 0 {
		return nil, fe.no(fe.build.in, "shape", "no step installs the project's packages")
	}
	if major, err := strconv.Atoi(fe.node.major); err != nil || major >= 25 && slices.ContainsFunc(tools, func(t string) bool { return strings.Contains(t, "corepack") }) {
		return nil, fe.no(fe.build.in, "node-version", "the images of Node %s have no corepack", fe.node.major)
	}
	lines = append(lines, tools...)
	copyAll := fe.f.Cased("COPY") + " " + fe.project.Dir + " ./"
	if fe.project.Dir == "." {
		copyAll = fe.f.Cased("COPY") + " . ."
	}
	if fe.project.Hooks { // they may read the source
		lines = append(lines, copyAll)
		lines = append(lines, installs...)
	} else {
		var names []string
		for _, m := range fe.project.Manifests {
			names = append(names, path.Join(fe.project.Dir, m))
		}
		add("%s %s ./", fe.f.Cased("COPY"), strings.Join(names, " "))
		lines = append(lines, installs...)
		lines = append(lines, copyAll)
	}
	return append(lines, builds...), nil
}

// commands are the commands of a RUN of one kind, joined.
func (fe *frontendBuild) commands(r *frontRun, kind frontKind) string {
	var all []string
	for _, s := range r.steps {
		if s.kind != kind {
			continue
		}
		line := s.line
		if kind == frontTool && strings.HasPrefix(line, "npm") && containsAny(line, []string{"yarn", "corepack"}) && !strings.Contains(line, "--force") {
			line += " --force" // the official images have both, and npm replaces no other's file unasked
		}
		all = append(all, line)
	}
	return strings.Join(all, " && ")
}

// buildVariables start the names of variables that Node, its package managers or
// build tools read by themselves, by their documentation.
var buildVariables = strings.Fields("NODE_ NPM_ npm_ YARN_ PNPM_ COREPACK_ VITE_ REACT_APP_ VUE_APP_ NEXT_ NUXT_ NG_ PUBLIC_ ASTRO_ PARCEL_ ESBUILD_ BABEL_ BROWSERSLIST GENERATE_SOURCEMAP INLINE_RUNTIME_CHUNK CI HTTP_PROXY HTTPS_PROXY NO_PROXY")

// variable finds what a value is made of.
var variable = lazyregexp.New(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`, "$")

// variables are the ENV and ARG instructions above the build that it may read.
func (fe *frontendBuild) variables() ([]string, *transform.Finding) {
	var ins []*transform.Instruction
	var names []string
	for _, in := range fe.s.Instructions {
		if in.Index < fe.build.in.Index && (in.Keyword == "env" || in.Keyword == "arg") {
			ins = append(ins, in)
			names = append(names, declaredNames(in)...)
		}
	}
	used := fe.project.Mentioned(names)
	for _, name := range names {
		used[name] = used[name] && name != "PATH" ||
			slices.ContainsFunc(buildVariables, func(p string) bool { return strings.HasPrefix(name, p) }) ||
			slices.ContainsFunc(fe.runs, func(r *frontRun) bool { return r.script.Uses(name) && name != "PATH" })
	}
	if used["BUILD_PATH"] {
		return nil, fe.no(fe.build.in, "output-unknown", "BUILD_PATH says where the build writes")
	}
	keep := map[*transform.Instruction]bool{}
	for _, in := range slices.Backward(ins) { // what a value is made of stands above it
		if slices.ContainsFunc(declaredNames(in), func(n string) bool { return used[n] }) {
			keep[in] = true
			for _, name := range names {
				used[name] = used[name] || strings.Contains(fe.f.Text(in.Body), "$"+name) || strings.Contains(fe.f.Text(in.Body), "${"+name)
			}
		}
	}
	var lines []string
	for _, in := range ins {
		for _, m := range variable.FindAllStringSubmatch(fe.f.Text(in.Body), -1) {
			if keep[in] && !slices.Contains(names, m[1]) {
				return nil, fe.no(in, "project", "a variable of the build is made of %s, which only the Python image has", m[1])
			}
		}
		if keep[in] {
			lines = append(lines, fe.f.Text(in.Body))
		}
	}
	return lines, nil
}

// declaredNames are the variables of an ENV or ARG.
func declaredNames(in *transform.Instruction) []string {
	var names []string
	cmd, _ := in.Command()
	switch c := cmd.(type) {
	case *instructions.EnvCommand:
		for _, kv := range c.Env {
			names = append(names, kv.Key)
		}
	case *instructions.ArgCommand:
		for _, kv := range c.Args {
			names = append(names, kv.Key)
		}
	}
	return names
}

// copies are the COPYs that take what the build wrote.
func (fe *frontendBuild) copies(name string) []string {
	var lines []string
	for _, o := range fe.outputs {
		abs := path.Join(fe.dir, o.Path)
		line := fmt.Sprintf("%s --from=%s %s %s", fe.f.Cased("COPY"), name, abs, abs)
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// manifestCopies are the COPYs that bring nothing but the project's manifests,
// for an installation that has moved, where a later one brings them too.
func (fe *frontendBuild) manifestCopies() []*transform.Instruction {
	var all []*transform.Instruction
	for _, in := range fe.s.Instructions {
		c, ok := copyingOf(in)
		if !ok || !c.plain() || in.Index > fe.build.in.Index || slices.ContainsFunc(c.sources, func(s string) bool { return !isManifest(path.Base(s)) }) {
			continue
		}
		again := true
		for _, m := range fe.project.Manifests {
			p := path.Join(fe.dir, m)
			if _, from := copiedTo(fe.image, in, p); from != notContext {
				again = again && fe.lastBringing(p) != in
			}
		}
		if again && !fe.readBetween(in) {
			all = append(all, in)
		}
	}
	return all
}

func isManifest(base string) bool {
	return strings.HasPrefix(base, "package") || slices.Contains([]string{"yarn.lock", "pnpm-lock.yaml", ".npmrc", ".yarnrc", ".nvmrc"}, base)
}

// lastBringing is the instruction from which a file above the build comes.
func (fe *frontendBuild) lastBringing(p string) *transform.Instruction {
	for _, in := range slices.Backward(fe.s.Instructions) {
		if _, from := copiedTo(fe.image, in, p); in.Index < fe.build.in.Index && from != notContext {
			return in
		}
	}
	return nil
}

// readBetween reports whether a step that stays, between a COPY and the build,
// names a manifest.
func (fe *frontendBuild) readBetween(copied *transform.Instruction) bool {
	return slices.ContainsFunc(fe.s.Instructions, func(in *transform.Instruction) bool {
		return in.Keyword == "run" && in.Index > copied.Index && in.Index < fe.build.in.Index && fe.ofFront(in) == nil &&
			strings.Contains(shell.Of(fe.f, in).Text, "package")
	})
}
