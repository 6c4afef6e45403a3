package buildctx

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const (
	maxReqDepth = 20  // includes within includes
	maxReqFiles = 200 // files read for one requirement file
	maxReqBytes = 1 << 20
)

// Requirements is a pip requirement file with everything that it includes.
type Requirements struct {
	Files       []string      // the file and its includes, in the order pip opens them: all must be there to install
	Reqs        []Requirement // what is installed, in order
	Constraints []Requirement // from -c files: these only limit versions

	// InstallsLocal says that files beside the requirement files are needed: `-e .`, `.`, ./lib, file:, local wheels,
	// --find-links DIR. LocalPaths are these, as written; pip resolves them from its working directory (--find-links
	// from the including file's directory first).
	InstallsLocal bool
	LocalPaths    []string

	Options    []Option // those that are not -r, -c, -e or --hash
	NoBinary   []string // values of --no-binary, split: names, ":all:", ":none:"
	OnlyBinary []string
	Vars       []string // environment variables that pip expands: ${VAR}, sorted

	// Problem says what could not be read or understood, "" if nothing. Then the rest is incomplete.
	Problem string
}

// Names gives the normalised names of what is installed, sorted, without duplicates.
func (r *Requirements) Names() []string {
	var out []string
	for i := range r.Reqs {
		if n := r.Reqs[i].Name; n != "" {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Requirements reads a pip requirement file and what it includes, as the build would see them; of conda's environment
// files, what they give pip. An error means that the file itself cannot be read; trouble below it is
// Requirements.Problem.
func (c *Context) Requirements(name string) (*Requirements, error) {
	if c == nil {
		return nil, ErrUnknown
	}
	name = clean(name)
	return c.reqs.get(name, func() (*Requirements, error) {
		b, err := c.readVisible(name, maxReqBytes)
		if err != nil {
			return nil, fmt.Errorf("requirements: %w", err)
		}
		r := &reqReader{c: c, out: &Requirements{}, locals: map[string]bool{}}
		text := decodeText(b)
		if IsCondaEnvironment(name) {
			section, ok := pipSection(text)
			if !ok {
				r.out.Problem = name + ": what it gives pip is not understood"
			}
			text = section
		}
		r.file(name, text, false)
		slices.Sort(r.out.Vars)
		r.out.Vars = slices.Compact(r.out.Vars)
		return r.out, nil
	})
}

type reqReader struct {
	c     *Context
	out   *Requirements
	stack []string // files being read
	count int
	// what is in out.LocalPaths
	locals map[string]bool
}

func (r *reqReader) problem(file string, line int, format string, args ...any) {
	if r.out.Problem == "" {
		r.out.Problem = fmt.Sprintf("%s:%d: %s", file, line, fmt.Sprintf(format, args...))
	}
}

func (r *reqReader) file(name, text string, constraint bool) {
	if r.count++; !slices.Contains(r.out.Files, name) {
		r.out.Files = append(r.out.Files, name)
	}
	r.stack = append(r.stack, name)
	defer func() { r.stack = r.stack[:len(r.stack)-1] }()
	for _, l := range reqLines(text) {
		r.out.Vars = append(r.out.Vars, envVars(l.text)...)
		req, opts, err := parseReqLine(l.text)
		if err != nil {
			r.problem(name, l.line, "%v", err)
			continue
		}
		if req != "" {
			r.requirement(name, l.line, req, false, constraint, opts)
			continue
		}
		for _, o := range opts {
			o.File, o.Line = name, l.line
			r.option(o, constraint)
		}
	}
}

func (r *reqReader) requirement(file string, line int, text string, editable, constraint bool, opts []Option) {
	req, err := ParseRequirement(text)
	switch {
	case err != nil:
		r.problem(file, line, "%v", err)
		return
	case req.Name == "" && req.Path == "" && req.URL == "":
		r.problem(file, line, "requirement %q is not understood", text)
		return
	case strings.Contains(req.Path, "${"):
		r.problem(file, line, "path %q depends on the environment", req.Path)
	}
	req.Editable, req.File, req.Line = editable, file, line
	if editable && req.Path == "" && req.VCS == "" {
		// pip takes a bare name after -e as a directory.
		req.Path, req.Name, req.Spec = pathRE.FindStringSubmatch(text)[1], "", ""
	}
	for _, o := range opts {
		switch o.Name {
		case "--hash":
			req.Hashes = append(req.Hashes, o.Value)
		case "--global-option", "--install-option", "--config-settings", "--config-setting":
			o.File, o.Line = file, line
			r.out.Options = append(r.out.Options, o)
		default:
			r.problem(file, line, "option %s after a requirement", o.Name)
		}
	}
	if req.Local() {
		r.local(req.Path)
	}
	if constraint {
		r.out.Constraints = append(r.out.Constraints, *req)
	} else {
		r.out.Reqs = append(r.out.Reqs, *req)
	}
}

func (r *reqReader) local(p string) {
	r.out.InstallsLocal = true
	if !r.locals[p] {
		r.locals[p] = true
		r.out.LocalPaths = append(r.out.LocalPaths, p)
	}
}

func (r *reqReader) option(o Option, constraint bool) {
	switch o.Name {
	case "--requirement":
		r.include(o, constraint)
		return
	case "--constraint":
		r.include(o, true)
		return
	case "--editable":
		r.requirement(o.File, o.Line, o.Value, true, constraint, nil)
		return
	case "--no-binary":
		r.out.NoBinary = append(r.out.NoBinary, splitExtrasKeep(o.Value)...)
	case "--only-binary":
		r.out.OnlyBinary = append(r.out.OnlyBinary, splitExtrasKeep(o.Value)...)
	case "--find-links", "--index-url", "--extra-index-url", "--pypi-url":
		if p, ok := localLocation(o.Value); ok {
			r.local(p)
		}
	case "--hash":
		r.problem(o.File, o.Line, "--hash without a requirement")
	}
	r.out.Options = append(r.out.Options, o)
}

// localLocation says whether an index or link location is a place on disk.
func localLocation(v string) (string, bool) {
	if strings.HasPrefix(strings.ToLower(v), "file:") {
		return filePath(v), true
	}
	// "${INDEX}" is most likely a URL; a path is what has neither scheme nor variable.
	if schemeRE.MatchString(v) || strings.HasPrefix(v, "${") {
		return "", false
	}
	return v, true
}

func splitExtrasKeep(s string) []string {
	var out []string
	for _, e := range strings.Split(s, ",") {
		if e = strings.TrimSpace(e); e == "" {
			continue
		} else if e[0] != ':' {
			e = NormalizeName(e)
		}
		out = append(out, e)
	}
	return out
}

// include reads a nested file, relative to the one that names it.
func (r *reqReader) include(o Option, constraint bool) {
	at := path.Join(path.Dir(o.File), o.Value)
	switch {
	case schemeRE.MatchString(o.Value):
		r.problem(o.File, o.Line, "%s names a URL", o.Name)
		return
	case strings.Contains(o.Value, "${"):
		r.problem(o.File, o.Line, "%s %s depends on the environment", o.Name, o.Value)
		return
	case path.IsAbs(o.Value):
		r.problem(o.File, o.Line, "%s %s is an absolute path", o.Name, o.Value)
		return
	case at == ".." || strings.HasPrefix(at, "../"):
		r.problem(o.File, o.Line, "%s %s leaves the build context", o.Name, o.Value)
		return
	case slices.Contains(r.stack, at):
		r.problem(o.File, o.Line, "%s %s includes itself", o.Name, o.Value)
		return
	case len(r.stack) >= maxReqDepth || r.count >= maxReqFiles:
		r.problem(o.File, o.Line, "too many includes")
		return
	}
	b, err := r.c.readVisible(at, maxReqBytes)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s is not in the build context", at)
		}
		r.problem(o.File, o.Line, "%s %s: %v", o.Name, o.Value, err)
		return
	}
	r.file(at, decodeText(b), constraint)
}
