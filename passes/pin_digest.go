package passes

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/transform"
)

var pinDigestPass = &transform.Pass{
	Name:  "pin-digest",
	OptIn: true,
	Last:  true,
	Doc: transform.Doc{
		Title: "name the image's digest beside the tag",
		Text: "A tag can be pushed again, a digest cannot: with it, a build starts from the very same image everywhere and " +
			"always. --pin digest has registries asked, with the user's own credentials, which digest each tag has now: " +
			"that of the index, so that all platforms stay. The tag remains beside it for people and for the tools that " +
			"keep digests up to date. FROM, COPY --from and RUN --mount=from are treated alike; a tag that comes from an " +
			"ARG gets the digest where it stands, so that --build-arg replaces both. The image of a syntax directive is " +
			"left alone. Without --pin digest on the command line nothing is asked. A digest gets no security updates by " +
			"itself: use a tool such as Renovate or Dependabot with it.",
		Before: "FROM python:3.12-slim-bookworm\nCOPY . /app\n",
		After: "FROM python:3.12-slim-bookworm@sha256:" + exampleDigest + "\n" +
			"COPY . /app\n",
		Digests: map[string]string{"python:3.12-slim-bookworm": "sha256:" + exampleDigest},
		Sources: []string{
			"Docker documentation, Building best practices, “Pin base image versions”",
			"OCI distribution specification: a manifest's digest, HEAD and GET of a tag",
		},
	},
	Alters: []string{"base"},
	Declines: []transform.Decline{
		{Key: "not-asked", When: "registries are not to be asked (only --pin digest has them asked)"},
		{Key: "no-such-image", When: "the registry has no such image, or does not show it", Warn: true},
		{Key: "registry-failed", When: "the registry does not answer, or takes no more requests", Warn: true},
		{Key: "no-tag", When: "a bare name has no tag: it may be a build context that is named when the image is built"},
		{Key: "unresolved-arg", When: "the image's name depends on an ARG without a default"},
		{Key: "not-one-place", When: "the reference is put together from ARGs, and a digest would outlive a change of one, or reach what else it is used for"},
	},
	Run: runPinDigest,
}

// exampleDigest is no image's.
const exampleDigest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// runPinDigest adds digests to references that have none.
//
// It is sound because the digest is what the registry gives for the reference
// now, so the same image is pulled as without it. A builder that is given a
// digest does not look at the tag: so the digest goes only where whatever
// replaces a part of the reference replaces the digest with it.
func runPinDigest(f *transform.File) []transform.Finding {
	p := pinner{f: f}
	p.choose, p.where = p.digest, p.digestPlace
	p.noPlace = "%s is put together from ARGs, and a digest would outlive a change of one, or reach what else it is used for"
	p.read()
	findings := p.findings()
	for i := range findings {
		if fd := &findings[i]; fd.IsChange() {
			if hasUpdater(contextOf(f)) == updaterMissing {
				fd.Notes = append(fd.Notes, transform.Note{At: fd.At, Why: "the build context has no configuration of Renovate or Dependabot; " +
					"a digest that nothing updates misses every security fix"})
			}
			break
		}
	}
	return findings
}

// digest asks for a reference's digest.
func (p *pinner) digest(r *pinRef) {
	img, ok := parseImage(r.text)
	if !ok || img.Digest {
		return
	}
	decline := func(key, format string, args ...any) { r.declined, r.because = key, fmt.Sprintf(format, args...) }
	if img.Tag == "" && !strings.Contains(r.text, "/") {
		decline("no-tag", "%s has no tag: it may be a build context that is given when the image is built", r.text)
		return
	}
	if p.f.Options.Digests == nil {
		decline("not-asked", "no registry is asked for the digest of %s: only --pin digest on the command line does that", r.text)
		return
	}
	digest, err := p.f.Options.Digests.Digest(r.text)
	switch {
	case errors.Is(err, transform.ErrNoImage):
		decline("no-such-image", "%s stays without a digest: %v", r.text, err)
	case err != nil:
		decline("registry-failed", "%s stays without a digest: %v", r.text, err)
	default:
		r.want = r.text + "@" + digest
		if img.Tag == "" {
			r.want = r.text + ":latest@" + digest
		}
		r.why = fmt.Sprintf("%s is %s now; the digest keeps it the same image in every build", r.text, digest)
	}
}

// digestPlace finds the end of the reference, where every variable that the
// reference depends on covers the digest too.
func (p *pinner) digestPlace(r *pinRef) (transform.Edit, bool) {
	own, inArgs := p.candidates(r)
	for _, c := range slices.Concat(own, inArgs) {
		if p.coversAll(r, c) && p.agreed(c) {
			return c.edit, true
		}
	}
	return transform.Edit{}, false
}

func (p *pinner) coversAll(r *pinRef, c candidate) bool {
	for _, piece := range r.pieces {
		for _, name := range piece.vars {
			if !slices.Contains(c.vars, name) {
				return false
			}
		}
	}
	return true
}

type updater int

const (
	updaterUnknown updater = iota
	updaterThere
	updaterMissing
)

// updaterFiles are where Renovate and Dependabot look for their configuration:
// their documentation, “Configuration Options” and “dependabot.yml”.
var updaterFiles = [...]string{
	"renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json", ".renovaterc.json5",
	".github/renovate.json", ".github/renovate.json5", ".gitlab/renovate.json", ".gitlab/renovate.json5",
	".github/dependabot.yml", ".github/dependabot.yaml",
}

// hasUpdater looks for the configuration of a tool that updates digests.
func hasUpdater(c *buildctx.Context) updater {
	if c == nil {
		return updaterUnknown
	}
	for _, name := range updaterFiles {
		if _, err := c.ReadFile(name); err == nil {
			return updaterThere
		}
	}
	var pkg map[string]json.RawMessage
	if text, err := c.ReadFile("package.json"); err == nil && json.Unmarshal(text, &pkg) == nil && pkg["renovate"] != nil {
		return updaterThere
	}
	return updaterMissing
}
