package passes

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/internal/plural"
	"refit/internal/pyuse"
	"refit/internal/shell"
	"refit/transform"
)

var unusedRequirementsPass = &transform.Pass{
	Name: "unused-requirements",
	Doc: transform.Doc{
		Title: "take out of the requirement files what nothing uses",
		Text: "Every import of the context's code, and every string, command and setting that names a distribution, is held " +
			"against the requirement files that pip installs; what one that is used requires or loads is used too. What " +
			"nothing can use is reported, and with --prune-requirements taken out of the file; every other byte of it stays. " +
			"Nothing is called unused while any code of the image, or the needs of any distribution, are not known: that is " +
			"“maybe”, and stays. “refit verify” asks what is installed in the image before the tables. “refit explain unused” " +
			"shows the evidence for each.",
		Before: "FROM python:3.12-slim-bookworm\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n" +
			"COPY . .\nCMD [\"python\", \"app.py\"]\n",
		After: "FROM python:3.12-slim-bookworm\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n" +
			"COPY . .\nCMD [\"python\", \"app.py\"]\n",
		Files: map[string]string{"app.py": "import requests\n", "requirements.txt": "requests==2.32.3\ncertifi==2024.8.30\nboto3==1.35.0\n"},
		Sources: []string{
			"a team's report of 2021: 97 packages became 39, 2.8 GB 368 MB",
			"PEP 503, PEP 508, and the core metadata of distributions (Requires-Dist)",
		},
	},
	Declines: []transform.Decline{
		{Key: "not-asked", When: "distributions look unused, and --prune-requirements does not ask for their removal"},
		{Key: "generated", When: "a tool such as pip-compile writes the requirement file from another one"},
		{Key: "not-certain", When: "code of the image, or what a distribution needs, is not known"},
		{Key: "unreadable", When: "a requirement file or the build context is not known, or cannot be read as a whole"},
	},
	Run: func(f *transform.File) []transform.Finding { return runUnusedRequirements(f, nil) },
}

// UnusedBy is the pass unused-requirements, judging by what installed distributions say of themselves, by name.
func UnusedBy(metadata map[string]facts.Distribution) *transform.Pass {
	p := *unusedRequirementsPass
	p.Run = func(f *transform.File) []transform.Finding { return runUnusedRequirements(f, metadata) }
	return &p
}

// runUnusedRequirements reports or removes what internal/pyuse calls unused. The analysis looks at the whole context,
// and is left out where the file installs nothing by -r.
func runUnusedRequirements(f *transform.File, metadata map[string]facts.Distribution) []transform.Finding {
	prune := f.Options.PruneRequirements
	r, at, err := unusedIn(f, metadata)
	switch {
	case at == nil:
		return nil
	case err != nil && !prune:
		return nil
	case err != nil:
		return []transform.Finding{*held(at.Body, "unreadable", "%v", err)}
	}
	found := r.Of(pyuse.Unused)
	switch {
	case len(found) == 0 && prune && len(r.Doubts) > 0:
		return []transform.Finding{*held(at.Body, "not-certain", "nothing is called unused: %v", r.Doubts[0])}
	case len(found) == 0:
		return nil
	case !prune:
		return []transform.Finding{*held(at.Body, "not-asked", "nothing seems to use %s (of %s: %d); --prune-requirements "+
			"takes out what nothing uses", nameSome(found), plural.Of(len(r.Results), "required distribution"), len(found))}
	}
	return []transform.Finding{pruneFinding(f, at, found)}
}

// nameSome names the first of the distributions.
func nameSome(found []pyuse.Result) string {
	const most = 6
	var names []string
	for _, r := range found {
		names = append(names, r.Requirement.Name)
	}
	if len(names) > most+1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// pruneFinding takes requirements out of their files.
func pruneFinding(f *transform.File, at *transform.Instruction, found []pyuse.Result) transform.Finding {
	finding := transform.Finding{At: at.Body}
	lines := map[string]map[int]bool{}
	for _, r := range found {
		q := r.Requirement
		if lines[q.File] == nil {
			lines[q.File] = map[int]bool{}
		}
		lines[q.File][q.Line] = true
		finding.Notes = append(finding.Notes, transform.Note{At: at.Body, Why: fmt.Sprintf("%s (%s:%d): %v", q.Name, q.File, q.Line, r.Evidence[0])})
	}
	for _, file := range sortedKeys(lines) {
		b, err := contextOf(f).ReadFile(file)
		if err != nil {
			return *held(at.Body, "unreadable", "%v", err)
		}
		text, err := buildctx.WithoutRequirements(string(b), lines[file])
		switch {
		case errors.Is(err, buildctx.ErrGenerated):
			return *held(at.Body, "generated", "%s is written by a tool, from which these should be taken: %s", file, nameSome(found))
		case err != nil:
			return *held(at.Body, "unreadable", "%s: %v", file, err)
		}
		finding.Companions = append(finding.Companions, transform.Companion{Path: file, Content: text})
	}
	finding.Why = fmt.Sprintf("nothing uses %s: %d distributions are no longer installed", nameSome(found), len(found))
	if len(found) == 1 {
		finding.Why = fmt.Sprintf("nothing uses %s, which is no longer installed", nameSome(found))
	}
	return finding
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// ErrNoRequirements says that a Dockerfile installs no requirement file by pip.
var ErrNoRequirements = errors.New("no requirement file is installed by pip")

// Unused is the verdict on each requirement that a Dockerfile installs. Metadata, which may be nil, is what the
// distributions say of themselves, by name.
func Unused(f *transform.File, metadata map[string]facts.Distribution) (*pyuse.Report, error) {
	r, at, err := unusedIn(f, metadata)
	if at == nil && err == nil {
		if m := managerOf(f); m != nil {
			return nil, fmt.Errorf("%w; what %s installs from %s is not judged", ErrNoRequirements, m.name, m.manifest)
		}
		return nil, ErrNoRequirements
	}
	return r, err
}

// managerOf is the manager that installs in a file; nil for none.
func managerOf(f *transform.File) *manager {
	for _, in := range f.Instructions {
		if in.Keyword != "run" {
			continue
		}
		for _, c := range shell.Of(f, in).Commands() {
			if m, ok := readManager(c); ok && m.kind == useInstall {
				return m.manager
			}
		}
	}
	return nil
}

// unusedIn also returns the step that installs the first requirement file; nil for none.
func unusedIn(f *transform.File, metadata map[string]facts.Distribution) (*pyuse.Report, *transform.Instruction, error) {
	w := &installReader{image: &inImage{File: f}, in: pyuse.Input{Context: contextOf(f), Metadata: metadata, Commands: map[string]buildctx.Place{}}}
	w.name = f.Options.Dockerfile
	if w.name == "" {
		w.name = "Dockerfile"
	}
	if !slices.ContainsFunc(f.Instructions, func(in *transform.Instruction) bool {
		return namesInstaller(f, in) && containsAny(f.Text(in.Body), []string{"-r", "--req"})
	}) {
		return nil, nil, nil
	}
	for _, in := range f.Instructions {
		if in.Stage != nil {
			w.instruction(in)
		}
	}
	if w.at == nil || w.err != nil {
		return nil, w.at, w.err
	}
	entrypoint, cmd := startedBy(f.Final())
	w.in.NoCommand = entrypoint == nil && cmd == nil
	w.in.Env = buildctx.LinuxEnv(w.python())
	r, err := pyuse.Analyse(w.in)
	return r, w.at, err
}

// python is the version of the images' Python, "" where that is not certain.
func (w *installReader) python() string {
	version := ""
	for _, s := range w.image.Stages {
		img, ok := baseImage(s.Root())
		if !ok || !img.Official || img.Name != "python" {
			continue
		}
		minor, _, _ := strings.Cut(img.Tag, "-")
		if parts := strings.Split(minor, "."); len(parts) > 1 {
			minor = parts[0] + "." + parts[1]
		}
		if version != "" && version != minor {
			return ""
		}
		version = minor
	}
	return version
}

// note adds the words of a text as those of the image's commands.
func (w *installReader) note(in *transform.Instruction, text string) {
	buildctx.EachWord(text, func(word string) {
		if _, ok := w.in.Commands[word]; !ok {
			w.in.Commands[word] = buildctx.Place{What: word, File: w.name, Line: in.StartLine}
		}
	})
}

// unseen notes that the image holds code that is not in the context.
func (w *installReader) unseen(in *transform.Instruction, format string, args ...any) {
	w.in.Unseen = append(w.in.Unseen, pyuse.Evidence{Why: fmt.Sprintf(format, args...), File: w.name, Line: in.StartLine})
}
