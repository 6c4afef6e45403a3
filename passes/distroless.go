package passes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"refit/internal/facts"
	"refit/transform"
)

// nonrootOwner is the user of distroless images, in numbers.
const nonrootOwner = "65532:65532"

var distrolessPass = &transform.Pass{
	Name: "distroless",
	Doc: transform.Doc{
		Title: "run on distroless: Python without a shell or a package manager",
		Text: "What an intruder does not find he cannot use. Where a builder stage makes the virtual environment, the " +
			"runtime only needs an interpreter of the same version on the same Debian release, which distroless has. " +
			"The builder's last step points the environment to that interpreter; pip goes out of it first, where " +
			"nothing uses it (see pip-out). Users that steps make become 65532, " +
			"directories that they make are copied, and gunicorn's options come from GUNICORN_CMD_ARGS, which it " +
			"reads itself. Packages that only bring shared libraries are installed in the builder, and what the environment " +
			"loads of them is copied; a HEALTHCHECK by curl or wget is made by Python. Everything else that needs a shell " +
			"or more packages makes the pass hold back, and the profile falls back to Debian slim.",
		Profile: transform.ProfileSecure,
		Before: "FROM python:3.11-slim-bookworm AS builder\nRUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n" +
			"COPY requirements.txt .\nRUN pip install -r requirements.txt\n\n" +
			"FROM python:3.11-slim-bookworm\nWORKDIR /app\nRUN groupadd --gid 1001 app \\\n" +
			"    && useradd --uid 1001 --gid 1001 --create-home --no-log-init app \\\n    && chown 1001:1001 /app\n" +
			"COPY --from=builder /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\nCOPY --chown=1001:1001 app.py .\n" +
			"USER 1001:1001\nENV GUNICORN_ARGS=\"-w 2\"\nCMD [\"/bin/sh\", \"-c\", \"exec gunicorn app:app $GUNICORN_ARGS\"]\n",
		After: "FROM python:3.11-slim-bookworm AS builder\nRUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n" +
			"COPY requirements.txt .\nRUN pip install -r requirements.txt\n" +
			pipOut.step("RUN", "/opt/venv", `\`) + "\n" +
			"RUN mkdir -p /opt/empty \\\n    && ln -sf /usr/bin/python3 /opt/venv/bin/python \\\n" +
			"    && ln -sf python /opt/venv/bin/python3 \\\n    && ln -sf python /opt/venv/bin/python3.11 \\\n" +
			"    && sed -i -e 's|^home = .*|home = /usr/bin|' -e 's|^\\(include-system-site-packages\\) = .*|\\1 = false|' /opt/venv/pyvenv.cfg\n\n" +
			"FROM gcr.io/distroless/python3-debian12:nonroot\nENTRYPOINT []\n" +
			"COPY --from=builder --chown=65532:65532 /opt/empty/ /app/\nWORKDIR /app\n" +
			"COPY --from=builder /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\nCOPY --chown=65532:65532 app.py .\n" +
			"USER 65532:65532\nENV GUNICORN_CMD_ARGS=\"-w 2\"\nCMD [\"gunicorn\", \"app:app\"]\n",
		Files: map[string]string{"requirements.txt": "flask==3.0.3\ngunicorn==22.0.0\n", "app.py": "import flask\n\napp = flask.Flask(__name__)\n"},
		Sources: []string{
			"GoogleContainerTools/distroless on GitHub: README, python3/README.md, python3/python.bzl",
			"Python documentation, venv and sys: pyvenv.cfg",
			"gunicorn documentation, settings: GUNICORN_CMD_ARGS",
		},
	},
	Profiles: []transform.Profile{transform.ProfileSecure, transform.ProfileCPU},
	Alters:   []string{"base", "user", "workdir", "cmd", "entrypoint", "healthcheck", "owner:*", "+path:*", "env:GUNICORN_ARGS", "env:GUNICORN_CMD_ARGS"},
	Declines: distrolessDeclines,
	Run:      runDistroless,
}

var distrolessDeclines = []transform.Decline{
	{Key: "other-base", When: "the final stage does not itself start from an official Python image for Linux"},
	{Key: "on-alpine", When: "the final stage is on Alpine: its packages and its tools have other names on Debian"},
	{Key: "not-split", When: "no builder stage makes a virtual environment that the final one copies to the same place"},
	{Key: "builder-shared", When: "the stage that makes the environment serves others than the final stage, or does not end as root"},
	{Key: "other-python", When: "the image's Python and Debian release are none that distroless has: 3.11 on bookworm and 3.13 on trixie"},
	{Key: "not-slim", When: "the final stage is on a full image, and what it uses of it is not known"},
	{Key: "onbuild", When: "the file has ONBUILD triggers"},
	{Key: "absolute-path", When: "something names the image's own Python or a home directory by its path"},
	{Key: "system-packages", When: "the final stage installs packages that distroless has not, and that are more than libraries which the environment is linked against"},
	{Key: "run-step", When: "the final stage has a step that needs a shell and that cannot be left out"},
	{Key: "runs-as-root", When: "the container runs as root"},
	{Key: "other-owner", When: "files are given to a user that the image would not have"},
	{Key: "missing-directory", When: "something is copied to a directory that distroless may lack"},
	{Key: "no-command", When: "the file does not say what the container runs"},
	{Key: "shell-form", When: "a command needs a shell"},
	{Key: "not-in-image", When: "a command is none that the environment or distroless has"},
	{Key: "no-context", When: "the build context, and so what the application runs, is not known"},
	{Key: "runs-programs", When: "the application runs other programs"},
	{Key: "loads-library", When: "the application looks for shared libraries by ctypes, which distroless does not support"},
}

// runDistroless changes the base of the runtime.
//
// It is sound because a virtual environment is its interpreter's path and the
// packages beside it: packages with compiled code fit any CPython of the same
// minor version on the same Debian release, and scripts name the interpreter by
// the environment's own link. Of what it may see by --system-site-packages, pip
// and setuptools are in it too, by ensurepip, and wheel only serves to build.
// What distroless lacks besides are programs, which
// the steps, the commands and the sources of the application must not use, and
// libraries, which only a build shows.
func runDistroless(f *transform.File) []transform.Finding {
	s := f.Final()
	if s == nil || strings.Contains(s.Base.Ref, "distroless") {
		return nil
	}
	d := &distroless{f: f, s: s, image: &inImage{File: f}, users: map[string]bool{}, fetchers: map[string]transform.Span{}}
	if no := d.checkBase(); no != nil {
		return []transform.Finding{*no}
	}
	if obstacles := d.obstacles(); len(obstacles) > 0 {
		return obstacles
	}
	return []transform.Finding{d.finding()}
}

// distroless is what is found out about a file.
type distroless struct {
	f       *transform.File
	s       *transform.Stage // the runtime
	image   *inImage
	builder *transform.Stage
	from    string // the builder as COPY --from names it
	venv    string // the environment's path, in both stages
	base    facts.Distroless
	users   map[string]bool // names and numbers that become 65532
	dirs    []string        // that become the user's
	libs    []string        // packages of libraries that the final stage installs
	// fetchers are curl and wget, where they are installed, as long as nothing is
	// found that uses them.
	fetchers map[string]transform.Span
	edits    []transform.Edit
	notes    []transform.Note

	companions []transform.Companion
}

// obstacles are all that stands in the way, as far as it can be told: what looks into
// the environment needs one.
func (d *distroless) obstacles() []transform.Finding {
	var all []transform.Finding
	for i, check := range []func() *transform.Finding{
		d.findImage, d.findBuilder, d.checkText, d.checkUser, d.checkSteps, d.checkOwners, d.checkLibraries, d.checkStart, d.checkApplication,
	} {
		if i > 1 && d.builder == nil {
			break
		}
		if no := check(); no != nil {
			all = append(all, *no)
		}
	}
	return all
}

// findBuilder finds the stage that makes the environment.
func (d *distroless) findBuilder() *transform.Finding {
	at := d.s.From.Body
	for _, e := range d.s.Deps {
		c, ok := copyingOf(e.At)
		if !ok || e.To == nil || !isPython(e.To) && !isUV(e.To) || len(c.sources) != 1 {
			continue
		}
		from, plain := d.f.State(e.At).Expand(strings.TrimSuffix(c.sources[0], "/"))
		dest, known := absAt(d.image, e.At, c.dest)
		for _, venv := range d.environments(e.To) {
			if plain && known && dest == from && within(venv, from) {
				d.builder, d.from, d.venv = e.To, c.from, venv
			}
		}
	}
	if d.builder == nil {
		return held(at, "not-split", "no builder stage on an official Python image makes a virtual environment that the final one copies")
	}
	minor, suite := officialPython(d.s)
	if other, otherSuite := officialPython(d.builder); minor != other || suite != otherSuite {
		return held(at, "other-python", "the builder and the final stage do not surely have the same Python on the same Debian release")
	}
	for _, e := range d.f.Users(d.builder) {
		if e.At.Stage != d.s || e.Kind != transform.EdgeCopy {
			return held(e.At.Body, "builder-shared", "another stage uses the environment, with the builder's own Python")
		}
	}
	if end := d.f.EndState(d.builder); !runsAsRoot(end.User) || !posixShell(end.Shell) {
		return held(d.builder.From.Body, "builder-shared", "the builder does not end as root with a POSIX shell, by which the environment could be changed")
	}
	return nil
}

// checkBase declines bases that have nothing in common with distroless.
func (d *distroless) checkBase() *transform.Finding {
	at := d.s.From.Body
	if !isPython(d.s) || d.s.Base.Stage != nil || forWindows(d.f, d.s) {
		return held(at, "other-base", "the final stage does not itself start from an official Python image for Linux")
	}
	if onAlpine(d.s) {
		return held(at, "on-alpine", "the image is on Alpine, and what is made for musl does not run on distroless, which is Debian's: a slim tag of the same Python would do")
	}
	return nil
}

// findImage finds the distroless image with the Python of the final stage.
func (d *distroless) findImage() *transform.Finding {
	at := d.s.From.Body
	minor, suite := officialPython(d.s)
	var ok bool
	if d.base, ok = facts.DistrolessPython(suite); !ok || d.base.Python != minor {
		return held(at, "other-python", "distroless has %s, and the image has Python %s of Debian %s%s", distrolessPythons(), orUnknown(minor), orUnknown(suite), onRelease(minor))
	}
	if img, _ := baseImage(d.s); !strings.Contains(img.Tag, "slim") {
		return held(at, "not-slim", "the final stage is on a full image, and what it uses of that is not known")
	}
	return nil
}

func orUnknown(text string) string { return cmp.Or(text, "(unknown)") }

// onRelease names the release on which distroless has a Python, if there is one.
func onRelease(minor string) string {
	for _, suite := range facts.Suites() {
		if d, ok := facts.DistrolessPython(suite); ok && d.Python == minor {
			if d.Frozen != "" {
				return fmt.Sprintf(" (python:%s-%s would do, but is not taken unasked: %s)", minor, suite, d.Frozen)
			}
			return fmt.Sprintf(" (python:%s-%s would do)", minor, suite)
		}
	}
	return ""
}

// distrolessPythons says which there are.
func distrolessPythons() string {
	var all []string
	for _, suite := range facts.Suites() {
		if d, ok := facts.DistrolessPython(suite); ok {
			all = append(all, fmt.Sprintf("Python %s of Debian %s", d.Python, suite))
		}
	}
	return strings.Join(all, " and ")
}

// officialPython is the minor version and the Debian release of an official Python
// image, or of the one under uv's own.
func officialPython(s *transform.Stage) (minor, suite string) {
	img, ok := pythonUnder(s)
	if !ok || img.Tag == "" {
		return "", ""
	}
	t, ok := facts.LookupTag(img.Name, img.Tag)
	if v := strings.SplitN(t.FullVersion(), ".", 3); ok && len(v) > 2 {
		minor = v[0] + "." + v[1]
	}
	return minor, img.distro()
}

// checkText looks for what names paths that distroless has not.
func (d *distroless) checkText() *transform.Finding {
	for _, in := range withBases(d.s) {
		text := d.f.Text(in.Body)
		switch {
		case in.Keyword == "onbuild":
			return held(in.Body, "onbuild", "a trigger runs in builds that are not known here")
		case containsAny(text, []string{"/usr/local/bin/python", "/usr/local/lib/python", "$PYTHON_VERSION", "${PYTHON_VERSION", "/home/"}):
			return held(in.Body, "absolute-path", "it names the image's own Python, or a home directory, by its path")
		}
	}
	return nil
}

// finding writes the change down.
func (d *distroless) finding() transform.Finding {
	last := d.builder.From
	if n := len(d.builder.Instructions); n > 0 {
		last = d.builder.Instructions[n-1]
	}
	e := string(d.f.Escape)
	links := []string{"ln -sf /usr/bin/python3 " + d.venv + "/bin/python", "ln -sf python " + d.venv + "/bin/python3",
		"ln -sf python " + d.venv + "/bin/python" + d.base.Python,
		`sed -i -e 's|^home = .*|home = /usr/bin|' -e 's|^\(include-system-site-packages\) = .*|\1 = false|' ` + d.venv + "/pyvenv.cfg"}
	if len(d.dirs) > 0 {
		links = slices.Insert(links, 0, "mkdir -p /opt/empty")
	}
	step := "\n" + d.f.Cased("RUN") + " " + strings.Join(links, " "+e+"\n    && ")
	d.edits = append(d.edits,
		insertBehind(last, d.withoutPip()+step+d.gather()),
		transform.Edit{Span: d.s.Base.Word, New: d.base.Image + ":nonroot"})
	if head := d.head(); head != "" {
		d.edits = append(d.edits, insertBehind(d.s.From, head))
	}
	if d.base.Frozen != "" {
		d.notes = append(d.notes, transform.Note{At: d.s.From.Body, Why: d.base.Image + " is not rebuilt any more: " + d.base.Frozen, Warn: true})
	}
	return transform.Finding{At: d.s.From.Body, Edits: d.edits, Notes: d.notes, Companions: d.companions,
		Why: fmt.Sprintf("%s has Python %s and nothing else that runs: no shell, no package manager", d.base.Image, d.base.Python)}
}

// head is what stands behind the runtime's FROM: the image's own ENTRYPOINT, its
// user's working directory and root's directories must not show.
func (d *distroless) head() string {
	var b strings.Builder
	if lastIn(d.s, "entrypoint") == nil {
		fmt.Fprintf(&b, "\n%s []", d.f.Cased("ENTRYPOINT"))
	}
	relative := d.f.EndState(d.s).Workdir == ""
	for _, in := range d.s.Instructions {
		c, ok := copyingOf(in)
		relative = relative || ok && d.f.State(in).Workdir == "" && !strings.HasPrefix(c.dest, "/")
	}
	if relative {
		fmt.Fprintf(&b, "\n%s /", d.f.Cased("WORKDIR"))
	}
	if len(d.libs) > 0 {
		fmt.Fprintf(&b, "\n%s --from=%s %s/ /usr/lib/", d.f.Cased("COPY"), d.from, gathered)
	}
	for _, dir := range d.dirs {
		fmt.Fprintf(&b, "\n%s --from=%s --chown=%s /opt/empty/ %s/", d.f.Cased("COPY"), d.from, nonrootOwner, dir)
	}
	return b.String()
}
