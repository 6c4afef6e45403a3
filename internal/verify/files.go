package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"refit/internal/plural"
	"refit/internal/verify/builder"
	"refit/internal/verify/image"
	"refit/transform"
)

// inImage are the paths that the context's files have in the original image.
func (v *verifier) inImage() []string {
	list := make([]string, len(v.files))
	for i, f := range v.files {
		list[i] = f.inImage
	}
	return list
}

// destinations are the paths that a Dockerfile's COPY and ADD write in the final
// image. For the root directory they are those that the context's top level has
// there.
func (v *verifier) destinations(text string) []string {
	dests, root := destinations(v.Name, text)
	if !root {
		return dests
	}
	entries, err := os.ReadDir(v.Context)
	if err != nil {
		return dests // the build has something to say about it
	}
	for _, e := range entries {
		dests = append(dests, "/"+e.Name())
	}
	return dests
}

// destinations are the paths that a Dockerfile's COPY and ADD write in the final
// image, and whether the root directory is one.
func destinations(name, text string) (dests []string, root bool) {
	f, err := transform.Parse(name, text, nil)
	if err != nil {
		return nil, false
	}
	view, err := f.View()
	if err != nil {
		return nil, false
	}
	for _, key := range view.Keys() {
		dest, ok := strings.CutPrefix(key, "path:")
		switch {
		case ok && dest == "/":
			root = true
		case ok:
			dests = append(dests, dest)
		}
	}
	return dests, root
}

// contextFile is a file of the build context that is in the original image.
type contextFile struct {
	inImage   string // absolute
	inContext []string
	digest    string
}

// identity tells files of the same content and name from others.
type identity struct{ digest, base string }

// applicationFiles are the files that the original image has from the context,
// known by content and name.
func (v *verifier) applicationFiles(ctx context.Context) ([]contextFile, error) {
	dests := v.destinations(v.Result.Before)
	entries := v.before.content.Files(dests...)
	entries = slices.DeleteFunc(entries, func(e image.Entry) bool {
		return strings.Contains(e.Path, "/site-packages/") || strings.Contains(e.Path, "/dist-packages/") || strings.HasSuffix(e.Path, ".pyc")
	})
	sizes := map[int64]bool{}
	for _, e := range entries {
		sizes[e.Size] = true
	}
	known, err := v.digests(ctx, sizes)
	if err != nil {
		return nil, err
	}
	var files []contextFile
	for _, e := range entries {
		at := slices.DeleteFunc(slices.Clone(known[identity{e.Digest, path.Base(e.Path)}]), func(name string) bool {
			return !slices.ContainsFunc(dests, func(dest string) bool { return copiedTo(name, dest, e.Path) })
		})
		if len(at) > 0 {
			files = append(files, contextFile{e.Path, at, e.Digest})
		}
	}
	return files, nil
}

// copiedTo reports whether copying from the context to a destination may put a
// file there: below both, its path ends alike. It does not for the copies that
// steps make, as pip does when it builds a package in its directory.
func copiedTo(name, dest, inImage string) bool {
	rel, below := strings.CutPrefix(inImage, strings.TrimSuffix(dest, "/")+"/")
	return inImage == dest || below && strings.HasSuffix("/"+name, "/"+rel)
}

// digests finds the context's files of some sizes by what is in them. Files that
// cannot be read cannot be in an image.
func (v *verifier) digests(ctx context.Context, sizes map[int64]bool) (map[identity][]string, error) {
	found := map[identity][]string{}
	err := filepath.WalkDir(v.Context, func(at string, d fs.DirEntry, err error) error {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if err != nil {
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() || !sizes[info.Size()] {
			return nil
		}
		digest, err := digestOf(at)
		if err != nil {
			return nil
		}
		rel, err := filepath.Rel(v.Context, at)
		if err != nil {
			return err
		}
		id := identity{digest, d.Name()}
		found[id] = append(found[id], filepath.ToSlash(rel))
		return nil
	})
	return found, err
}

func digestOf(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

func textDigest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// checkFiles wants the application's files in the new image as they were. Those
// that the ignore file now leaves out, and those that belong to the rewrite, may
// differ.
func (v *verifier) checkFiles(after *side) (Check, error) {
	c := Check{Name: CheckFiles, Verdict: Pass}
	if len(v.files) == 0 {
		c.Verdict, c.Detail = Unknown, "no file of the build context is in the original image as it is"
		return c, nil
	}
	ignored, err := ignoring(v.Context, after.src)
	if err != nil {
		return c, err
	}
	leftOut, rewritten := 0, 0
	for _, f := range v.files {
		e, ok := after.content.Stat(f.inImage)
		switch {
		case ok && e.Digest == f.digest:
		case ok && isCompanion(after.src, f, e.Digest):
			rewritten++
		case !ok && allIgnored(ignored, f.inContext):
			leftOut++
		case ok:
			c.Log = append(c.Log, f.inImage+" has changed")
		default:
			c.Log = append(c.Log, f.inImage+" is missing")
		}
	}
	if len(c.Log) > 0 {
		c.Verdict, c.Detail = Fail, fmt.Sprintf("%d of %d application files are not as they were", len(c.Log), len(v.files))
		return c, nil
	}
	switch len(v.files) {
	case 0:
		c.Detail = "the original has no files of the build context"
	case 1:
		c.Detail = "the one application file is there, unchanged"
	default:
		c.Detail = fmt.Sprintf("all %d application files are there, unchanged", len(v.files))
	}
	if there := len(v.files) - leftOut - rewritten; leftOut+rewritten > 0 {
		c.Detail = fmt.Sprintf("%s %s there, unchanged; %d %s left out by .dockerignore, %d %s part of the rewrite",
			plural.Of(there, "application file"), plural.Verb(there), leftOut, plural.Verb(leftOut), rewritten, plural.Verb(rewritten))
	}
	return c, nil
}

// isCompanion reports whether a file has the content that the rewrite gave it.
func isCompanion(src builder.Source, f contextFile, digest string) bool {
	return slices.ContainsFunc(f.inContext, func(name string) bool {
		text, ok := src.Files[name]
		return ok && textDigest(text) == digest
	})
}

// ignoring returns what the ignore file of a build leaves out.
func ignoring(dir string, src builder.Source) (*patternmatcher.PatternMatcher, error) {
	text := src.Ignore
	if text == "" {
		var ok bool
		if text, ok = src.Files[".dockerignore"]; !ok {
			b, err := os.ReadFile(filepath.Join(dir, ".dockerignore"))
			if err != nil && !os.IsNotExist(err) {
				return nil, fmt.Errorf("reading .dockerignore: %w", err)
			}
			text = string(b)
		}
	}
	patterns, err := ignorefile.ReadAll(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("reading .dockerignore: %w", err)
	}
	m, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fmt.Errorf(".dockerignore: %w", err)
	}
	return m, nil
}

func allIgnored(m *patternmatcher.PatternMatcher, names []string) bool {
	for _, name := range names {
		if ignored, err := m.MatchesOrParentMatches(name); err != nil || !ignored {
			return false
		}
	}
	return true
}
