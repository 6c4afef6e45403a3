package passes

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"refit/internal/lazyregexp"
	"refit/transform"
)

// Need is a package that an image turned out to lack.
type Need struct {
	Package  string   // as the distribution's database names it
	Library  string   // the shared library that is in it
	NeededBy []string // paths in the image of what loads the library
}

// Repair is the pass that installs packages which building showed to be missing
// in the final image. It is not in All: what it does is not found in the file.
func Repair(needs []Need) *transform.Pass {
	return &transform.Pass{
		Name: "repair",
		Doc: transform.Doc{
			Title: "install the shared libraries that a build showed to be missing",
			Text: "No table knows the libraries of every extension module. “refit verify” builds the image, looks at what " +
				"each program and module in it loads, and finds the packages of what is not there in the builder's own " +
				"package database. The pass installs them in the final stage: in the step that installs packages there, " +
				"or in a step of its own above everything that changes more often.",
			Before: "FROM python:3.12-slim-bookworm AS builder\nRUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n" +
				"RUN pip install psycopg2\n\nFROM python:3.12-slim-bookworm\nENV PYTHONUNBUFFERED=1\n" +
				"COPY --from=builder /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\nCOPY app.py .\nCMD [\"python\", \"app.py\"]\n",
			After: "FROM python:3.12-slim-bookworm AS builder\nRUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n" +
				"RUN pip install psycopg2\n\nFROM python:3.12-slim-bookworm\nENV PYTHONUNBUFFERED=1\n" +
				"RUN apt-get update \\\n    && apt-get install -y --no-install-recommends \\\n        libpq5 \\\n" +
				"    && rm -rf /var/lib/apt/lists/*\n" +
				"COPY --from=builder /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\nCOPY app.py .\nCMD [\"python\", \"app.py\"]\n",
			Sources: []string{
				"ld.so(8): how a program's shared libraries are found",
				"Docker documentation, Building best practices, apt-get",
			},
		},
		Declines: []transform.Decline{
			{Key: "windows", When: "the final stage is a Windows image"},
			{Key: "no-package-manager", When: "the final image has no package manager"},
			{Key: "unknown-distribution", When: "neither the base nor a step tells whether packages come from apt or apk"},
			{Key: "archived-suite", When: "apt no longer works on this Debian or Ubuntu release"},
			{Key: "already-installed", When: "the final stage installs the package, and its library was missing nevertheless"},
			{Key: "package-name", When: "the name is not one that a package can have"},
			{Key: "not-root", When: "no place is known where the final stage runs steps as root"},
			{Key: "shell", When: "steps run in a shell that is not a POSIX one"},
		},
		Run: func(f *transform.File) []transform.Finding { return runRepair(f, needs) },
	}
}

// runRepair installs packages in the final stage.
//
// It is sound as far as more packages in an image take nothing away: apt and apk
// add files that no other package and, by policy, no step has. The step is added
// where root runs it, behind what sets up the package manager. An installation
// that is there takes more only when it surely runs, fetches its lists itself
// and fails the build when it fails.
func runRepair(f *transform.File, needs []Need) []transform.Finding {
	final := f.Final()
	if final == nil || len(needs) == 0 {
		return nil
	}
	r := &repair{f: f, users: userFinder{f: f}}
	if no := r.chooseManager(final); no != nil {
		return []transform.Finding{*no}
	}
	findings := r.missing(final, needs)
	if len(r.names) == 0 {
		return findings
	}
	for _, in := range f.Instructions[final.Root().From.Index:] {
		r.users.at(in)
	}
	return append(findings, r.install(final))
}

// repair is what is found out about the final stage.
type repair struct {
	f      *transform.File
	users  userFinder
	alpine bool
	suite  string            // of Debian or Ubuntu, "" when unknown
	names  []string          // what is to be installed, sorted
	why    map[string]string // the reason for each
}

// chooseManager finds out how packages get into a stage: by its base, or by what
// its own steps do.
func (r *repair) chooseManager(s *transform.Stage) *transform.Finding {
	at, ref := s.From.Body, strings.ToLower(s.Root().Base.Ref)
	distro := distroOf(s)
	r.alpine = onAlpine(s)
	switch {
	case r.alpine:
		return nil
	case isDebian(distro):
		r.suite = distro
		return nil
	case forWindows(r.f, s.Root()):
		return held(at, "windows", "a Windows image has no packages that could be added")
	case ref == "scratch" || strings.Contains(ref, "distroless"):
		return held(at, "no-package-manager", "%s has no package manager: what it lacks can only be copied into it", s.Root().Base.Ref)
	}
	for _, in := range withBases(s) {
		switch calls := packageCalls(r.f, in); {
		case len(calls) == 0:
		default:
			r.alpine = calls[0].apk
			return nil
		}
	}
	return held(at, "unknown-distribution", "neither the base nor a step tells whether packages come from apt or apk")
}

// packageNames are what Debian's policy (5.6.7) and Alpine's indexes have.
var packageNames = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9+._-]*$`)

// missing gathers what is to be installed, with the reason. It returns the
// declines.
func (r *repair) missing(s *transform.Stage, needs []Need) []transform.Finding {
	have := map[string]bool{}
	for _, in := range withBases(s) {
		for _, call := range packageCalls(r.f, in) {
			for _, name := range call.names() {
				have[name] = call.verb == "install" || have[name]
			}
		}
	}
	r.why = map[string]string{}
	var declines []transform.Finding
	for _, n := range needs {
		name, _, _ := strings.Cut(n.Package, ":") // an architecture, in dpkg's database
		switch {
		case !packageNames.MatchString(name):
			declines = append(declines, *held(s.From.Body, "package-name", "%q is not the name of a package", n.Package))
		case have[name]:
			declines = append(declines, *held(s.From.Body, "already-installed", "%s is installed by a step, and %s", name, n.why()))
		case r.why[name] != "":
			r.why[name] += "; " + n.why()
		default:
			r.names = append(r.names, name)
			r.why[name] = n.why()
		}
	}
	slices.Sort(r.names)
	return declines
}

// why says what showed the need.
func (n *Need) why() string {
	who := "the image"
	if len(n.NeededBy) > 0 {
		who = n.NeededBy[0]
	}
	if more := len(n.NeededBy) - 1; more > 0 {
		who += fmt.Sprintf(" (+ %d more)", more)
	}
	return fmt.Sprintf("%s is needed by %s, found by building", cmp.Or(n.Library, "it"), who)
}

// install puts the packages into the stage, or into the one that it starts from
// where the stage itself has no step of root's.
func (r *repair) install(final *transform.Stage) transform.Finding {
	var no *transform.Finding
	for s := final; s != nil; s = s.Base.Stage {
		if at, edits := r.extend(s); edits != nil {
			return r.finding(at, edits)
		}
		edit, why := r.newStep(s)
		if why == nil {
			return r.finding(s.From.Body, []transform.Edit{edit})
		}
		if no == nil {
			no = why
		}
	}
	return *no
}

func (r *repair) finding(at transform.Span, edits []transform.Edit) transform.Finding {
	fd := transform.Finding{At: at, Edits: edits, Why: "what the image loads and lacks is installed: " + strings.Join(r.names, ", ")}
	for _, name := range r.names {
		fd.Notes = append(fd.Notes, transform.Note{At: at, Why: name + ": " + r.why[name]})
	}
	return fd
}

// newStep writes a RUN of its own, as high as root runs it and the package
// manager is set up.
func (r *repair) newStep(s *transform.Stage) (transform.Edit, *transform.Finding) {
	after := aptStepAfter(r.f, s, len(r.f.Instructions))
	st := r.stateBehind(s, after)
	if len(st.Shell) > 0 && !posixShells[path.Base(st.Shell[0])] {
		return transform.Edit{}, held(s.From.Body, "shell", "steps run in %s, which is not a POSIX shell", st.Shell[0])
	}
	if !r.isRoot(s, st) {
		return transform.Edit{}, held(s.From.Body, "not-root", "it is not known that root runs the steps of this stage, and only root can install packages")
	}
	if r.suite != "" && !aptWorks(r.suite) && !strings.Contains(r.f.Text(after.Body), "/etc/apt") {
		return transform.Edit{}, held(s.From.Body, "archived-suite", "apt no longer works on %s to install %s", r.suite, strings.Join(r.names, ", "))
	}
	if r.alpine {
		step := r.f.Cased("RUN") + " apk add --no-cache " + strings.Join(r.names, " ")
		return r.settled(insertBehind(after, "\n"+step), runApkLayers), nil
	}
	step := aptInstallStep(r.f, r.names)
	if r.listsBehind(after) {
		step = strings.TrimSuffix(step, fmt.Sprintf(" %c\n    && rm -rf /var/lib/apt/lists/*", r.f.Escape))
	}
	return r.settled(insertBehind(after, "\n"+step), runAptLayers), nil
}

// settled is what apt-layers or apk-layers makes of a new step and its neighbours, which it
// would join: otherwise the next run of refit would.
func (r *repair) settled(edit transform.Edit, layers func(*transform.File) []transform.Finding) transform.Edit {
	whole := transform.Span{End: len(r.f.Src)}
	src := edited(r.f.Src, whole, []transform.Edit{edit})
	for range 2 { // what is joined may be joined once more
		f, err := transform.Parse(r.f.Name, src, r.f.Options)
		if err != nil {
			return edit
		}
		i := slices.IndexFunc(f.Instructions, func(in *transform.Instruction) bool { return in.Body.Start > edit.Span.Start })
		if i < 0 {
			return edit
		}
		step := f.Instructions[i].Body
		var edits []transform.Edit
		for _, fd := range layers(f) {
			if slices.ContainsFunc(fd.Edits, func(e transform.Edit) bool {
				return step.Contains(transform.Span{Start: e.Span.Start, End: e.Span.Start})
			}) {
				edits = append(edits, fd.Edits...)
			}
		}
		src = edited(src, transform.Span{End: len(src)}, edits)
	}
	return between(r.f.Src, src)
}

// between is the one edit that makes a text of another.
func between(from, to string) transform.Edit {
	start, end := 0, 0
	for start < min(len(from), len(to)) && from[start] == to[start] {
		start++
	}
	if start > 0 && from[start-1] == '\r' {
		start--
	}
	for end < min(len(from), len(to))-start && from[len(from)-1-end] == to[len(to)-1-end] {
		end++
	}
	if end > 0 && from[len(from)-end] == '\n' && end < len(from)-start && from[len(from)-end-1] == '\r' {
		end--
	}
	return transform.Edit{Span: transform.Span{Start: start, End: len(from) - end}, New: to[start : len(to)-end]}
}

// listsBehind reports that a step behind an instruction reads package lists that
// are there already, in the base.
func (r *repair) listsBehind(in *transform.Instruction) bool {
	return followLists(r.f, aptFamily, readPkgRuns(r.f, aptFamily)).used[in] != ""
}

var posixShells = setOf("sh bash dash ash zsh ksh")

// stateBehind is what holds behind an instruction of a stage, or its FROM.
func (r *repair) stateBehind(s *transform.Stage, after *transform.Instruction) *transform.State {
	if i := after.Index + 1; i < len(r.f.Instructions) && r.f.Instructions[i].Stage == s {
		return r.f.State(r.f.Instructions[i])
	}
	return r.f.EndState(s)
}

// isRoot reports whether root runs the steps of a stage in this state.
func (r *repair) isRoot(s *transform.Stage, st *transform.State) bool {
	if st.UserAt != nil {
		return namesRoot(st.User)
	}
	return r.users.ends[s] == userRoot
}
