package passes

import (
	"fmt"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// warn adds to a decline what the reader must know all the same: that the file does
// not build today.
func (m *eolMove) warn(fd *transform.Finding) {
	if fd.IsChange() {
		return
	}
	for _, b := range m.bases {
		if in := b.updates(m.f); in != nil {
			fd.Notes = append(fd.Notes, transform.Note{At: in.Body, Warn: true,
				Why: fmt.Sprintf("Debian %s has left the mirrors: apt-get update fails here, and with it the build", b.tag.Distro)})
		}
	}
}

// updates is the first step that asks the release's mirrors, and fails; nil where none
// does, or where the file has package sources of its own.
func (b *eolBase) updates(f *transform.File) *transform.Instruction {
	var first *transform.Instruction
	for _, st := range b.stages {
		for _, in := range st.Instructions {
			if sourcesOf.MatchString(f.Text(in.Body)) {
				return nil
			}
			if in.Keyword != "run" || first != nil {
				continue
			}
			s := shell.Of(f, in)
			for _, c := range s.Commands() {
				if a, ok := argv.Apt(c); ok && a.Subcommand.Text == "update" && !strings.Contains(s.Text, "||") {
					first = in
				}
			}
		}
	}
	return first
}
