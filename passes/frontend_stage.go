package passes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"refit/internal/jsproject"
	"refit/internal/shell"
	"refit/transform"
)

var frontendStagePass = &transform.Pass{
	Name: "frontend-stage",
	Doc: transform.Doc{
		Title: "build the front end in a stage of its own",
		Text: "Where a Python image installs Node only to build a front end, the build moves into a stage that starts from " +
			"the same Node: the package.json and its lock file first, the author's own install command with a cache mount, " +
			"then the source and the build. The Python stage copies what the build writes, to the same place, and has no " +
			"Node, no npm and no node_modules. Where the project has a directory of its own, a change of the Python source " +
			"builds no front end, and the other way round nothing of Python's. What the build writes is read from the scripts of package.json and the configuration of " +
			"the tools that they call.",
		Before: "FROM python:3.12-bookworm\nRUN apt-get update && apt-get install -y nodejs npm\nWORKDIR /app\n" +
			"COPY . .\nRUN cd web && npm ci && npm run build\nCMD [\"python\", \"app.py\"]\n",
		After: "FROM node:18-bookworm-slim AS frontend\nWORKDIR /app/web\nCOPY web/package.json web/package-lock.json ./\n" +
			"RUN --mount=type=cache,target=/root/.npm npm ci\nCOPY web ./\nRUN npm run build\n\n" +
			"FROM python:3.12-bookworm\nWORKDIR /app\nCOPY . .\n" +
			"COPY --from=frontend /app/web/dist /app/web/dist\nCMD [\"python\", \"app.py\"]\n",
		Files: map[string]string{
			"app.py":                "print(1)\n",
			"web/index.html":        "<script type=module src=/main.js></script>\n",
			"web/main.js":           "console.log(1)\n",
			"web/package.json":      "{\"scripts\": {\"build\": \"vite build\"}, \"devDependencies\": {\"vite\": \"5.4.0\"}}\n",
			"web/package-lock.json": "{\"lockfileVersion\": 3, \"packages\": {}}\n",
		},
		Sources: []string{
			"Docker documentation, Building best practices, Use multi-stage builds",
			"npm, yarn and pnpm documentation: ci, install, cache and store directories",
			"documentation of Vite, Create React App, Vue CLI, Angular, webpack, esbuild, Parcel, Astro and Next.js on their output directories",
		},
	},
	Declines: []transform.Decline{
		{Key: "no-context", When: "the build context is not known"},
		{Key: "node-version", When: "it is not known which Node the image installs, or no image of that Node was published for the base"},
		{Key: "node-used", When: "Node, a package manager of its or node_modules are used for more than the build"},
		{Key: "shape", When: "a step does more than to install packages and build, in a way that cannot be taken apart"},
		{Key: "output-unknown", When: "it is not known where the build writes, or something is there already"},
		{Key: "reads-outside", When: "the build may read what is not in the project's directory of the build context"},
		{Key: "project", When: "the project cannot be read, is a workspace, or its files or its configuration reach the image in another way than by COPY into it"},
	},
	Alters: []string{"path:*", "owner:*", "stage:*"},
	Run:    runFrontendStage,
}

// runFrontendStage moves a front end's build into a stage of its own.
//
// It is sound because the stage has all that the build had: the same Node, the
// same commands in the same directory, the files of the project as the Python
// stage copies them, file by file, and those variables that the project names.
// That the build reads nothing else is read off its texts; that nothing else
// needs Node, off the stage's commands and the context's sources. What the build
// writes comes to the same place, where nothing was before.
func runFrontendStage(f *transform.File) []transform.Finding {
	s := f.Final()
	if s == nil || s.Base.Stage != nil || !isPython(s) || !containsAny(f.Src, []string{"npm", "yarn", "pnpm"}) {
		return nil
	}
	fe := &frontendBuild{f: f, s: s, image: &inImage{File: f}}
	fe.read()
	if fe.build == nil {
		return fe.unread()
	}
	for _, prove := range []func() *transform.Finding{
		fe.shapes, fe.findProject, fe.findNode, fe.findOutputs, fe.before, fe.configures, fe.nobodyElse,
	} {
		if no := prove(); no != nil {
			return []transform.Finding{*no}
		}
	}
	fd, no := fe.finding()
	if no != nil {
		return []transform.Finding{*no}
	}
	return []transform.Finding{fd}
}

// frontendBuild is what is found out about a stage that builds a front end.
type frontendBuild struct {
	f     *transform.File
	s     *transform.Stage
	image *inImage

	runs  []*frontRun // the RUNs with commands of Node's, in order
	build *frontRun   // the last that builds
	dir   string      // where the commands run

	project *jsproject.Project
	outputs []jsproject.Output
	node    nodeImage
}

// frontRun is a RUN that calls npm, yarn or pnpm.
type frontRun struct {
	in     *transform.Instruction
	script *shell.Script
	steps  []*frontStep
	cds    []*shell.Command // changes of the directory
	rest   []*shell.Command // the others at top level
	moved  bool             // one of those runs behind a cd, which goes with the front end's
}

// frontKind is what a command does for a front end.
type frontKind uint8

const (
	frontNothing frontKind = iota
	frontTool              // sets a package manager up
	frontInstall           // installs the project's packages
	frontBuild
	frontTidy    // empties a cache, or removes node_modules
	frontUnknown // something else of Node's
)

// frontStep is one command.
type frontStep struct {
	cmd  *shell.Command
	kind frontKind
	dir  string // where it runs; "" when not known
	line string // as written
}

// read finds the RUNs that call Node's package managers.
func (fe *frontendBuild) read() {
	for _, in := range fe.s.Instructions {
		if in.Keyword != "run" {
			continue
		}
		r := fe.readRun(in)
		if len(r.steps) == 0 {
			continue
		}
		fe.runs = append(fe.runs, r)
		if slices.ContainsFunc(r.steps, func(s *frontStep) bool { return s.kind == frontBuild }) {
			fe.build = r
		}
	}
}

// unread declines a build that is called in a way that is not read.
func (fe *frontendBuild) unread() []transform.Finding {
	for _, r := range fe.runs {
		for _, s := range r.steps {
			if s.kind == frontUnknown && strings.Contains(s.line, "build") {
				return []transform.Finding{*fe.no(r.in, "shape", "it is not known what %s builds, and where", clipCommand(s.line))}
			}
		}
	}
	return nil
}

func (fe *frontendBuild) readRun(in *transform.Instruction) *frontRun {
	r := &frontRun{in: in, script: shell.Of(fe.f, in)}
	dir := ""
	if w := fe.image.dirAt(in); w.known {
		dir = w.path
	}
	for _, c := range r.script.Commands() {
		kind := frontKindOf(c)
		if c.Name() == "cd" && !c.Nested {
			dir = changeDir(fe.f.State(in), c, dir)
			r.cds = append(r.cds, c)
			continue
		}
		switch {
		case kind != frontNothing:
			r.steps = append(r.steps, &frontStep{cmd: c, kind: kind, dir: dir, line: fe.f.Text(shell.In(in, c.Span))})
		case !c.Nested:
			r.rest = append(r.rest, c)
			r.moved = r.moved || len(r.cds) > 0
		}
	}
	return r
}

// frontKindOf reads npm, yarn and pnpm by their manuals.
func frontKindOf(c *shell.Command) frontKind {
	words := c.Effective()
	if c.Kind != shell.Simple || len(words) == 0 {
		return frontNothing
	}
	name := path.Base(words[0].Text)
	var args []string
	for _, w := range words[1:] {
		if !w.Static {
			args = append(args, "$")
			continue
		}
		args = append(args, w.Text)
	}
	switch name {
	case "npm", "yarn", "yarnpkg", "pnpm":
		if c.Nested || c.Subproc || slices.Contains(args, "$") {
			return frontUnknown
		}
		return managerKind(name, args)
	case "corepack":
		return frontTool
	case "npx":
		return frontBuild
	case "node", "nodejs", "bower", "gulp", "grunt", "bun":
		return frontUnknown
	case "rm":
		if len(args) == 2 && args[0] == "-rf" && path.Base(args[1]) == "node_modules" {
			return frontTidy
		}
	}
	return frontNothing
}

func managerKind(name string, args []string) frontKind {
	var operands []string
	for _, a := range args {
		switch {
		case a == "-g" || a == "--global" || a == "global":
			if slices.ContainsFunc(args, func(a string) bool { return !strings.HasPrefix(a, "-") && !plainTool(a) }) {
				return frontUnknown
			}
			return frontTool
		case a == "--prefix" || a == "-C" || a == "--cwd" || strings.HasPrefix(a, "--prefix=") || strings.HasPrefix(a, "--cwd=") || a == "-w" || a == "--workspace":
			return frontUnknown // elsewhere
		case !strings.HasPrefix(a, "-"):
			operands = append(operands, a)
		}
	}
	verb := ""
	if len(operands) > 0 {
		verb = operands[0]
	}
	switch {
	case verb == "" && name != "npm", len(operands) == 1 && slices.Contains([]string{"ci", "install", "i", "clean-install"}, verb):
		return frontInstall
	case len(operands) == 2 && (verb == "run" || verb == "run-script"), len(operands) == 1 && verb == "build" && name != "npm":
		return frontBuild
	case verb == "cache", verb == "prune", verb == "store":
		return frontTidy
	}
	return frontUnknown
}

// plainTool reports what a global installation may name: the package managers.
func plainTool(arg string) bool {
	name, _, _ := strings.Cut(arg, "@")
	return slices.Contains([]string{"install", "i", "add", "global", "npm", "yarn", "pnpm", "corepack"}, name)
}

// no is a decline at an instruction.
func (fe *frontendBuild) no(in *transform.Instruction, key, format string, args ...any) *transform.Finding {
	return &transform.Finding{At: in.Body, Reason: key, Why: fmt.Sprintf(format, args...)}
}
