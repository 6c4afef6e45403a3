package passes

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"

	"refit/transform"
)

// venvGroup is the place of virtual environments in ignoreGroups.
const venvGroup = 2

// madeEnvironments are the virtual environments, as paths of the context, that
// the final stage takes from another one and that a folder copied behind them
// would replace if it held one too. Whoever works on the project has one there:
// uv, PDM and Poetry make .venv beside the source.
func (g *ignoring) madeEnvironments() []string {
	s := g.f.Final()
	if s == nil || g.file.allowsOnly() {
		return nil
	}
	image := &inImage{File: g.f}
	var made []string // in the image
	var found []string
	for _, in := range s.Instructions {
		c, ok := copyingOf(in)
		if !ok {
			continue
		}
		dest, known := absAt(image, in, c.dest)
		switch {
		case !known:
		case c.from != "" && isVenv(dest):
			made = append(made, dest)
		default:
			for _, env := range made {
				for _, folder := range g.foldersOf(in) {
					if rel, below := strings.CutPrefix(env, strings.TrimSuffix(dest, "/")+"/"); below {
						found = append(found, path.Join(folder, rel))
					}
				}
			}
		}
	}
	return g.notHidden(found)
}

// foresee adds environments to the lines of the ignore file, in their group.
func (g *ignoring) foresee(environments []string) {
	for _, p := range environments {
		i := slices.IndexFunc(g.hidden, func(h hidden) bool { return h.group > venvGroup })
		if i < 0 {
			i = len(g.hidden)
		}
		g.hidden = slices.Insert(g.hidden, i, hidden{pattern: p, group: venvGroup, foreseen: true,
			why: "made beside the source, it would be copied over the one that the builder makes"})
	}
}

// foldersOf are the folders of the context whose content an instruction copies.
func (g *ignoring) foldersOf(in *transform.Instruction) []string {
	var folders []string
	for _, raw := range contextSources(in) {
		source, ok := defaultText(g.f.State(in), raw)
		if dir, _ := g.ctx.IsDir(source); ok && dir {
			folders = append(folders, path.Clean(source))
		}
	}
	return folders
}

// notHidden leaves out what the ignore file hides already, or asks for, and what
// is in the context, on which choose decides.
func (g *ignoring) notHidden(paths []string) []string {
	var open []string
	for _, p := range paths {
		hidden, err := patternmatcher.MatchesOrParentMatches(p, g.file.patterns)
		if exists, known := g.ctx.Exists(p); !hidden && err == nil && !exists && known && !g.excepted(p) && !g.use.names(p) {
			open = append(open, p)
		}
	}
	return open
}
