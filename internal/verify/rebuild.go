package verify

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"refit/internal/verify/scan"
)

// The kinds of rebuilds.
const (
	RebuildSource       = "source"
	RebuildRequirements = "requirements"
)

// rebuilds builds both sides again after a file was touched.
func (v *verifier) rebuilds(ctx context.Context, after *side) error {
	touched := []Rebuild{{Kind: RebuildSource, Touched: v.sourceFile(after)}, {Kind: RebuildRequirements, Touched: v.manifest(after)}}
	for _, r := range touched {
		if r.Touched == "" {
			continue
		}
		v.log("timing a build after a change to %s", r.Touched)
		var err error
		if r.Before, err = v.rebuild(ctx, v.before, r.Touched); err == nil {
			r.After, err = v.rebuild(ctx, after, r.Touched)
		}
		if err != nil {
			return fmt.Errorf("building again after a change to %s: %w", r.Touched, err)
		}
		v.out.Rebuilds = append(v.out.Rebuilds, r)
	}
	return nil
}

func (v *verifier) rebuild(ctx context.Context, s *side, file string) (*Build, error) {
	text, err := os.ReadFile(filepath.Join(v.Context, filepath.FromSlash(file)))
	if err != nil {
		return nil, err
	}
	src := s.src
	src.Files = maps.Clone(src.Files)
	src.Files[file] = touch(string(text))
	rep, err := v.b.Build(ctx, v.request(src, caching{cached: s.cache}), nil)
	if err != nil {
		return nil, err
	}
	return newBuild(rep), nil
}

// touch changes a text, each time in another way, by blank lines at its end:
// what was built from it before would come from the cache.
func touch(text string) string {
	for bits := rand.Uint64() | 1<<63; bits > 0; bits >>= 1 {
		text += "\n" + strings.Repeat(" ", int(bits&1))
	}
	return text + "\n"
}

// maxTouched is the size of the largest file that is touched, in bytes.
const maxTouched = 1 << 20

// sourceFile is a file of the application's source that both images have: a
// Python module near the top of the context if there is one.
func (v *verifier) sourceFile(after *side) string {
	var names []string
	for _, f := range v.files {
		name := f.inContext[0]
		_, companion := after.src.Files[name]
		if companion || isManifest(name) || name == v.InContext {
			continue
		}
		if e, ok := after.content.Stat(f.inImage); ok && e.Digest == f.digest && e.Size <= maxTouched {
			names = append(names, name)
		}
	}
	rank := func(name string) int {
		r := strings.Count(name, "/")
		if path.Ext(name) != ".py" {
			r += 1000
		}
		if path.Base(name) == "__init__.py" {
			r += 100
		}
		return r
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// manifests are the names of files that say what to install.
var manifests = []string{
	"requirements*.txt", "requirements*.in", "Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock", "pylock.toml",
	"pyproject.toml", "setup.py", "setup.cfg", "environment.yml", "environment.yaml", "constraints*.txt",
}

func isManifest(name string) bool {
	return slices.ContainsFunc(manifests, func(pattern string) bool {
		ok, err := path.Match(pattern, path.Base(name))
		return ok && err == nil
	})
}

// manifest is the first file that the optimized Dockerfile names and that says
// what to install.
func (v *verifier) manifest(after *side) string {
	for _, word := range strings.Fields(after.src.Text) {
		name := strings.Trim(word, `"',[]`)
		name = strings.TrimPrefix(name, "./")
		if !isManifest(name) {
			continue
		}
		if _, ok := after.src.Files[name]; ok {
			continue
		}
		if info, err := os.Stat(filepath.Join(v.Context, filepath.FromSlash(name))); err == nil && info.Mode().IsRegular() && info.Size() <= maxTouched {
			return name
		}
	}
	return ""
}

// scan runs the user's scanner over both images.
func (v *verifier) scan(ctx context.Context, after *side) error {
	if v.Scan == "" {
		return nil
	}
	for _, s := range []*side{v.before, after} {
		v.log("scanning an image")
		rows, err := scan.Run(ctx, v.Scan, s.layout)
		if err != nil {
			return fmt.Errorf("--scan: %w", err)
		}
		s.image.Findings = []SeverityRow{}
		for _, r := range rows {
			s.image.Findings = append(s.image.Findings, SeverityRow(r))
		}
	}
	return nil
}
