package shell

import (
	"strings"

	"refit/transform"
)

// A memoKey identifies the script of an instruction: its text depends on
// nothing but the instruction and the shell in force.
type memoKey struct{ shell string }

// Of returns the script of a RUN, CMD, ENTRYPOINT or HEALTHCHECK, nil for any
// other instruction. Offsets in it are relative to in.Body.Start; In, Delete
// and Replace give the file's. It is made once for the same text.
func Of(f *transform.File, in *transform.Instruction) *Script {
	switch in.Keyword {
	case "run", "cmd", "entrypoint", "healthcheck":
	default:
		return nil
	}
	shell := shellAt(f, in)
	key := memoKey{strings.Join(shell, "\x00")}
	return in.Memo(key, func() any {
		return Parse(f.Text(in.Body), in.Node, Options{Escape: f.Escape, Shell: shell})
	}).(*Script)
}

// shellAt is the SHELL in force at in. A Windows image has its own default.
func shellAt(f *transform.File, in *transform.Instruction) []string {
	if st := f.State(in); st != nil && len(st.Shell) > 0 {
		return st.Shell
	}
	if in.Stage != nil && isWindows(in.Stage.Root().Base.Raw) {
		return []string{"cmd", "/S", "/C"}
	}
	return nil
}

// isWindows reports whether an image name is one of Microsoft's Windows base
// images or a tag built on one, as the official images name them.
func isWindows(image string) bool {
	image = strings.ToLower(image)
	for _, mark := range []string{"mcr.microsoft.com/windows", "windowsservercore", "nanoserver"} {
		if strings.Contains(image, mark) {
			return true
		}
	}
	return false
}

// In gives a span of in's script in file coordinates.
func In(in *transform.Instruction, s Span) transform.Span {
	return between(in.Body.Start+s.Start, in.Body.Start+s.End)
}

// Replace is the edit that puts text in the place of a span of in's script.
func Replace(in *transform.Instruction, s Span, text string) transform.Edit {
	return transform.Edit{Span: In(in, s), New: text}
}

// Delete is the edits that remove spans of in's script.
func Delete(in *transform.Instruction, gone []Span) []transform.Edit {
	edits := make([]transform.Edit, len(gone))
	for i, s := range gone {
		edits[i] = Replace(in, s, "")
	}
	return edits
}
