package passes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"refit/internal/facts"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/internal/wheel"
	"refit/transform"
)

var alpineBasePass = &transform.Pass{
	Name: "alpine-base",
	Doc: transform.Doc{
		Title: "start from Python on Alpine",
		Text: "Alpine is a fifth of Debian slim, which pays where images are pulled often and the application waits for " +
			"the network most of the time. Its C library is musl, not glibc, and its tools are BusyBox: the pass takes a file " +
			"on the slim image there only where each distribution has a wheel for musl as well (a lock file names the " +
			"wheels), each Debian package has a name on Alpine that is known, and each command means the same to BusyBox. " +
			"apt-get install becomes apk add, useradd becomes adduser. All that stands in the way is said, and the profile " +
			"falls back to Debian slim. Compiled code that computes is slower on musl: that is what the profile cpu is for.",
		Before: "FROM python:3.12-slim-bookworm\nRUN apt-get update \\\n    && apt-get install -y --no-install-recommends \\\n" +
			"        curl \\\n    && rm -rf /var/lib/apt/lists/*\nWORKDIR /app\n" +
			"RUN groupadd --gid 1001 app \\\n    && useradd --uid 1001 --gid 1001 --create-home --no-log-init app \\\n    && chown 1001:1001 /app\n" +
			"COPY app.py .\nUSER 1001:1001\nHEALTHCHECK CMD curl -f http://localhost:8000/\nCMD [\"python\", \"app.py\"]\n",
		After: "FROM python:3.12-alpine3.24\nRUN apk add --no-cache \\\n        curl\nWORKDIR /app\n" +
			"RUN addgroup -g 1001 app \\\n    && adduser -D -u 1001 -G app app \\\n    && chown 1001:1001 /app\n" +
			"COPY app.py .\nUSER 1001:1001\nHEALTHCHECK CMD curl -f http://localhost:8000/\nCMD [\"python\", \"app.py\"]\n",
		Files:   map[string]string{"app.py": "import http.server\n\nhttp.server.test(port=8000)\n"},
		Profile: transform.ProfileIO,
		Sources: []string{
			"PEP 656: musllinux, the platform tag of wheels for musl",
			"docker-library/python on GitHub: the Alpine variants (their packages and THREAD_STACK_SIZE), and the note on them in the image's description",
			"musl wiki: Functional differences from glibc",
			"BusyBox: adduser --help, addgroup --help",
			"alpinelinux/aports on GitHub: the names of packages",
		},
	},
	Profiles: []transform.Profile{transform.ProfileIO},
	Alters:   []string{"base"},
	Declines: []transform.Decline{
		{Key: "other-base", When: "the final stage does not start from an official Python image for Linux"},
		{Key: "not-slim", When: "the final stage is on a full image, and what it uses of it is not known"},
		{Key: "no-alpine-tag", When: "this Python was never published on Alpine 3.15 or later, or the tag is not written as a version and its variant"},
		{Key: "other-stage", When: "files come from stages or images that are not Python's own: programs for glibc do not run on musl"},
		{Key: "wheels", When: "a distribution has no wheel for musl, or nothing tells whether it has"},
		{Key: "system-packages", When: "a Debian package has no name on Alpine that is known, or a step does more with packages than to install them"},
		{Key: "other-command", When: "a command is none of BusyBox', or may mean something else to it"},
		{Key: "makes-user", When: "a user or group is made in a way that BusyBox has no counterpart for"},
		{Key: "glibc", When: "something names glibc, Debian's directories of libraries, or a library by its name"},
		{Key: "onbuild", When: "the file has ONBUILD triggers"},
		{Key: "no-context", When: "the build context, and so what the application runs, is not known"},
		{Key: "runs-programs", When: "the application runs other programs"},
		{Key: "binary-in-context", When: "the build context has compiled programs or libraries"},
	},
	Run: runAlpineBase,
}

// runAlpineBase changes the base of every stage that is on Python's slim image.
//
// It is sound because the official Alpine images have the same Python in the same
// place, with certificates and time zones, so that what can differ is the C
// library, the tools and the packages. What is compiled comes from wheels that
// were made for musl, or is compiled as before with the same headers by their
// other names; packages come from a table; and of BusyBox only what is listed is
// used, with the options that are listed.
func runAlpineBase(f *transform.File) []transform.Finding {
	final := f.Final()
	if final == nil || onAlpine(final) {
		return nil
	}
	if !isPython(final) || forWindows(f, final.Root()) {
		return []transform.Finding{*held(final.From.Body, "other-base", "the final stage does not start from an official Python image for Linux")}
	}
	a := &alpining{f: f, final: final, image: &inImage{File: f}, groups: map[string]string{}}
	a.bases()
	if len(a.no) == 0 {
		a.wheels()
		for _, s := range a.stages {
			for _, in := range s.Instructions {
				a.instruction(in)
			}
		}
		a.application()
	}
	if len(a.no) > 0 {
		return a.no
	}
	return []transform.Finding{a.finding()}
}

// alpining is what is found out about a file.
type alpining struct {
	f      *transform.File
	final  *transform.Stage
	image  *inImage
	stages []*transform.Stage // that will be on Alpine
	suite  string             // of Debian, that they are on
	distro string             // that they will be on: "alpine3.22"
	groups map[string]string  // names of those that the file makes, by number
	copied []string           // sources of COPY and ADD in the context
	edits  []transform.Edit
	notes  []transform.Note
	// targets are machines of both kinds that images are built for: on Debian as it
	// is, and on Alpine.
	targets [2][]wheel.Target
	no      []transform.Finding // all that stands in the way
}

func (a *alpining) decline(at transform.Span, key, format string, args ...any) {
	fd := *held(at, key, format, args...)
	if !slices.ContainsFunc(a.no, func(old transform.Finding) bool { return old.Why == fd.Why }) {
		a.no = append(a.no, fd)
	}
}

// bases finds the stages that must change with the final one, and their tags.
func (a *alpining) bases() {
	a.suite = distroOf(a.final)
	roots := map[*transform.Stage]bool{}
	needed(a.final, func(s *transform.Stage) { roots[s.Root()] = isPython(s) })
	for _, s := range a.f.Stages {
		if roots[s.Root()] {
			a.stages = append(a.stages, s)
			if s.Base.Stage == nil {
				a.base(s)
			}
		}
	}
}

// needed calls visit with a stage and all that it starts from or takes files from.
func needed(s *transform.Stage, visit func(*transform.Stage)) {
	seen := map[*transform.Stage]bool{}
	var walk func(*transform.Stage)
	walk = func(s *transform.Stage) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		visit(s)
		walk(s.Base.Stage)
		for _, e := range s.Deps {
			walk(e.To)
		}
	}
	walk(s)
}

// slimEnd is the end of a tag that names the slim variant.
var slimEnd = lazyregexp.New(`-slim(-[a-z]+)?$`)

func (a *alpining) base(s *transform.Stage) {
	at := s.From.Body
	img, _ := baseImage(s)
	if !strings.Contains(img.Tag, "slim") {
		a.decline(at, "not-slim", "the stage is on the full image %s, and what it uses of that is not known", s.Base.Raw)
		return
	}
	tag, ok := facts.AlpineTag(img.Tag)
	end := slimEnd.FindString(s.Base.Raw)
	if !ok || end == "" || img.Digest || distroOf(s) != a.suite || !strings.HasSuffix(img.Tag, end) {
		a.decline(at, "no-alpine-tag", "no tag of the same Python on Alpine 3.15 or later is known for %s", s.Base.Raw)
		return
	}
	variant := strings.TrimPrefix(tag, strings.TrimSuffix(img.Tag, end))
	a.distro = strings.TrimPrefix(variant, "-")
	a.edits = append(a.edits, transform.Edit{Span: transform.Span{Start: s.Base.Word.End - len(end), End: s.Base.Word.End}, New: variant})
}

func (a *alpining) instruction(in *transform.Instruction) {
	if containsAny(a.f.Text(in.Body), []string{"linux-gnu", "ld-linux", "LD_PRELOAD", "ldconfig", "jemalloc", "locale-gen"}) {
		a.decline(in.Body, "glibc", "%s names what only a system with glibc has", firstLine(a.f.Text(in.Body)))
		return
	}
	switch in.Keyword {
	case "onbuild":
		a.decline(in.Body, "onbuild", "a trigger runs in builds that are not known here")
	case "shell":
		a.decline(in.Body, "other-command", "steps run in a shell that the file names, and Alpine has BusyBox' own")
	case "copy", "add":
		a.copy(in)
	case "run":
		a.run(in)
		a.caches(in)
	case "cmd", "entrypoint", "healthcheck":
		if in.Stage == a.final && lastOf(in.Stage, in.Keyword) == in {
			a.start(in)
		}
	}
}

// caches gives the cache mounts of package managers a name of their own (see
// cacheOwner), unless they have one that is not refit's.
func (a *alpining) caches(in *transform.Instruction) {
	const prefix = "--mount=type=cache,"
	for _, w := range a.f.Words(in)[1:] {
		spec, ok := strings.CutPrefix(w.Text, prefix)
		if !ok && !strings.HasPrefix(w.Text, "--") {
			return
		}
		target, name := mountOption(spec, "target"), mountOption(spec, "id")
		tool, below := strings.CutPrefix(path.Clean(target), "/root/.cache/")
		if !ok || !below || a.f.Text(w.Span) != w.Text {
			continue
		}
		if name == "" || name == cacheID(tool, cacheOwner(in.Stage)) {
			rest := strings.Replace(","+spec, ",id="+name, "", 1)
			a.edits = append(a.edits, transform.Edit{Span: w.Span, New: prefix + rest[1:] + ",id=" + cacheID(tool, musl)})
		}
	}
}

// mountOption is an option of a mount; "" where it has none of that name.
func mountOption(spec, name string) string {
	_, value, _ := strings.Cut(","+spec, ","+name+"=")
	value, _, _ = strings.Cut(value, ",")
	return value
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return clipCommand(line)
}

// uvImage is published with uv as a static program, which musl runs too
// (astral-sh/uv on GitHub, Dockerfile).
const uvImage = "ghcr.io/astral-sh/uv"

func (a *alpining) copy(in *transform.Instruction) {
	c, ok := copyingOf(in)
	if !ok {
		a.decline(in.Body, "other-stage", "what is copied here is not known")
		return
	}
	if c.from == "" {
		a.copied = append(a.copied, c.sources...)
		return
	}
	for _, e := range in.Stage.Deps {
		if e.At == in && e.To != nil && isPython(e.To) {
			return
		}
	}
	if image, _, _ := strings.Cut(c.from, "@"); image == uvImage || strings.HasPrefix(image, uvImage+":") {
		return
	}
	a.decline(in.Body, "other-stage", "files come from %s: programs and libraries for glibc do not run on musl", c.from)
}

// start looks at a command that runs in the container.
func (a *alpining) start(in *transform.Instruction) {
	if c, _ := in.Command(); isNoCheck(c) {
		return
	}
	sc := shell.Of(a.f, in)
	if sc.Form == shell.Opaque {
		a.decline(in.Body, "other-command", "what it runs cannot be read: %s", sc.Why)
		return
	}
	a.commands(in, sc)
}

// application reads the sources that the image gets.
func (a *alpining) application() {
	if len(a.copied) == 0 {
		return
	}
	at := a.final.From.Body
	ctx := contextOf(a.f)
	uses, err := ctx.PythonUses()
	if err != nil || !uses.Complete {
		a.decline(at, "no-context", "the image has files of the build context, which is not known as a whole")
		return
	}
	for _, u := range append(slices.Clone(uses.Commands), uses.Unknown...) {
		if !isTest(u.File) {
			a.decline(at, "runs-programs", "%s:%d runs %s, which may be another program on Alpine", u.File, u.Line, u.What)
			break
		}
	}
	for _, u := range uses.Libraries {
		if !isTest(u.File) {
			a.decline(at, "glibc", "%s:%d loads %s by its name", u.File, u.Line, u.What)
			break
		}
	}
	if file := compiledFile(ctx, func(string) bool { return true }); file != "" {
		a.decline(at, "binary-in-context", "%s is compiled, and most likely for glibc", file)
	}
}

// finding writes the change down.
func (a *alpining) finding() transform.Finding {
	at := a.final.From.Body
	fd := transform.Finding{At: at, Edits: a.edits, Notes: a.notes,
		Why: fmt.Sprintf("Python is the same on %s, which is smaller, and nothing is compiled there that has a wheel for Debian", a.distro)}
	for _, why := range []string{
		"threads of Python on Alpine have 1 MiB of stack where glibc gives 8 MiB: deep recursion in them needs threading.stack_size",
		"musl asks all name servers at once and takes the first answer, and knows nothing of nsswitch.conf",
		"musl's malloc is slower where many threads allocate: for what computes there is the profile cpu",
		"musl knows no locales but C.UTF-8: locale.setlocale changes neither numbers nor the order of words",
		"what musl does differently no file tells: refit verify runs both images",
	} {
		fd.Notes = append(fd.Notes, transform.Note{At: at, Why: why})
	}
	return fd
}
