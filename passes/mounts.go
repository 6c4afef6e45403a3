package passes

import (
	"path"
	"strings"

	"refit/transform"
)

// A mount is what a RUN --mount says, with its variables.
type mount struct {
	kind   string // bind where none is written
	source string
	target string // as written; "" where none is
	from   string
}

func mountsOf(in *transform.Instruction) []mount {
	var list []mount
	for _, flag := range in.Node.Flags {
		spec, ok := strings.CutPrefix(flag, "--mount=")
		if !ok {
			continue
		}
		m := mount{kind: "bind", source: "."}
		for field := range strings.SplitSeq(spec, ",") {
			key, value, _ := strings.Cut(field, "=")
			switch key {
			case "type":
				m.kind = value
			case "source", "src":
				m.source = value
			case "target", "dst", "destination":
				m.target = value
			case "from":
				m.from = value
			}
		}
		list = append(list, m)
	}
	return list
}

// ofContext reports a mount that shows a part of the build context.
func (m mount) ofContext() bool { return m.kind == "bind" && m.from == "" }

// file finds the file of the mount's source that stands at a path.
func (m mount) file(p string) (string, bool) {
	if m.target == "" {
		return "", false
	}
	target := path.Clean("/" + m.target)
	if p == target {
		return m.source, true
	}
	rel, ok := strings.CutPrefix(p, strings.TrimSuffix(target, "/")+"/")
	return path.Join(m.source, rel), ok
}
