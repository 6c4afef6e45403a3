package passes

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

var mergeLayersPass = &transform.Pass{
	Name: "merge-layers",
	Doc: transform.Doc{
		Title: "join adjacent small steps of the final image",
		Text: "Adjacent RUNs of the final stage that only make directories, links, users and files, or change their mode " +
			"and owner, become one: a layer for each costs more than what is in it, and a chmod or chown in a layer of its " +
			"own stores the files twice. Steps that install or build stay by themselves, since the cache would be lost for " +
			"both when one changes; so do all steps of builder stages, whose layers nobody ships.",
		Before: "FROM debian:12-slim\nRUN groupadd app\nRUN useradd -g app app\n# where it writes\nRUN mkdir /data\n" +
			"RUN chown app /data\nCMD [\"sleep\", \"60\"]\n",
		After: "FROM debian:12-slim\nRUN groupadd app \\\n && useradd -g app app \\\n# where it writes\n && mkdir /data \\\n" +
			" && chown app /data\nCMD [\"sleep\", \"60\"]\n",
		Sources: []string{
			"Docker documentation, Building best practices, Minimize the number of layers",
			"hadolint DL3059, and hadolint issue 1056 on builder stages",
		},
	},
	Declines: []transform.Decline{
		{Key: "state", When: "one of the steps changes its own shell (cd, set, export, umask, trap, a job, …)"},
		{Key: "shape", When: "one of the steps is more than commands joined by &&, or the shell cannot be read"},
		{Key: "flags", When: "the steps have different flags"},
	},
	Hadolint: []string{"DL3059"},
	Run:      runMergeLayers,
}

// runMergeLayers joins runs of adjacent small steps by &&.
//
// It is sound because each script is nothing but simple commands joined by &&
// that leave nothing behind in their shell: the first that fails stops the
// build, as it did before, and each command finds the same variables, directory
// and options. What the steps did to the file system they do in the same order.
func runMergeLayers(f *transform.File) []transform.Finding {
	final := f.Final()
	if final == nil {
		return nil
	}
	var findings []transform.Finding
	for i := 0; i < len(final.Instructions); {
		g := []*transform.Instruction{final.Instructions[i]}
		if !isSmall(f, g[0]) {
			i++
			continue
		}
		for i++; i < len(final.Instructions) && isSmall(f, final.Instructions[i]); i++ {
			in := final.Instructions[i]
			key, why := apart(f, g[len(g)-1], in)
			if key == "" {
				g = append(g, in)
				continue
			}
			if why != "" {
				findings = append(findings, transform.Finding{At: in.Body, Reason: key, Why: why})
			}
			break
		}
		if len(g) > 1 {
			findings = append(findings, mergeSteps(f, g))
		}
	}
	return findings
}

// mergeSteps makes one RUN of several.
func mergeSteps(f *transform.File, g []*transform.Instruction) transform.Finding {
	style := styleOf(f, g)
	fd := transform.Finding{
		At:  g[0].Body,
		Why: fmt.Sprintf("%d small steps become one layer: none of them is worth one, and they change together", len(g)),
	}
	for i := 1; i < len(g); i++ {
		a, b := shell.Of(f, g[i-1]).Top(), shell.Of(f, g[i]).Top()
		from := shell.In(g[i-1], a[len(a)-1].Span).End
		to := shell.In(g[i], b[0].Span).Start
		fd.Edits = append(fd.Edits, transform.Edit{
			Span: transform.Span{Start: from, End: to}, New: style.glue(commentLines(f.Src, from, to)),
		})
		fd.Notes = append(fd.Notes, transform.Note{At: g[i].Body, Why: "joined with the step above it"})
	}
	return fd
}

// apart says why b cannot follow a in one RUN. A key without a sentence is not
// worth reporting.
func apart(f *transform.File, a, b *transform.Instruction) (key, why string) {
	switch {
	case !sameFlags(a, b):
		return "flags", "the step's flags are not those of the one above it"
	case speaksToTool(f, b):
		return "shape", ""
	}
	for _, in := range []*transform.Instruction{a, b} {
		s := shell.Of(f, in)
		if leaks := s.Leaks(); len(leaks) > 0 && leaks[0].Kind != shell.LeakComment && leaks[0].Kind != shell.LeakBackslash {
			return "state", fmt.Sprintf("%q acts on its own shell, and would on what is joined to it", clipCommand(f.Text(shell.In(in, leaks[0].Span))))
		}
		if !s.Simple() {
			return "shape", "only commands joined by && can be joined to others without a change of meaning"
		}
	}
	head := f.Text(transform.Span{Start: b.Body.Start, End: shell.In(b, shell.Of(f, b).Top()[0].Span).Start})
	if strings.Contains(head, "#") {
		return "shape", ""
	}
	return "", ""
}

// smallCommands do little, in no time: their outcome depends on the image and
// on nothing outside it, and what they write is small.
var smallCommands = strings.Fields(`mkdir rmdir chmod chown chgrp ln touch rm mv echo printf sed install true :
	useradd usermod userdel groupadd groupmod groupdel adduser addgroup deluser passwd chpasswd chsh setcap update-alternatives
	ldconfig a2enmod a2dismod a2ensite a2dissite a2enconf a2disconf`)

// shellCommands change the shell they run in; with small ones they are worth a
// word, not more.
var shellCommands = strings.Fields("cd set export umask trap exit unset alias")

// isSmall reports a RUN of small commands, whatever joins them.
func isSmall(f *transform.File, in *transform.Instruction) bool {
	if in.Keyword != "run" {
		return false
	}
	s := shell.Of(f, in)
	if s.Form != shell.ShellForm {
		return false
	}
	small := false
	for _, c := range s.Commands() {
		call, ok := argv.Of(c)
		switch {
		case c.Kind != shell.Simple || !ok || call.Python != "":
			return false
		case slices.Contains(smallCommands, call.Name):
			small = true
		case slices.Contains(shellCommands, call.Name), tidies(c):
		default:
			return false
		}
	}
	return small
}

// tidies reports a call that only clears up behind apt.
func tidies(c *shell.Command) bool {
	a, ok := argv.Apt(c)
	if !ok {
		return false
	}
	switch a.Subcommand.Text {
	case "clean", "autoclean", "autoremove":
		return true
	}
	return false
}
