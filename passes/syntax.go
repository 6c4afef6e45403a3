package passes

import "refit/transform"

// syntaxPass writes what has two spellings in the one that BuildKit and hadolint ask
// for.
var syntaxPass = &transform.Pass{
	Name: "syntax",
	Doc: transform.Doc{
		Title: "write instructions in the form that BuildKit asks for",
		Text: "MAINTAINER becomes a label, “ENV key value” and “LABEL key value” get their equals sign, keywords are " +
			"spelt alike and stage names in lower case, ADD of local files becomes COPY, a CMD or ENTRYPOINT that needs " +
			"no shell is given as a list, so that the program itself gets the container's signals, one that needs the shell as the " +
			"list that the shell form stands for, with exec, a relative WORKDIR is written out, and blank lines inside a continued instruction go. The image stays the same but for the " +
			"author, who becomes a label, and for the shell before the program, which is no longer there.",
		Before: "FROM python:3.12-slim-bookworm as Base\nMAINTAINER Ada <ada@example.com>\nENV APP_HOME /srv/app\n" +
			"WORKDIR srv\nADD requirements.txt /srv/\nEXPOSE 8000/TCP\nCMD python -m http.server\n",
		After: "FROM python:3.12-slim-bookworm AS base\nLABEL maintainer=\"Ada <ada@example.com>\"\nENV APP_HOME=/srv/app\n" +
			"WORKDIR /srv\nCOPY requirements.txt /srv/\nEXPOSE 8000/tcp\nCMD [\"python\", \"-m\", \"http.server\"]\n",
		Sources: []string{
			"Docker build checks: MaintainerDeprecated, LegacyKeyValueFormat, FromAsCasing, StageNameCasing, " +
				"ConsistentInstructionCasing, JSONArgsRecommended, WorkdirRelativePath, NoEmptyContinuation, " +
				"RedundantTargetPlatform, ExposeProtoCasing, ExposeInvalidFormat",
			"hadolint: DL3000, DL3020, DL3025, DL4000",
		},
	},
	Alters:   []string{"label:maintainer", "cmd", "entrypoint"},
	Hadolint: []string{"DL3000", "DL3020", "DL3025", "DL4000"},
	Declines: []transform.Decline{
		{Key: "label-set", When: "a MAINTAINER stands below a label of the same name, which it would replace"},
		{Key: "value-differs", When: "no way of writing the value means the same in the other form"},
		{Key: "may-be-archive", When: "a source of ADD may be an archive, which ADD unpacks and COPY does not"},
		{Key: "workdir-unknown", When: "a relative WORKDIR starts from a directory that only the base image knows"},
		{Key: "shell-needed", When: "a CMD or ENTRYPOINT needs the shell, and goes over several lines or does not end in a plain command"},
		{Key: "not-json", When: "a CMD or ENTRYPOINT looks like a list but is none, so that the shell gets it"},
		{Key: "no-shebang", When: "the program of a CMD or ENTRYPOINT may be a script that only a shell can start, and the command goes over several lines"},
		{Key: "entrypoint-takes-cmd", When: "the CMD is handed to an ENTRYPOINT, of this file or of the base image, that may look at it"},
		{Key: "cmd-would-count", When: "an ENTRYPOINT for the shell ignores a CMD, which would become its arguments"},
	},
	Run: runSyntax,
}

// runSyntax goes through the instructions once. Each rewrite keeps the meaning
// by an argument of its own, given where it is written; they meet only in the
// keyword, which a rewrite that replaces it spells like the majority, and in
// blank lines, which go with the text around them.
func runSyntax(f *transform.File) []transform.Finding {
	w := &syntaxWalk{f: f, image: &inImage{File: f}, spelling: spellingOf(f)}
	var found []transform.Finding
	for _, in := range f.Instructions {
		here := w.findings(in)
		here = append(here, emptyContinuations(f, in, here)...)
		found = append(found, here...)
		w.pass(in)
	}
	return append(found, stageNames(f)...)
}

// A syntaxWalk is what the rewrites know of the file above an instruction.
type syntaxWalk struct {
	f        *transform.File
	image    *inImage
	spelling spelling
	dirs     workdirs
	labelled bool // the stage has a maintainer label
}

// pass moves behind an instruction.
func (w *syntaxWalk) pass(in *transform.Instruction) {
	w.dirs.pass(w.f, in)
	switch in.Keyword {
	case "from":
		w.labelled = false
	case "label":
		w.labelled = w.labelled || labels(in, "maintainer")
	}
}

func (w *syntaxWalk) findings(in *transform.Instruction) []transform.Finding {
	var found []transform.Finding
	add := func(fd *transform.Finding) {
		if fd != nil {
			found = append(found, *fd)
		}
	}
	add(w.spelling.keyword(w.f, in))
	switch in.Keyword {
	case "from":
		add(w.spelling.as(w.f, in))
		add(redundantPlatform(w.f, in))
	case "maintainer":
		return orElse(w.maintainer(in), found)
	case "add":
		return orElse(addToCopy(w.f, in, w.spelling), found)
	case "env", "label":
		add(legacyPair(w.f, in))
	case "workdir":
		add(relativeWorkdir(w.f, in, w.dirs.cur))
	case "expose":
		add(exposePorts(w.f, in))
	case "cmd", "entrypoint":
		add(execForm(w.image, in))
	}
	return found
}

// orElse takes the change that writes a new keyword in the place of one that
// respells the old one; a decline stands beside it.
func orElse(fd *transform.Finding, found []transform.Finding) []transform.Finding {
	switch {
	case fd == nil:
		return found
	case fd.IsChange():
		return []transform.Finding{*fd}
	}
	return append(found, *fd)
}
