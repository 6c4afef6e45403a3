package passes

import (
	"fmt"
	"path"
	"slices"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// requirementsFirst moves what installs packages above the copy of the source.
var requirementsFirstPass = &transform.Pass{
	Name: "requirements-first",
	Doc: transform.Doc{
		Title: "install the requirements before the source is copied",
		Text: "A build reuses a step as long as nothing above it has changed. Where the source is copied first, every " +
			"change of it downloads and installs all packages again. The requirement files alone are copied first, " +
			"the packages are installed, and then comes the source: the image is the same. Steps that install " +
			"packages of the distribution move along. Where a project is installed from the source (“pip install .”, “-e .”), " +
			"its dependencies are installed first, as pyproject.toml, setup.cfg or setup.py name them; the step that installs " +
			"the project stays as it is. Poetry, uv, Pipenv and PDM get their manifest and lock file first, and leave the " +
			"project out (--no-root, --no-install-project, --no-self), where it is part of what they install. What npm, yarn and " +
			"pnpm install beside them goes first too, where the lock file shows that no package runs a script for it. Stages in which nothing installs Python packages are left alone.",
		Before: "FROM python:3.12-slim-bookworm\nCOPY . /app\nWORKDIR /app\nRUN pip install -r requirements.txt\n" +
			"CMD [\"python\", \"app.py\"]\n",
		After: "FROM python:3.12-slim-bookworm\nWORKDIR /app\nCOPY requirements.txt /app/requirements.txt\n" +
			"RUN pip install -r requirements.txt\nCOPY . /app\nCMD [\"python\", \"app.py\"]\n",
		Files:   map[string]string{"requirements.txt": "flask==3.0.3\n", "app.py": "import flask\n"},
		Sources: []string{"Docker documentation, “Optimize cache usage in builds”, order your layers"},
	},
	Alters: []string{"+path:*", "+owner:*"},
	Declines: []transform.Decline{
		{Key: "no-context", When: "the build context is unknown"},
		{Key: "installs-source", When: "what is installed lies in the source itself (“.”, -e, file:, --find-links), and of a project the dependencies are not known from its manifest alone"},
		{Key: "no-manifest", When: "the requirement file does not come from the build context, or .dockerignore hides it"},
		{Key: "unreadable", When: "the requirement file has a line that is not understood, or includes a file that is missing"},
		{Key: "made-by-step", When: "an earlier step writes the requirement file"},
		{Key: "step-between", When: "a step between the source and the installation may matter to it and cannot move"},
		{Key: "needs-source", When: "the installing step does other things too that may need the source"},
		{Key: "system-path", When: "the source brings files that the system or pip find by themselves: settings, or programs on PATH"},
		{Key: "owner-differs", When: "a directory would get another owner"},
		{Key: "package-manager", When: "a command of Poetry, Pipenv, uv or PDM is not understood"},
		{Key: "unknown-path", When: "a path depends on something that is not known"},
	},
	Run: runRequirementsFirst,
}

// runRequirementsFirst moves installing steps above the source, or, which is
// the same, the source below them. It takes the instructions of a stage from
// the first copy of source on, and sorts each into those that go first and
// those that stay behind, both in their old order. A step goes first only if it
// commutes with everything that it passes:
//
//   - A copy brings the files of the context to known paths. What is passed must
//     bring nothing to directories of the system, to PATH, to a virtual
//     environment, or to any path that the step names, but for requirement
//     files; these are copied on their own, with the owner and mode that they
//     will have, and overwritten by themselves later. Everything that the
//     requirement files include must be covered the same way.
//   - A RUN that is passed is one whose commands touch files that they name, and
//     none of those that the step uses.
//   - ENV, ARG, WORKDIR, USER and SHELL above a step go before it too, so that
//     it runs in the state that it had; they must not matter to what they pass.
//
// Whatever is not understood neither moves nor is passed. A RUN that installs
// and does other things is taken apart where it is a plain && chain whose
// commands leave nothing to each other in the shell.
func runRequirementsFirst(f *transform.File) []transform.Finding {
	ctx := contextOf(f)
	var findings []transform.Finding
	for _, s := range f.Stages {
		switch {
		case !runsPip(f, s):
		case ctx == nil:
			findings = append(findings, noContext(f, s)...)
		default:
			findings = append(findings, newHoist(f, s, ctx).findings()...)
		}
	}
	return findings
}

// runsPip reports whether a stage may install Python packages, by whatever
// program.
func runsPip(f *transform.File, s *transform.Stage) bool {
	for _, in := range s.Instructions {
		if namesInstaller(f, in) && (callsPip(shell.Of(f, in)) || runsPipInstall(f, in)) {
			return true
		}
	}
	return false
}

// noContext declines where source seems to be copied before packages are
// installed.
func noContext(f *transform.File, s *transform.Stage) []transform.Finding {
	source := false
	for _, in := range s.Instructions {
		switch in.Keyword {
		case "copy", "add":
			source = source || copiesFolder(in)
		case "run":
			if source && (runsPipInstall(f, in) || runsManager(shell.Of(f, in))) {
				return []transform.Finding{{At: in.Body, Reason: "no-context",
					Why: "the build context is unknown, so it cannot be told which of its files the installation reads"}}
			}
		}
	}
	return nil
}

func runsPipInstall(f *transform.File, in *transform.Instruction) bool {
	for _, c := range shell.Of(f, in).Commands() {
		if p, ok := argv.Pip(c); ok && p.IsInstall() {
			return true
		}
	}
	return runsManager(shell.Of(f, in))
}

// findings are the move, if there is one, and a decline for the first
// installation that stays behind the source.
func (h *hoist) findings() []transform.Finding {
	h.plan()
	if h.dependsOnArgs() {
		return []transform.Finding{*h.held}
	}
	var findings []transform.Finding
	if edits := h.edits(); len(edits) > 0 {
		findings = append(findings, transform.Finding{At: h.source().in.Body, Why: h.why(), Edits: edits})
	}
	if h.held != nil {
		findings = append(findings, *h.held)
	}
	return findings
}

// dependsOnArgs reports, and holds back for, a file to install that a build argument chooses: only the default's would
// be copied. With other arguments the same plan must come to the same files; a path that an argument is a part of does,
// where COPY and the step that reads the file name it alike.
func (h *hoist) dependsOnArgs() bool {
	if !slices.ContainsFunc(h.f.Instructions, func(in *transform.Instruction) bool { return in.Keyword == "arg" }) {
		return false
	}
	other := newHoist(h.f.WithOtherArgs(), h.s, h.ctx)
	other.plan()
	mine, theirs := h.filesByStep(), other.filesByStep()
	for _, st := range h.steps {
		if files := mine[st.in]; len(files) > 0 && !slices.Equal(files, theirs[st.in]) {
			h.held = nil
			h.hold(st, "unknown-path", "a build argument may choose another file than "+files[0])
			return true
		}
	}
	return false
}

// filesByStep are the files of the context that are copied for each instruction.
func (h *hoist) filesByStep() map[*transform.Instruction][]string {
	files := map[*transform.Instruction][]string{}
	for _, st := range h.steps {
		for _, m := range st.brings {
			if st.place == ahead {
				files[st.in] = append(files[st.in], m.name)
			}
		}
	}
	return files
}

func (h *hoist) why() string {
	files := slices.DeleteFunc(h.manifestNames(), func(name string) bool { return nodeLocks[path.Base(name)] })
	if why := h.managedWhy(); why != "" {
		return why
	}
	switch {
	case slices.ContainsFunc(files, func(name string) bool { return projectManifests[path.Base(name)] }):
		return "what the project depends on is installed by its manifest before the source is copied, so that a change of the source installs nothing but the project again"
	case len(files) == 1:
		return fmt.Sprintf("the packages of %s are installed before the source is copied, so that a change of the source does not install them again", files[0])
	case slices.ContainsFunc(files, func(name string) bool { return path.Base(name) == "package.json" }):
		return fmt.Sprintf("the packages of %s are installed before the source is copied, so that a change of the source does not install them again", listedWords(files))
	case len(files) > 1:
		return fmt.Sprintf("the packages of %d requirement files are installed before the source is copied, so that a change of the source does not install them again", len(files))
	}
	return "packages are installed before the source is copied, so that a change of the source does not install them again"
}
