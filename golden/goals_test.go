package golden

import (
	"regexp"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/facts"
	"refit/transform"
)

// The goals look at text with means of their own, not with those of the passes.

var goals = []goal{
	{"adjacent apt steps merged and cleaned", hasAptPair, func(f *realFile) bool { return !aptPair(after(f)) }, 1, 1},
	{"official tags pinned", func(f *realFile) bool { return floating(before(f)) > 0 }, func(f *realFile) bool { return floating(after(f)) == 0 }, 1, 1},
	{"requirements before source", func(f *realFile) bool { return sourceFirst(before(f)) }, func(f *realFile) bool { return !sourceFirst(after(f)) }, 0.9, 0.9},
	{"gunicorn opened to GUNICORN_ARGS", func(f *realFile) bool { return startsGunicorn(before(f)) }, func(f *realFile) bool { return strings.Contains(f.result.After, "GUNICORN_") }, 0.9, 0.9},
	{"single-stage Python split", singlePython, func(f *realFile) bool { return len(after(f).Stages) > 1 }, 0.6, 0.6},
	// A good part of them starts in / or another directory of root's, where a relative write would fail: 25.2 %.
	{"Python given a user", func(f *realFile) bool { return singlePython(f) && !hasUser(before(f)) }, func(f *realFile) bool { return hasUser(after(f)) }, 0.6, 0.25},
}

func before(f *realFile) *transform.File { return parsed(f, f.src) }

func after(f *realFile) *transform.File { return parsed(f, f.result.After) }

func parsed(f *realFile, src string) *transform.File {
	p, err := transform.Parse(f.name, src, nil)
	if err != nil {
		panic(err) // the caller has run it
	}
	return p
}

var (
	aptOnly    = regexp.MustCompile(`^(sudo )?(DEBIAN_FRONTEND=\w+ )?(apt|apt-get)( -\S+)* (update|install|clean|autoremove)\b`)
	notApt     = regexp.MustCompile(`(&&|;|\|)\s*[^ ar\s]|\||&& *(add-apt|apt-key|rpm|rails|ruby|rm -rf? /(root|tmp|usr))|\$\(`)
	pipInstall = regexp.MustCompile(`\bpip[23]?(\.\d+)?\b[^&;|]*\binstall\b`)
	pipFromReq = regexp.MustCompile(`\bpip[23]?(\.\d+)?\b[^&;|]*\binstall\b[^&;|]*(-r|--requirement)[ =]*(\S+)`)
)

func script(in *transform.Instruction) string {
	cmd, _ := in.Command()
	run, ok := cmd.(*instructions.RunCommand)
	if !ok || !run.PrependShell || len(run.FlagsUsed) > 0 {
		return ""
	}
	return strings.Join(run.CmdLine, " ")
}

func isAptStep(in *transform.Instruction) bool {
	s := script(in)
	return aptOnly.MatchString(s) && !notApt.MatchString(s)
}

func hasAptPair(f *realFile) bool { return aptPair(before(f)) }

func aptPair(f *transform.File) bool {
	for i := 1; i < len(f.Instructions); i++ {
		a, b := f.Instructions[i-1], f.Instructions[i]
		if isAptStep(a) && isAptStep(b) {
			return true
		}
	}
	return false
}

func usesPython(s *transform.Stage) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(s.Base.Ref, "docker.io/"), "library/"), "@")
	name, _, _ = strings.Cut(name, ":")
	return name == "python"
}

func singlePython(f *realFile) bool {
	p := before(f)
	if len(p.Stages) != 1 || !usesPython(p.Stages[0]) {
		return false
	}
	for _, in := range p.Instructions {
		if in.Keyword == "run" && pipInstall.MatchString(p.Text(in.Body)) {
			return true
		}
	}
	return false
}

func hasUser(f *transform.File) bool {
	for _, in := range f.Final().Instructions {
		if in.Keyword == "user" {
			return true
		}
	}
	return false
}

func startsGunicorn(f *transform.File) bool {
	for _, in := range f.Final().Instructions {
		if in.Keyword == "cmd" || in.Keyword == "entrypoint" {
			words := strings.Fields(strings.NewReplacer("[", " ", "]", " ", "\"", " ", ",", " ").Replace(f.Text(in.Body)))
			for i, w := range words {
				if i > 0 && (w == "gunicorn" || strings.HasSuffix(w, "/gunicorn")) {
					return true
				}
			}
		}
	}
	return false
}

// sourceFirst reports a folder copied before the requirements are installed
// that the folder holds.
func sourceFirst(f *transform.File) bool {
	for _, s := range f.Stages {
		if !usesPython(s.Root()) {
			continue
		}
		folder, file := false, map[string]bool{}
		for _, in := range s.Instructions {
			for _, src := range copySources(in) {
				if strings.HasSuffix(src, ".txt") || strings.Contains(src, "requirements") {
					file[src[strings.LastIndex(src, "/")+1:]] = true
				} else if !strings.Contains(src[strings.LastIndex(src, "/")+1:], ".") || src == "." || src == "./" {
					folder = true
				}
			}
			if m := pipFromReq.FindStringSubmatch(script(in)); m != nil && folder {
				if name := m[3][strings.LastIndex(m[3], "/")+1:]; !file[name] {
					return true
				}
			}
		}
	}
	return false
}

// floating counts the official tags that the catalogue can pin.
func floating(f *transform.File) int {
	n := 0
	for _, s := range f.Stages {
		if s.Base.Stage != nil || s.Base.Ref == "" || strings.Contains(s.Base.Ref, "@") {
			continue
		}
		name, tag, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(s.Base.Ref, "docker.io/"), "library/"), ":")
		if tag == "" {
			tag = "latest"
		}
		if facts.SimpleTag(name, tag, facts.Minor).Outcome == facts.Pinned {
			n++
		}
	}
	return n
}

var (
	aptUpdate  = regexp.MustCompile(`\b(apt|apt-get|aptitude)\b[^&;|]*\supdate\b`)
	aptInstall = regexp.MustCompile(`\b(apt|apt-get|aptitude)\b[^&;|]*\sinstall\b`)
	piped      = regexp.MustCompile(`\|\s*(sudo )?(-E )?(bash|sh)\b`) // repositories' set-up scripts fetch the lists
	aptCleared = regexp.MustCompile(`rm [^&;|]*/var/lib/apt/lists`)
)

// withoutLists counts the installations of Debian packages for which no earlier
// step of the stage, or of one that it starts from, has fetched the lists. It is
// the count of the stage with the most.
func withoutLists(f *transform.File) int {
	most := 0
	for _, s := range f.Stages {
		n := 0
		var chain []*transform.Instruction
		for t := s; t != nil; t = t.Base.Stage {
			chain = append(append([]*transform.Instruction{}, t.Instructions...), chain...)
		}
		fresh := false
		for _, in := range chain {
			if in.Keyword != "run" {
				continue
			}
			text := f.Text(in.Body)
			if strings.Contains(text, "--mount=type=cache,target=/var/lib/apt") || piped.MatchString(text) {
				fresh = true
			}
			u, i := aptUpdate.FindStringIndex(text), aptInstall.FindStringIndex(text)
			if c := aptCleared.FindStringIndex(text); c != nil && i != nil && c[0] < i[0] {
				fresh = false
			}
			if i != nil && !fresh && (u == nil || u[0] > i[0]) {
				n++
			}
			if u != nil {
				fresh = true
			}
			if c := aptCleared.FindStringIndex(text); c != nil && (u == nil || c[0] > u[0]) {
				fresh = false
			}
		}
		most = max(most, n)
	}
	return most
}
