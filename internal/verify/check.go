package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"refit/internal/plural"
	"refit/internal/verify/builder"
	"refit/internal/verify/image"
	"refit/internal/verify/smoke"
	"refit/transform"
)

// maxGrowth is how much an image may grow and still be called no larger: a user
// and an ownership make a layer of their own.
const maxGrowth = 1 << 20

// compare holds a new image against the original's.
func (v *verifier) compare(after *side) error {
	b, a := v.before, after
	files, err := v.checkFiles(a)
	if err != nil {
		return err
	}
	a.checks = []Check{
		{Name: CheckBuild, Verdict: Pass, Detail: "both build"},
		checkSize(b.image, a.image),
		v.checkConfiguration(b, a),
		checkSetuid(b.image, a.image),
		checkDistributions(installed(b.content), installed(a.content), goes(b.content, slices.Concat(v.Dropped, stayed(installed(b.content), installed(a.content))))),
		files,
		checkLibraries(v.missing(b), v.missing(a)),
	}
	for _, c := range smoke.Compare(b.ran, a.ran) {
		a.checks = append(a.checks, Check{Name: c.Name, Verdict: Verdict(c.Verdict), Detail: c.Detail, Log: c.Log})
	}
	return nil
}

// failedBuild is the check that a build that failed leaves.
func failedBuild(err error) Check {
	c := Check{Name: CheckBuild, Verdict: Fail, Detail: err.Error()}
	var be *builder.BuildError
	if errors.As(err, &be) {
		c.Log = be.Log
	}
	return c
}

func checkSize(before, after *Image) Check {
	c := Check{Name: CheckSize, Verdict: Pass, Detail: fmt.Sprintf("%s instead of %s compressed", megabytes(after.Compressed), megabytes(before.Compressed))}
	if after.Compressed > before.Compressed+maxGrowth {
		c.Verdict = Fail
	}
	return c
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

func checkSetuid(before, after *Image) Check {
	var added []string
	for _, p := range after.Setuid {
		if !slices.Contains(before.Setuid, p) {
			added = append(added, p)
		}
	}
	if len(added) > 0 {
		return Check{Name: CheckSetuid, Verdict: Fail, Detail: "new setuid files: " + strings.Join(added, ", ")}
	}
	return Check{Name: CheckSetuid, Verdict: Pass, Detail: fmt.Sprintf("%d instead of %d setuid or setgid files", len(after.Setuid), len(before.Setuid))}
}

// checkConfiguration holds the images' configurations against the contract of
// the passes that were applied. What only base images set may change with them.
func (v *verifier) checkConfiguration(before, after *side) Check {
	c := Check{Name: CheckConfiguration}
	b, err := transform.ConfigurationView(&before.config)
	if err == nil {
		var a transform.View
		if a, err = transform.ConfigurationView(&after.config); err == nil {
			diffs := after.of.result.Undeclared(b, a)
			diffs = slices.DeleteFunc(diffs, func(d transform.Difference) bool { return v.setByBase(after.of.result, d.Key) })
			for _, d := range diffs {
				c.Log = append(c.Log, d.String())
			}
		}
	}
	switch {
	case err != nil:
		c.Verdict, c.Detail = Unknown, err.Error()
	case len(c.Log) > 0:
		c.Verdict, c.Detail = Fail, "the image's configuration differs in what no pass declares"
	default:
		c.Verdict, c.Detail = Pass, "the image's configuration differs only in what the passes declare"
	}
	return c
}

// setByBase reports an environment variable or label that neither Dockerfile
// sets.
func (v *verifier) setByBase(r *transform.Result, key string) bool {
	if !strings.HasPrefix(key, "env:") && !strings.HasPrefix(key, "label:") {
		return false
	}
	for _, text := range []string{r.Before, r.After} {
		f, err := transform.Parse(v.Name, text, nil)
		if err != nil {
			return false
		}
		view, err := f.View()
		if err != nil {
			return false
		}
		if _, ok := view[key]; ok {
			return false
		}
	}
	return true
}

// checkDistributions wants every Python distribution in the version it had, but those that may go.
func checkDistributions(before, after map[distribution]bool, mayGo map[string]bool) Check {
	c := Check{Name: CheckDistributions, Verdict: Pass}
	gone := 0
	for d := range before {
		if after[d] {
			continue
		}
		now := "is missing"
		for other := range after {
			if other.name == d.name && !before[other] {
				now = "is now " + other.version
			}
		}
		if now == "is missing" && mayGo[d.name] {
			gone++
			continue
		}
		c.Log = append(c.Log, fmt.Sprintf("%s %s %s", d.name, d.version, now))
	}
	slices.Sort(c.Log)
	if len(c.Log) > 0 {
		c.Verdict, c.Detail = Fail, fmt.Sprintf("%d of %d Python distributions are not as they were", len(c.Log), len(before))
		return c
	}
	switch {
	case gone > 0:
		c.Detail = fmt.Sprintf("%d of %d Python distributions are there, in the same versions; nothing uses the others", len(before)-gone, len(before))
	case len(before) == 0:
		c.Detail = "the original has no Python distributions"
	case len(before) == 1:
		c.Detail = "the one Python distribution is there, in the same version"
	default:
		c.Detail = fmt.Sprintf("all %d Python distributions are there, in the same versions", len(before))
	}
	return c
}

// missing lists the shared libraries that do not resolve below what was
// installed and what was copied.
func (v *verifier) missing(s *side) []image.Missing {
	return s.content.Missing(append(packageDirs(s.content), v.destinations(s.src.Text)...))
}

// checkLibraries wants every shared library that the original found.
func checkLibraries(before, after []image.Missing) Check {
	c := Check{Name: CheckLibraries, Verdict: Pass, Detail: "every shared library that is needed is there"}
	for _, m := range newlyMissing(before, after) {
		c.Log = append(c.Log, fmt.Sprintf("%s, needed by %s", m.Library, someOf(m.NeededBy)))
	}
	switch {
	case len(c.Log) > 0:
		c.Verdict, c.Detail = Fail, fmt.Sprintf("%s %s missing", plural.Of(len(c.Log), "shared library"), plural.Verb(len(c.Log)))
	case len(after) > 0:
		c.Detail = fmt.Sprintf("every shared library is there but %d that the original lacks as well", len(after))
	}
	return c
}

func newlyMissing(before, after []image.Missing) []image.Missing {
	return slices.DeleteFunc(slices.Clone(after), func(m image.Missing) bool {
		return slices.ContainsFunc(before, func(b image.Missing) bool { return b.Library == m.Library })
	})
}

// someOf names the first of some paths, and how many more there are.
func someOf(paths []string) string {
	if len(paths) == 0 {
		return "nothing known"
	}
	if len(paths) == 1 {
		return paths[0]
	}
	return fmt.Sprintf("%s and %d more", paths[0], len(paths)-1)
}
