package passes

import (
	"slices"
	"strings"

	"refit/transform"
)

// deadSteps removes instructions that leave no trace in the image and that
// nothing else in the file sees.
var deadStepsPass = &transform.Pass{
	Name: "dead-steps",
	Doc: transform.Doc{
		Title: "remove instructions that do nothing",
		Text: "Each RUN starts a new shell, so that activating a virtual environment, cd, export or set in a RUN of its own " +
			"ends with it. Package lists that no later step reads are only weight. An ARG or ENV that the next one " +
			"replaces before any use, an ARG that is declared already, a CMD, ENTRYPOINT or HEALTHCHECK that a later one " +
			"in the stage replaces, and a virtual environment that neither a step nor the context mentions again, are " +
			"removed as well. Comments above them stay.",
		Before: "FROM python:3.12-slim-bookworm\nARG PORT=80\nARG PORT=8000\nWORKDIR /app\n# leave the root\nRUN cd /app\n" +
			"RUN pip install flask==3.0.3\nRUN apt-get update\nCMD [\"flask\", \"routes\"]\nCMD [\"flask\", \"run\"]\n",
		After: "FROM python:3.12-slim-bookworm\nARG PORT=8000\nWORKDIR /app\n# leave the root\n" +
			"RUN pip install flask==3.0.3\nCMD [\"flask\", \"run\"]\n",
		Sources: []string{
			"Dockerfile reference: RUN, ARG, CMD, ENTRYPOINT, HEALTHCHECK",
			"Docker build check MultipleInstructionsDisallowed; hadolint: DL3012, DL4003, DL4004",
		},
	},
	Hadolint: []string{"DL3012", "DL4003", "DL4004"},
	Declines: []transform.Decline{
		{Key: "lists-maybe-used", When: "a step or the container's program may install packages from the lists"},
		{Key: "venv-maybe-used", When: "something that is not known may use the virtual environment"},
	},
	Again: true,
	Run:   runDeadSteps,
}

// runDeadSteps asks each kind of dead step in turn. A step is in one finding
// only: a virtual environment takes the steps with it that touch it.
func runDeadSteps(f *transform.File) []transform.Finding {
	taken := map[*transform.Instruction]bool{}
	image := &inImage{File: f}
	found := deadVenvs(image, taken)
	for _, in := range f.Instructions {
		if in.Keyword != "run" || taken[in] {
			continue
		}
		if why := leavesNothing(f, in); why != "" {
			found = append(found, removal(f, why, in))
			continue
		}
		if fd := deadLists(image, in); fd != nil {
			found = append(found, *fd)
		}
	}
	found = append(found, replacedValues(f)...)
	found = append(found, replacedCommands(f)...)
	return removable(f, found)
}

// removal is the change that takes instructions out.
func removal(f *transform.File, why string, gone ...*transform.Instruction) transform.Finding {
	fd := transform.Finding{At: gone[0].Body, Why: why}
	for _, in := range gone {
		fd.Edits = append(fd.Edits, transform.Edit{Span: removed(f, in)})
	}
	return fd
}

// removed is what goes with an instruction: its lines, and the blank ones above
// it where blank lines follow. Comments above it stay.
func removed(f *transform.File, in *transform.Instruction) transform.Span {
	span := transform.Span{Start: lineStart(f.Src, in.Body.Start), End: in.Span.End}
	next := f.Text(f.Tail)
	if in.Index+1 < len(f.Instructions) {
		next = f.Text(f.Instructions[in.Index+1].Leading())
	}
	blank := strings.TrimSpace(f.Text(in.Leading())) == ""
	if line, _, _ := strings.Cut(next, "\n"); blank && strings.TrimSpace(line) == "" && next != "" && in.Index > 0 {
		span.Start = in.Span.Start
	}
	return span
}

// removable leaves out what cannot go without a trace: an instruction with a
// comment inside, and the last one of a file without a newline at its end, which
// would end otherwise.
func removable(f *transform.File, found []transform.Finding) []transform.Finding {
	return slices.DeleteFunc(found, func(fd transform.Finding) bool {
		return slices.ContainsFunc(fd.Edits, func(e transform.Edit) bool {
			atEnd := e.Span.End == len(f.Src) && !strings.HasSuffix(f.Src, "\n")
			return atEnd || hasComment(strings.TrimLeft(f.Text(e.Span), "\r\n"))
		})
	})
}
