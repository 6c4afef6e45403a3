package passes

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/shell"
	"refit/transform"
)

var nonRootPass = &transform.Pass{
	Name: "non-root",
	Doc: transform.Doc{
		Title: "run the application as a user other than root",
		Text: "A process that is root in the container is root to every file that is mounted into it and to every hole in " +
			"the kernel. The final stage gets a user and group 1001 with a home directory, because libraries write to " +
			"~/.cache; a user that the file itself makes, and does not use, is taken instead. The working directory, what " +
			"is copied below it and the directories that the file makes are the user's, so that the application can write " +
			"wherever it did: by --chown on COPY and ADD, since a chown -R in a step of its own would store every file " +
			"twice, and by a chown in the step that makes a directory or a file. Packages, virtual environments and the " +
			"system stay root's. USER is a number where that is known, for Kubernetes' runAsNonRoot, and " +
			"stands behind the last step that needs root. Volumes that older containers filled are still root's: run " +
			"chown 1001:1001 (or whoever it is) in them once, or the application cannot write there. The same for bind mounts.",
		Before: "FROM python:3.12-slim-bookworm\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n" +
			"COPY . .\nRUN mkdir logs\nEXPOSE 8000\nCMD [\"gunicorn\", \"main:app\", \"-b\", \"0.0.0.0:8000\"]\n",
		After: "FROM python:3.12-slim-bookworm\nWORKDIR /app\nRUN groupadd --gid 1001 app \\\n" +
			"    && useradd --uid 1001 --gid 1001 --create-home --no-log-init app \\\n    && chown 1001:1001 /app\n" +
			"COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY --chown=1001:1001 . .\n" +
			"RUN mkdir logs && chown 1001:1001 /app/logs\nEXPOSE 8000\nUSER 1001:1001\n" +
			"CMD [\"gunicorn\", \"main:app\", \"-b\", \"0.0.0.0:8000\"]\n",
		Files: map[string]string{"requirements.txt": "gunicorn\n", "main.py": "def app(environ, start):\n    return []\n"},
		Sources: []string{
			"Docker documentation, Building best practices, USER",
			"Kubernetes documentation, Configure a Security Context, runAsNonRoot",
			"BusyBox, addgroup and adduser; shadow-utils, groupadd(8) and useradd(8)",
		},
	},
	Alters:   []string{"user", "owner:*"},
	Declines: nonRootDeclines,
	Hadolint: []string{"DL3002"},
	Run: func(f *transform.File) []transform.Finding {
		return append(runNonRoot(f), openToAll(f)...)
	},
}

var nonRootDeclines = []transform.Decline{
	{Key: "explicit-root", When: "the last USER is root: the author's choice"},
	{Key: "unknown-base", When: "the base is not an official image of Python, Debian, Ubuntu or Alpine, or its shell is not a POSIX one"},
	{Key: "onbuild", When: "the image is a base for others, whose steps may need root"},
	{Key: "no-context", When: "the build context is unknown, and so is what the application does"},
	{Key: "no-command", When: "no CMD or ENTRYPOINT says what will run"},
	{Key: "interactive", When: "the command is a shell or a bare interpreter, for somebody who may want to install things"},
	{Key: "volume", When: "there is a VOLUME: those that exist already are root's"},
	{Key: "mounted", When: "a compose file, a manifest of Kubernetes, fly.toml or render.yaml mounts something that the application may write to"},
	{Key: "low-port", When: "a port under 1024 is used, which not every container runtime opens to others than root"},
	{Key: "data-under-root", When: "the steps or the application use root's home"},
	{Key: "user-exists", When: "the file makes a user, or gives files to one, and what for is not known"},
	{Key: "needs-root", When: "the command, a package or a module only works as root"},
	{Key: "entrypoint-needs-root", When: "the script that starts the container does what only root may do"},
	{Key: "unknown-script", When: "a script that runs at start is not in the context, or not readable"},
	{Key: "unknown-program", When: "it is not known what the program needs that the container starts"},
	{Key: "unknown-code", When: "a step fetches the application, or a part of it, from elsewhere"},
	{Key: "unknown-path", When: "the working directory or the destination of a COPY depends on what is not known"},
	{Key: "workdir", When: "the application runs in a directory that stays root's, and may write there"},
	{Key: "writes-system-path", When: "a path outside the application's directories is named, and may be written to"},
	{Key: "asks-git", When: "a step asks git about a repository that would be the user's, which git refuses root"},
	{Key: "archive", When: "an ADD unpacks an archive among the application's files, whose owner differs between builders"},
	{Key: "open-to-all", When: "a chmod lets everybody write; it stays, whether the user changes or not"},
	{Key: "owner-only-mode", When: "a mode keeps a file that stays root's from everybody else"},
}

// A nonRooter looks at the final stage together with those it starts from.
type nonRooter struct {
	f     *transform.File
	image *inImage
	s     *transform.Stage
	seq   []*transform.Instruction // of all those stages, in order
	ctx   *buildctx.Context
	files *fileOwner
	as    account
}

// A hold is a reason to leave the file alone.
type hold struct {
	at  *transform.Instruction
	key string
	why string
}

func holdf(at *transform.Instruction, key, format string, args ...any) *hold {
	return &hold{at, key, fmt.Sprintf(format, args...)}
}

// runNonRoot gives the final stage a user.
//
// What can break is a write (or a read of what only root may read), a port, and
// a system call. So every place that the application could write to before must
// be either the user's afterwards or shown not to be used: the working
// directory and all that the file copies or makes outside the system's
// directories becomes the user's; a path elsewhere that the command, the
// environment, a script or the sources name is a reason to decline. Ports, and
// programs, packages and modules that need root, are looked for in the same
// places. All of this needs the context, and a command whose program is known.
// The steps themselves still run as root, since USER comes behind the last.
func runNonRoot(f *transform.File) []transform.Finding {
	s := f.Final()
	if s == nil || s.Base.Ref == "scratch" || s.Root().Base.Ref == "scratch" {
		return nil
	}
	n := &nonRooter{f: f, image: &inImage{File: f}, s: s, ctx: contextOf(f)}
	for t := s; t != nil; t = t.Base.Stage {
		n.seq = slices.Concat(t.Instructions, n.seq)
	}
	if user := f.EndState(s).UserAt; user != nil {
		if !namesRoot(f.EndState(s).User) {
			return nil
		}
		return n.decline(holdf(user, "explicit-root", "USER root is the last word of the file"))
	}
	n.as = n.account()
	for _, check := range []func() *hold{n.base, n.instructions, n.context, n.own, n.asksGit, n.nameable, n.places, n.start, n.code, n.configuration, n.mounts, n.workdir} {
		if h := check(); h != nil {
			return n.decline(h)
		}
	}
	return n.change()
}

func (n *nonRooter) decline(h *hold) []transform.Finding {
	if h.at == nil {
		h.at = n.s.From
	}
	return []transform.Finding{{At: h.at.Body, Reason: h.key, Why: h.why}}
}

// base checks that the stage starts as root and has the tools to make a user.
func (n *nonRooter) base() *hold {
	img, ok := baseImage(n.s.Root())
	known := ok && img.Official && slices.Contains([]string{"python", "pypy", "debian", "ubuntu", "alpine", "buildpack-deps"}, img.Name)
	if !known || isWindows(n.s) {
		return holdf(nil, "unknown-base", "it is not known which user the base image starts with, nor how it makes one")
	}
	if strings.Contains(img.Tag, "onbuild") {
		return holdf(nil, "onbuild", "the base's own triggers copy the application as root")
	}
	if sh := n.f.EndState(n.s).Shell; !posixShell(sh) {
		return holdf(nil, "unknown-base", "SHELL is not a POSIX shell")
	}
	return nil
}

// context checks that the build context is there and the stage uses it.
func (n *nonRooter) context() *hold {
	if n.ctx == nil {
		return holdf(nil, "no-context", "the build context is unknown: what the application writes and needs cannot be told")
	}
	if entrypoint, cmd := startedBy(n.s); entrypoint == nil && cmd == nil {
		return holdf(nil, "no-command", "neither CMD nor ENTRYPOINT says what runs: the image may be a base for others")
	}
	return nil
}

// change puts the edits together.
func (n *nonRooter) change() []transform.Finding {
	fd := transform.Finding{
		At:  n.s.From.Body,
		Why: "the application runs as user " + n.as.user + " and not as root" + n.files.summary(),
	}
	n.files.edits(&fd)
	user := "\n" + n.f.Cased("USER") + " " + n.as.owner
	at, ok := n.userPlace()
	if !ok {
		return n.decline(holdf(at, "unknown-path", "nothing can be written behind the last instruction, which ends in a continuation"))
	}
	if late := n.files.late(); late != "" {
		user = "\n" + n.f.Cased("RUN") + " " + late + user
		fd.Notes = append(fd.Notes, transform.Note{At: at.Body, Why: "what earlier steps made in " + strings.Join(n.files.lateDirs, " and ") + " is given here, since those steps cannot be extended"})
	}
	if n.as.maker != nil {
		fd.Notes = append(fd.Notes, transform.Note{At: n.as.maker.Body, Why: "the step makes the user, whom nothing becomes"})
	}
	if steps := n.accountSteps(); len(steps) > 0 {
		place, create := n.create(steps)
		fd.Edits = append(fd.Edits, create)
		if n.as.maker == nil || strings.HasPrefix(steps[0], "mkdir") {
			fd.Notes = append(fd.Notes, transform.Note{At: place.Body, Why: "the user has a home directory, since libraries write to ~/.cache"})
		}
	}
	fd.Edits = append(fd.Edits, insertBehind(at, user))
	fd.Notes = append(fd.Notes, transform.Note{At: at.Body, Why: "USER stands behind the last step that needs root"})
	return []transform.Finding{fd}
}

// userPlace is the instruction behind which USER goes: the last that makes or
// copies something, and what follows it up to the command.
func (n *nonRooter) userPlace() (*transform.Instruction, bool) {
	at := n.s.From
	for _, in := range n.s.Instructions {
		switch in.Keyword {
		case "run", "copy", "add", "workdir", "user", "shell":
			at = in
		}
	}
	for _, in := range n.s.Instructions {
		if in.Index <= at.Index {
			continue
		}
		if in.Keyword == "cmd" || in.Keyword == "entrypoint" {
			break
		}
		at = in
	}
	text := strings.TrimRight(n.f.Text(at.Body), " \t\r\n")
	return at, !strings.HasSuffix(text, string(n.f.Escape))
}

// create makes the user: as early as its directories are there, for the cache,
// and neither beside a small RUN, which merge-layers would join it to, nor, where
// that can be, among settings; in such a RUN where nothing else is left.
func (n *nonRooter) create(steps []string) (at *transform.Instruction, edit transform.Edit) {
	list := slices.Concat([]*transform.Instruction{n.s.From}, n.s.Instructions)
	first, end := n.createRange(list)
	step := "\n" + n.f.Cased("RUN") + " " + strings.Join(steps, " "+string(n.f.Escape)+"\n    && ")
	if list[first] == n.as.maker && appendable(list[first], shell.Of(n.f, list[first])) && !n.files.givesIn(list[first]) {
		return list[first], appendCommand(n.f, list[first], shell.Of(n.f, list[first]), strings.Join(steps, " && "))
	}
	small := func(i int) bool { return i > 0 && i < len(list) && isSmall(n.f, list[i]) }
	setting := func(i int) bool {
		return i < len(list) && slices.Contains([]string{"arg", "env", "label"}, list[i].Keyword)
	}
	for _, amongSettings := range []bool{false, true} {
		for i := first; i < end; i++ {
			if !small(i) && !small(i+1) && (amongSettings || !setting(i+1)) {
				return list[i], insertBehind(list[i], step)
			}
		}
	}
	for i := first; i < len(list); i++ {
		if small(i) && appendable(list[i], shell.Of(n.f, list[i])) {
			return list[i], appendCommand(n.f, list[i], shell.Of(n.f, list[i]), strings.Join(steps, " && "))
		}
	}
	return list[first], insertBehind(list[first], step)
}

// createRange is where the user may be made: behind the instructions that make
// its directories and the settings at the top, before the first COPY of its
// files and the command.
func (n *nonRooter) createRange(list []*transform.Instruction) (first, end int) {
	for i, in := range list {
		if i > 0 && i == first+1 && slices.Contains([]string{"arg", "env", "label", "maintainer", "shell", "workdir", "stopsignal"}, in.Keyword) {
			first = i
		}
	}
	for i, in := range list {
		if n.files.makes[in] || in == n.as.maker {
			first = max(first, i)
		}
	}
	for end = first + 1; end < len(list); end++ {
		if in := list[end]; in.Keyword == "cmd" || in.Keyword == "entrypoint" || in.Keyword == "copy" && n.files.owns[in] {
			break
		}
	}
	return first, max(end, first+1)
}
