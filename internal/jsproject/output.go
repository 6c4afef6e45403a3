package jsproject

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"refit/internal/lazyregexp"
)

// Output is what a build writes.
type Output struct {
	Path string // relative to the project; it may start with "../"
	File bool   // it is one file, not a directory
}

// maxDepth bounds scripts that run scripts.
const maxDepth = 8

// errBuildPath is for the variable that Create React App reads.
var errBuildPath = errors.New("BUILD_PATH says where the build writes")

// Outputs says where a script of package.json writes. The error says why that is
// not known.
func (p *Project) Outputs(script string) ([]Output, error) {
	return p.script(script, 0)
}

// CommandOutputs is Outputs for a command line ("npx vite build").
func (p *Project) CommandOutputs(line string) ([]Output, error) { return p.line(line, 0) }

func (p *Project) script(name string, depth int) ([]Output, error) {
	line, ok := p.scripts[name]
	if !ok {
		return nil, fmt.Errorf("package.json has no script %q", name)
	}
	var all []Output
	for _, part := range []string{p.scripts["pre"+name], line, p.scripts["post"+name]} {
		out, err := p.line(part, depth)
		if err != nil {
			return nil, err
		}
		all = append(all, out...)
	}
	return all, nil
}

// line reads simple commands joined by &&.
func (p *Project) line(line string, depth int) ([]Output, error) {
	if depth > maxDepth {
		return nil, errors.New("its scripts call each other")
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(line), "")
	if err != nil {
		return nil, fmt.Errorf("the script %q cannot be read", line)
	}
	var all []Output
	var visit func(s *syntax.Stmt) error
	visit = func(s *syntax.Stmt) error {
		switch c := s.Cmd.(type) {
		case *syntax.BinaryCmd:
			if c.Op != syntax.AndStmt {
				break
			}
			if err := visit(c.X); err != nil {
				return err
			}
			return visit(c.Y)
		case *syntax.CallExpr:
			words, ok := literals(c.Args)
			if !ok || s.Background || s.Negated || len(s.Redirs) > 0 {
				break
			}
			for _, a := range c.Assigns {
				if a.Name.Value == "BUILD_PATH" {
					return errBuildPath
				}
			}
			out, err := p.command(words, depth)
			all = append(all, out...)
			return err
		}
		return fmt.Errorf("the script %q does more than to run commands one after the other", line)
	}
	for _, s := range file.Stmts {
		if err := visit(s); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func literals(words []*syntax.Word) ([]string, bool) {
	var all []string
	for _, w := range words {
		text := ""
		for _, part := range w.Parts {
			switch x := part.(type) {
			case *syntax.Lit:
				text += x.Value
			case *syntax.SglQuoted:
				text += x.Value
			case *syntax.DblQuoted:
				inner, ok := literals([]*syntax.Word{{Parts: x.Parts}})
				if !ok {
					return nil, false
				}
				text += inner[0]
			default:
				return nil, false
			}
		}
		all = append(all, text)
	}
	return all, true
}

// silent are commands that write nothing that an application is served.
var silent = strings.Fields("tsc vue-tsc eslint prettier stylelint biome oxlint rimraf rm mkdir echo true svelte-check")

// command reads one command of a script.
func (p *Project) command(words []string, depth int) ([]Output, error) {
	for len(words) > 0 && (words[0] == "cross-env" || words[0] == "npx" || words[0] == "env" || strings.Contains(words[0], "=")) {
		if key, _, _ := strings.Cut(words[0], "="); key == "BUILD_PATH" {
			return nil, errBuildPath
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return nil, nil
	}
	name, args := path.Base(words[0]), words[1:]
	switch name {
	case "npm", "yarn", "pnpm":
		if len(args) > 0 && args[0] == "run" {
			args = args[1:]
		} else if name == "npm" {
			args = nil
		}
		if len(args) != 1 {
			return nil, fmt.Errorf("it is not known what %q writes", strings.Join(words, " "))
		}
		return p.script(args[0], depth+1)
	}
	if slices.Contains(silent, name) {
		if name == "rm" || name == "rimraf" || name == "mkdir" {
			if slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "..") || strings.HasPrefix(a, "/") }) {
				return nil, fmt.Errorf("%q reaches outside the project", strings.Join(words, " "))
			}
		}
		return nil, nil
	}
	read, ok := tools[name]
	if !ok {
		return nil, fmt.Errorf("it is not known what %s writes", name)
	}
	out, err := read(p, args)
	for _, o := range out {
		if err == nil && (path.IsAbs(o.Path) || o.Path == "." || o.Path == ".." || o.Path == "") {
			return nil, fmt.Errorf("%s writes to %q, a directory with other things in it", name, o.Path)
		}
	}
	return out, err
}

// option finds an option's value among arguments. What the option names is no
// file that is read.
func (p *Project) option(args []string, names ...string) string {
	for i, a := range args {
		for _, n := range names {
			if v, ok := strings.CutPrefix(a, n+"="); ok {
				p.outputs[a] = true
				return v
			}
			if a == n && i+1 < len(args) {
				p.outputs[a+" "+args[i+1]] = true
				return args[i+1]
			}
		}
	}
	return ""
}

// A value of a configuration file that names a path: a string, or path.resolve,
// path.join and new URL of __dirname and strings. path.resolve starts from the working
// directory, which is that of package.json, where no absolute path comes first.
const pathValue = `(['"` + "`" + `][^'"` + "`" + `$]*['"` + "`" + `]|(?:path\.)?(?:resolve|join)\(\s*(?:__dirname|import\.meta\.dirname)\s*(?:,\s*['"][^'"]*['"]\s*)*\)|(?:path\.)?resolve\(\s*(?:process\.cwd\(\)|['"][^'"]*['"])\s*(?:,\s*['"][^'"]*['"]\s*)*\)|fileURLToPath\(\s*new URL\(\s*['"][^'"]*['"]\s*,\s*import\.meta\.url\s*\)\s*\))`

var quoted = lazyregexp.New(`['"` + "`" + `]([^'"` + "`" + `]*)['"` + "`" + `]`)

// setting finds a setting of a configuration file: whether it is there, and its
// path where that can be read.
func (p *Project) setting(text, key string) (value string, found bool, err error) {
	any := regexp.MustCompile(`\b`+key+`\s*:`).FindAllString(text, -1)
	all := regexp.MustCompile(`\b`+key+`\s*:\s*`+pathValue).FindAllStringSubmatch(text, -1)
	switch {
	case len(any) == 0:
		return "", false, nil
	case len(all) != 1 || len(any) != 1:
		return "", true, fmt.Errorf("the setting %s cannot be read", key)
	}
	p.outputs[all[0][1]] = true
	parts := []string{}
	for _, m := range quoted.FindAllStringSubmatch(all[0][1], -1) {
		parts = append(parts, m[1])
	}
	if len(parts) > 1 && slices.ContainsFunc(parts[1:], path.IsAbs) {
		return "", true, fmt.Errorf("the setting %s cannot be read", key)
	}
	return path.Join(parts...), true, nil
}

// config is the text of the first of these files that is there, with the local
// files beside it that it brings in.
func (p *Project) config(names ...string) (string, error) {
	for _, name := range names {
		if !slices.Contains(p.files, name) {
			continue
		}
		text, err := p.read(name)
		if err != nil {
			return "", fmt.Errorf("%s cannot be read: %w", name, err)
		}
		if containsAny(text, "child_process", "execa") {
			return "", fmt.Errorf("%s runs other programs", name)
		}
		if m := localImport.FindStringSubmatch(text); m != nil {
			return "", fmt.Errorf("%s takes settings from %s", name, m[1])
		}
		return text, nil
	}
	return "", nil
}

var localImport = lazyregexp.New(`(?:require\(\s*|from\s+|import\s+)['"](\.[^'"]*)['"]`)

func extended(base string) []string {
	var all []string
	for _, ext := range []string{".js", ".ts", ".mjs", ".cjs", ".mts", ".cts"} {
		all = append(all, base+ext)
	}
	return all
}
