package passes

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/transform"
)

// Dockerignore is the name of the pass that writes ignore files.
const Dockerignore = "dockerignore"

// dockerignorePass keeps files out of the build context that no image needs.
var dockerignorePass = &transform.Pass{
	Name:    Dockerignore,
	Narrows: true,
	Doc: transform.Doc{
		Title: "keep what no image needs out of the build context",
		Text: "COPY of a whole folder brings the history of version control, caches, virtual environments and secrets " +
			"into the image, and every change of them makes the build copy again. What the context really holds of " +
			"these is named in .dockerignore: a new one, or at the end of the one that is there. So is a virtual " +
			"environment that nobody has made here yet, where one would be copied over that of the builder. A file that " +
			"an instruction names, or that the code seems to use, is never hidden.",
		Before: "FROM python:3.12-slim-bookworm\nWORKDIR /app\nCOPY . .\nCMD [\"python\", \"app.py\"]\n",
		After:  "FROM python:3.12-slim-bookworm\nWORKDIR /app\nCOPY . .\nCMD [\"python\", \"app.py\"]\n",
		Files:  map[string]string{"app.py": "print(1)\n", ".git/HEAD": "ref: refs/heads/main\n", "Dockerfile": ""},
		Sources: []string{
			"Docker documentation, “Build context”, .dockerignore files",
			"Docker documentation, “Building best practices”, exclude with .dockerignore",
		},
	},
	Declines: []transform.Decline{
		{Key: "no-context", When: "the build context is unknown"},
		{Key: "unreadable", When: "the build context or its ignore file cannot be read as a whole"},
		{Key: "unknown-source", When: "what a COPY names is not known, so that it might be anything"},
		{Key: "allow-list", When: "the ignore file hides everything but what it names"},
		{Key: "needs-history", When: "a step or the project's build asks git for a version or the like"},
		{Key: "file-used", When: "the code, a script or a step names a file that otherwise would be hidden"},
	},
	Run: runDockerignore,
}

// runDockerignore names in the ignore file what buildctx recognises in folders
// that are copied. It hides a thing only if
//
//   - no COPY, ADD or RUN --mount of any Dockerfile of the context names it, or
//     anything in it;
//   - for things that a program could read (secrets, logs, virtual environments,
//     the history): no text file of the context and no instruction names it;
//   - it can be made anew by the steps that are there (node_modules).
//
// Tests, documentation and data may be needed by anything; they are reported by
// size and stay. The patterns are tried on every file of the context before they
// are written: one that would hide anything else is written as plain paths. A
// file that has patterns with "!" for something is believed, and one that hides
// all but what it names is left alone.
func runDockerignore(f *transform.File) []transform.Finding {
	at := firstFolderCopy(f)
	if at == nil {
		return nil
	}
	ctx := contextOf(f)
	if ctx == nil {
		return []transform.Finding{{At: at.Body, Reason: "no-context", Why: "the build context is unknown, so nobody knows what is in the folder"}}
	}
	g, err := newIgnoring(f, ctx)
	if err != nil {
		return []transform.Finding{{At: at.Body, Reason: "unreadable", Why: err.Error()}}
	}
	if g.in == nil {
		return nil // no folder of the context after all
	}
	return g.findings()
}

// firstFolderCopy is the first instruction that seems to copy a folder.
func firstFolderCopy(f *transform.File) *transform.Instruction {
	for _, in := range f.Instructions {
		if (in.Keyword == "copy" || in.Keyword == "add") && in.Stage != nil && copiesFolder(in) {
			return in
		}
	}
	return nil
}

// ignoring is the state of one run.
type ignoring struct {
	f   *transform.File
	ctx *buildctx.Context
	in  *transform.Instruction // the first that copies a folder

	use    contextUse // of all Dockerfiles of the context
	items  []buildctx.Item
	file   ignoreFile
	hidden []hidden
	held   []transform.Finding
}

// ignoreFile is the ignore file in force.
type ignoreFile struct {
	name     string
	text     string
	there    bool
	patterns []string
}

// hidden is a line of the ignore file and what it stands for.
type hidden struct {
	pattern  string
	group    int
	why      string
	bytes    int64
	foreseen bool // nothing of it is here
}

func newIgnoring(f *transform.File, ctx *buildctx.Context) (*ignoring, error) {
	g := &ignoring{f: f, ctx: ctx}
	inv, err := ctx.Inventory()
	if err != nil {
		return nil, fmt.Errorf("the build context cannot be looked at: %w", err)
	}
	if !inv.Complete {
		return nil, errors.New("not all of the build context can be looked at")
	}
	g.items = inv.Items
	g.use.read(f, ctx)
	g.in = g.use.first
	if err := g.readFile(); err != nil {
		return nil, err
	}
	g.readOthers()
	return g, nil
}

func (g *ignoring) readFile() error {
	name, patterns, err := g.ctx.IgnoreFile()
	if err != nil {
		return fmt.Errorf("the ignore file cannot be read: %w", err)
	}
	g.file = ignoreFile{name: ".dockerignore", patterns: patterns}
	if name == "" {
		return nil
	}
	text, err := g.ctx.ReadFile(name)
	if err != nil {
		return fmt.Errorf("the ignore file cannot be read: %w", err)
	}
	g.file.name, g.file.text, g.file.there = name, string(text), true
	return nil
}

// readOthers adds what the other Dockerfiles of the context use: all see the
// same ignore file, but for those that have one of their own.
func (g *ignoring) readOthers() {
	if g.file.name != ".dockerignore" {
		return
	}
	for _, text := range g.f.Options.Others {
		g.use.add(useOf("Dockerfile", text, g.ctx))
	}
	const most = 50
	read := 0
	for _, it := range g.items {
		if it.Kind != buildctx.Docker || !isDockerfile(it.Path) || it.Path == g.f.Options.Dockerfile || read >= most {
			continue
		}
		if _, err := fs.Stat(g.ctx.FS(), it.Path+".dockerignore"); err == nil {
			continue
		}
		text, err := g.ctx.ReadFile(it.Path)
		if err != nil {
			continue
		}
		if use := useOf(it.Path, string(text), g.ctx); use != nil {
			read++
			g.use.add(use)
		}
	}
}

func isDockerfile(name string) bool {
	base := strings.ToLower(name[strings.LastIndexByte(name, '/')+1:])
	if strings.HasSuffix(base, ".dockerignore") {
		return false
	}
	return base == "dockerfile" || base == "containerfile" || strings.HasPrefix(base, "dockerfile.") || strings.HasSuffix(base, ".dockerfile")
}

// findings are the new ignore file, and what was held back.
func (g *ignoring) findings() []transform.Finding {
	if g.use.unknown != "" {
		return []transform.Finding{{At: g.in.Body, Reason: "unknown-source", Why: "it is not known which files “" + g.use.unknown + "” names"}}
	}
	wanted := g.choose()
	if g.file.allowsOnly() {
		if len(wanted) == 0 {
			return nil
		}
		return []transform.Finding{{At: g.in.Body, Reason: "allow-list",
			Why: fmt.Sprintf("%s hides everything but what it names, and names a folder with %s", g.file.name, wanted[0].Path)}}
	}
	g.spell(wanted)
	made := g.madeEnvironments()
	g.foresee(made)
	worth := slices.ContainsFunc(wanted, func(i ignored) bool { return WorthIgnoring(i.Item) })
	if !worth && len(made) == 0 || len(g.hidden) == 0 {
		return g.held
	}
	change := transform.Finding{
		At:         g.in.Body,
		Why:        g.why(),
		Companions: []transform.Companion{{Path: g.file.name, Content: g.content()}},
	}
	for _, h := range g.hidden {
		size := " (" + sizeOf(h.bytes) + ")"
		if h.foreseen {
			size = ""
		}
		change.Notes = append(change.Notes, transform.Note{At: g.in.Body, Why: h.pattern + size + ": " + h.why})
	}
	change.Notes = append(change.Notes, g.keptNotes()...)
	return append([]transform.Finding{change}, g.held...)
}

func (g *ignoring) why() string {
	var bytes int64
	for _, h := range g.hidden {
		bytes += h.bytes
	}
	done := "is new and keeps"
	if g.file.there {
		done = "also keeps"
	}
	if bytes == 0 && slices.ContainsFunc(g.hidden, func(h hidden) bool { return h.foreseen }) {
		return fmt.Sprintf("%s %s what other working copies hold out of the image", g.file.name, done)
	}
	return fmt.Sprintf("%s %s %s out of the image and of every build", g.file.name, done, sizeOf(bytes))
}

// sizeOf writes a number of bytes for people.
func sizeOf(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f kB", float64(n)/(1<<10))
	case n == 1:
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// allowsOnly reports a file that hides everything but what it names.
func (i *ignoreFile) allowsOnly() bool {
	all := slices.ContainsFunc(i.patterns, func(p string) bool { return p == "*" || p == "**" || p == "**/*" })
	return all && slices.ContainsFunc(i.patterns, func(p string) bool { return strings.HasPrefix(p, "!") })
}

// content is the whole new text: what is there stays byte for byte.
func (g *ignoring) content() string {
	var b strings.Builder
	group := -1
	for _, h := range g.hidden {
		if h.group != group {
			if group >= 0 {
				b.WriteString("\n")
			}
			b.WriteString("# " + ignoreGroups[h.group] + "\n")
			group = h.group
		}
		b.WriteString(h.pattern + "\n")
	}
	text, added := g.file.text, b.String()
	if strings.TrimSpace(text) != "" {
		if !strings.HasSuffix(text, "\n") {
			added = "\n\n" + added
		} else if !strings.HasSuffix(strings.ReplaceAll(text, "\r", ""), "\n\n") {
			added = "\n" + added
		}
	}
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		added = strings.ReplaceAll(added, "\n", "\r\n")
	}
	return text + added
}
