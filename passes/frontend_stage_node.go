package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/facts"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// nodeImage is the Node of a stage, and the edits that take it out.
type nodeImage struct {
	major string
	from  string // how it came
	edits []transform.Edit
	gone  map[*transform.Instruction]bool // instructions of which nothing stays
	done  map[*transform.Instruction]bool // those that have been taken apart
}

// distroNode is the major version of the package nodejs in each release, by the
// distributions' own package databases: packages.debian.org and
// pkgs.alpinelinux.org (2026-11).
var distroNode = map[string]string{
	"buster": "10", "bullseye": "12", "bookworm": "18", "trixie": "20",
	"alpine3.17": "18", "alpine3.18": "18", "alpine3.19": "20", "alpine3.20": "20", "alpine3.21": "22", "alpine3.22": "22",
}

// nodePackages are what brings Node and its package managers.
var nodePackages = setOf("nodejs npm nodejs-npm yarn yarnpkg nodejs-legacy pnpm nodejs-current")

var nodesource = lazyregexp.New(`deb\.nodesource\.com/setup_(\d+)\.x\b`)

// findNode finds out which Node the stage installs, and takes it out.
func (fe *frontendBuild) findNode() *transform.Finding {
	fe.node.gone, fe.node.done = map[*transform.Instruction]bool{}, map[*transform.Instruction]bool{}
	found := false
	for _, in := range fe.s.Instructions {
		if in.Keyword != "run" || in.Index > fe.build.in.Index {
			continue
		}
		ours, no := fe.nodeIn(in)
		if no != nil {
			return no
		}
		found = found || ours
	}
	if !found {
		return fe.no(fe.build.in, "node-version", "no step of the stage installs Node by apt or apk")
	}
	if fe.node.major == "" {
		fe.node.major = distroNode[distroOf(fe.s)]
		fe.node.from = "the package of " + distroOf(fe.s)
	}
	if fe.node.major == "" || fe.nodeTag() == "" {
		return fe.no(fe.build.in, "node-version", "it is not known which image has the Node that is installed on %s", distroOf(fe.s))
	}
	return nil
}

// nodeIn reads one RUN. ours reports that it installs Node.
func (fe *frontendBuild) nodeIn(in *transform.Instruction) (ours bool, no *transform.Finding) {
	sc := shell.Of(fe.f, in)
	setup := nodesource.FindStringSubmatch(sc.Text)
	var gone []*shell.Command
	for _, c := range sc.Commands() {
		words, verb := fe.packagesOf(c)
		var node []shell.Word
		for _, w := range words {
			if nodePackages[w.Text] {
				node = append(node, w)
			}
		}
		switch {
		case len(node) == 0:
			continue
		case verb != "install" && verb != "add":
			return false, fe.no(in, "shape", "%s takes Node out again", clipCommand(fe.f.Text(shell.In(in, c.Span))))
		case c.Nested || sc.Form != shell.ShellForm:
			return false, fe.no(in, "shape", "Node is installed in a step that cannot be taken apart")
		case slices.ContainsFunc(node, func(w shell.Word) bool { return w.Text == "yarn" }) && verb == "install":
			return false, fe.no(in, "node-version", "yarn comes from another package source than the distribution's")
		}
		ours = true
		if len(node) == len(words) {
			gone = append(gone, c)
			continue
		}
		for _, w := range node {
			fe.node.edits = append(fe.node.edits, transform.Edit{Span: fe.wordWithGap(in, c, w)})
		}
	}
	if setup != nil {
		if !ours {
			return false, fe.no(in, "node-version", "Node's package source is set up in another step than the one that installs it")
		}
		fe.node.major, fe.node.from = setup[1], "nodesource's setup_"+setup[1]+".x"
	} else if strings.Contains(sc.Text, "nodesource") || strings.Contains(sc.Text, "nvm") && !strings.Contains(sc.Text, "nvme") {
		return false, fe.no(in, "node-version", "which Node is installed is not read from this step")
	}
	if !ours {
		return false, nil
	}
	return true, fe.takeOut(in, sc, gone, setup != nil)
}

// packagesOf are the packages that a call of apt or apk names, and what it does.
func (fe *frontendBuild) packagesOf(c *shell.Command) (words []shell.Word, verb string) {
	if a, ok := argv.Apt(c); ok {
		return a.Operands, a.Subcommand.Text
	}
	if a, ok := argv.Apk(c); ok {
		return a.Operands, a.Subcommand.Text
	}
	return nil, ""
}

// wordWithGap is a word with what stands between it and the word before it.
func (fe *frontendBuild) wordWithGap(in *transform.Instruction, c *shell.Command, w shell.Word) transform.Span {
	span := shell.In(in, w.Span)
	for i, o := range c.Words {
		if o.Span == w.Span && i > 0 {
			span.Start = shell.In(in, c.Words[i-1].Span).End
		}
	}
	return span
}

// takeOut removes the calls that install nothing but Node, with what sets up its
// source. A RUN of which only package lists would be left goes as a whole, unless
// a later step reads them.
func (fe *frontendBuild) takeOut(in *transform.Instruction, sc *shell.Script, gone []*shell.Command, setup bool) *transform.Finding {
	r := readPkgRun(fe.f, in, aptFamily)
	used := followLists(fe.f, aptFamily, readPkgRuns(fe.f, aptFamily)).used[in] != ""
	left := false // something that stays does more than to fetch and remove lists
	for i, step := range r.top {
		switch {
		case slices.Contains(gone, step.cmd), step.kind == stepUpdate, step.kind == stepRemoves, step.kind == stepClean, frontKindOf(step.cmd) != frontNothing:
		case step.cmd.Name() == "set", setup && step.cmd.Name() == "curl" && i+1 < len(r.top) && r.top[i+1].cmd.Op == "|":
		default:
			left = true
		}
	}
	switch {
	case !left && !used:
		fe.node.gone[in] = true
		return nil
	case setup:
		return fe.no(in, "shape", "the step that sets up Node's package source does more")
	}
	if !fe.cut(in, sc, gone) {
		return fe.no(in, "shape", "Node is installed in a step that cannot be taken apart")
	}
	return nil
}

// cut takes commands out of a RUN, and those of the front end.
func (fe *frontendBuild) cut(in *transform.Instruction, sc *shell.Script, gone []*shell.Command) bool {
	if r := fe.ofFront(in); r != nil {
		for _, s := range r.steps {
			gone = append(gone, s.cmd)
		}
		gone = append(gone, r.cds...)
	}
	if len(gone) == 0 {
		return true
	}
	slices.SortFunc(gone, func(a, b *shell.Command) int { return a.Span.Start - b.Span.Start })
	spans, ok := sc.Remove(gone...)
	if ok {
		fe.node.edits = append(fe.node.edits, shell.Delete(in, spans)...)
		fe.node.done[in] = true
	}
	return ok
}

// ofFront is the RUN of the front end at an instruction.
func (fe *frontendBuild) ofFront(in *transform.Instruction) *frontRun {
	for _, r := range fe.runs {
		if r.in == in {
			return r
		}
	}
	return nil
}

// nodeTag is the tag of the official image with the same Node on the same
// distribution: slim where nothing has to be compiled; "" when none was published.
func (fe *frontendBuild) nodeTag() string {
	distro, major := distroOf(fe.s), fe.node.major
	full := fe.project.Compiles != ""
	var tags []string
	switch {
	case strings.HasPrefix(distro, "alpine"):
		tags = []string{major + "-" + distro, major + "-alpine"}
	case full:
		tags = []string{major + "-" + distro, major + "-bookworm", major + "-bullseye"}
	default:
		tags = []string{major + "-" + distro + "-slim", major + "-bookworm-slim", major + "-bullseye-slim"}
	}
	for _, tag := range tags {
		if _, ok := facts.LookupTag("node", tag); ok {
			return tag
		}
	}
	return ""
}

// cacheMount is where the package manager of a command keeps what it has
// fetched, for root: by "npm config get cache", "yarn cache dir" of yarn 1, and
// "pnpm store path".
func (fe *frontendBuild) cacheMount(r *frontRun) string {
	if fe.f.Options.NoCacheMounts || slices.ContainsFunc(mountsOf(r.in), func(m mount) bool { return m.kind == "cache" }) {
		return ""
	}
	for _, s := range r.steps {
		if s.kind != frontInstall {
			continue
		}
		switch name := path.Base(s.cmd.Words[0].Text); {
		case name == "npm":
			return " --mount=type=cache,target=/root/.npm"
		case name == "pnpm":
			return " --mount=type=cache,target=/root/.local/share/pnpm/store"
		case slices.Contains(fe.project.Manifests, ".yarnrc.yml"):
			return " --mount=type=cache,target=/root/.yarn/berry/cache"
		default:
			return " --mount=type=cache,target=/usr/local/share/.cache/yarn"
		}
	}
	return ""
}
