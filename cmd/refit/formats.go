package main

import (
	"bufio"
	"runtime/debug"
	"strings"

	"refit/internal/passdoc"
	"refit/internal/pullrequest"
	"refit/internal/report"
	"refit/passes"
)

// The formats that have a meaning beyond what they print.
const (
	formatNone   = ""
	formatDiff   = "diff"
	formatText   = "text"
	formatJSON   = "json"
	formatGitHub = "github"

	formatMarkdown = "markdown"
)

// format is a value of --format for a dry run or --write.
type format struct {
	name     string
	renderer func(*app) report.Renderer
}

// formats lists them. A new one needs a line here and nothing else.
func formats() []format {
	return []format{
		{formatDiff, func(a *app) report.Renderer { return &diffs{a.out, a.outSty} }},
		{formatText, func(a *app) report.Renderer { return &texts{a.out, a.outSty} }},
		{formatJSON, func(a *app) report.Renderer { return report.NewJSON(a.out) }},
		{"sarif", func(a *app) report.Renderer { return report.NewSARIF(a.out, a.sarifConfig()) }},
		{formatMarkdown, func(a *app) report.Renderer {
			return pullrequest.New(a.out, commandLine(a.opt), rules())
		}},
		{formatGitHub, func(a *app) report.Renderer { return report.NewGitHub(a.out, rules(), a.outSty) }},
		{"gitlab", func(a *app) report.Renderer { return report.NewGitLab(a.out, rules()) }},
		{formatHTML, newHTMLPage},
	}
}

func formatNames() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// newRenderer returns what writes the report; nil when there is none to write.
func newRenderer(a *app) report.Renderer {
	for _, f := range formats() {
		if f.name == a.opt.format {
			return f.renderer(a)
		}
	}
	return nil
}

func (a *app) sarifConfig() *report.SARIFConfig {
	cfg := &report.SARIFConfig{Root: a.root.dir, Rules: rules(), Applied: a.opt.write}
	if info, ok := debug.ReadBuildInfo(); ok {
		cfg.Version = info.Main.Version
		cfg.URI = publicURL(info.Main.Path)
	}
	if cfg.URI != "" {
		for i := range cfg.Rules {
			r := &cfg.Rules[i]
			r.URI = cfg.URI + "/blob/HEAD/docs/passes.md#" + r.Pass.Name
		}
	}
	return cfg
}

// publicURL is where a module can be read, by its path: a module without a host in
// it is not published.
func publicURL(module string) string {
	if host, _, ok := strings.Cut(module, "/"); ok && strings.Contains(host, ".") {
		return "https://" + module
	}
	return ""
}

// rules are what reports tell of the passes.
func rules() []report.Rule {
	tags := map[string]string{}
	for _, g := range passes.Groups() {
		for _, name := range g.Passes {
			tags[name] = g.Tag
		}
	}
	var all []report.Rule
	for _, p := range passes.All() {
		r := report.Rule{Pass: p, Group: tags[p.Name], Level: report.LevelNote, Markdown: passdoc.Markdown(p)}
		if passes.Urgent(p.Name) {
			r.Level = report.LevelWarning
		}
		var text strings.Builder
		passdoc.Text(&text, p, passdoc.Screen{Width: 80})
		r.Help = text.String()
		all = append(all, r)
	}
	return all
}

// diffs prints what git apply takes.
type diffs struct {
	out   *bufio.Writer
	style report.Style
}

func (d *diffs) Add(e *report.Entry) error { return report.Diff(d.out, e.Diff, d.style) }

func (d *diffs) Close(*report.Summary) error { return nil }

// texts prints what people read.
type texts struct {
	out   *bufio.Writer
	style report.Style
}

func (t *texts) Add(e *report.Entry) error { return report.Text(t.out, e.File, t.style) }

func (t *texts) Close(*report.Summary) error { return nil }
