package passes

import (
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/transform"
)

// relativeWorkdir writes out where a relative WORKDIR leads, if the directory it
// starts from is known: from the WORKDIRs above, or because the base is an
// official image that sets none.
func relativeWorkdir(f *transform.File, in *transform.Instruction, from workdir) *transform.Finding {
	cmd, _ := in.Command()
	c, ok := cmd.(*instructions.WorkdirCommand)
	if !ok || path.IsAbs(c.Path) || isWindows(in.Stage) {
		return nil
	}
	dir, ok := f.State(in).Expand(c.Path)
	if !ok || dir == "" || path.IsAbs(dir) {
		return nil
	}
	words := f.Words(in)
	arg := transform.Span{Start: words[1].Span.Start, End: words[len(words)-1].Span.End}
	text := path.Join(from.path, dir)
	switch {
	case !from.known:
		return &transform.Finding{At: in.Body, Reason: "workdir-unknown",
			Why: "the path is relative to a directory that only the base image knows"}
	case strings.ContainsAny(dir, "$\"'\\`") || strings.Contains(f.Text(arg), "\n"):
		return nil
	case dir != c.Path && !strings.ContainsAny(c.Path, "\"'\\`"):
		text = strings.TrimSuffix(from.path, "/") + "/" + strings.TrimPrefix(c.Path, "./") // with its variables
	}
	return &transform.Finding{
		At:    in.Body,
		Why:   "a relative WORKDIR leads elsewhere when a line above it, or the base image, changes",
		Edits: []transform.Edit{{Span: arg, New: text}},
	}
}
