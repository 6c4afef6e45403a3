package passes

import (
	"strings"

	"refit/transform"
)

// edits writes what becomes the user's into the finding.
func (o *fileOwner) edits(fd *transform.Finding) {
	for _, in := range o.n.seq {
		if o.owns[in] {
			fd.Edits = append(fd.Edits, addFlags(o.n.f, in, " --chown="+o.n.as.owner))
			fd.Notes = append(fd.Notes, transform.Note{At: in.Body, Why: "the application may read and write what is copied here, as before"})
		}
	}
	for _, g := range o.gifts {
		fd.Edits = append(fd.Edits, appendCommand(o.n.f, g.in, g.script, o.command(&g)))
		fd.Notes = append(fd.Notes, transform.Note{At: g.in.Body, Why: "what the step makes is the user's; in the same step it is stored only once"})
	}
}

func (o *fileOwner) command(g *gift) string {
	if len(g.trees) > 0 {
		return o.chownTrees(g.trees)
	}
	return "chown " + o.n.as.owner + " " + strings.Join(g.dirs, " ")
}

// chownTrees gives the user what is not yet theirs below the directories, links
// and not what they lead to.
func (o *fileOwner) chownTrees(dirs []string) string {
	return "find " + strings.Join(dirs, " ") + " -xdev ! -user " + o.n.as.user + " -exec chown -h " + o.n.as.owner + " {} +"
}

// late is the script of the step of its own, or nothing.
func (o *fileOwner) late() string {
	if len(o.lateDirs) == 0 {
		return ""
	}
	return o.chownTrees(o.lateDirs)
}

// summary names what the user owns, for the reason.
func (o *fileOwner) summary() string {
	if len(o.dirs) == 0 {
		return ""
	}
	return ", and owns " + strings.Join(o.dirs, " and ")
}
