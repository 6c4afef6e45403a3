package passes

import (
	"fmt"
	"strings"

	"refit/internal/facts"
	"refit/transform"
)

var pinTagPass = &transform.Pass{
	Name: "pin-tag",
	Doc: transform.Doc{
		Title: "name the release line and the distribution in official images' tags",
		Text: "A shared tag such as python:3.7 moves to another Debian release when the image's maintainers do, and " +
			"with it every library that apt installs; latest moves to another version as well. The pass writes the tag " +
			"that names the same build today, from a catalogue of every tag that the official images ever listed. A " +
			"version that is written stays, and so do variants (slim, alpine). --pin patch names the patch release too. " +
			"--pin digest has the pass pin-digest add the digest. FROM, COPY --from and RUN --mount=from are treated " +
			"alike; a tag that comes from an ARG is edited where it stands.",
		Before: "FROM python:3.7\nCOPY . /app\n",
		After:  "FROM python:3.7-bookworm\nCOPY . /app\n",
		Sources: []string{
			"Docker Hub, official image python, “Shared Tags” and “Simple Tags”",
			"docker-library/official-images on GitHub, library/*: which tags named which build, and when",
		},
	},
	Alters: []string{"base"},
	Declines: []transform.Decline{
		{Key: "unresolved-arg", When: "the image's name depends on an ARG without a default"},
		{Key: "unknown-tag", When: "no such tag of the official image was ever listed"},
		{Key: "unknown-image", When: "the image floats, but it is not in the catalogue of official images"},
		{Key: "no-simple-tag", When: "the build that the tag names has no tag that says more"},
		{Key: "not-one-place", When: "the tag is put together from ARGs that serve other purposes too"},
	},
	Hadolint: []string{"DL3006", "DL3007"},
	Run:      runPinTag,
}

// runPinTag finds every image reference and the place where its tag stands.
//
// It is sound because the new tag was listed for the same build as the old one
// when that was last listed, so the same image is pulled as on that day. What an
// ARG's default says is changed only where every use of the ARG asks for the
// same change; a --build-arg overrides it as before. Windows images are left
// alone, since shared tags name other builds there.
func runPinTag(f *transform.File) []transform.Finding {
	p := pinner{f: f}
	p.choose, p.where = p.simpleTag, p.place
	p.argNote = "a version given by --build-arg must have been published on this distribution too"
	p.noPlace = "the tag of %s is put together from ARGs that serve other purposes too"
	p.read()
	return p.findings()
}

// pinner collects the references of a file.
type pinner struct {
	f       *transform.File
	choose  func(*pinRef)                        // says what is to become of a reference
	where   func(*pinRef) (transform.Edit, bool) // finds the place of its change
	argNote string                               // belongs to a change beside a variable
	noPlace string                               // declines where there is none, of the reference
	refs    []*pinRef
	seen    map[int]bool // where the text of a reference starts
}

// read goes through all stages but those for Windows.
func (p *pinner) read() {
	for _, s := range p.f.Stages {
		if forWindows(p.f, s) {
			continue
		}
		p.from(s)
		for _, e := range s.Deps {
			if e.To == nil && e.Kind != transform.EdgeFrom {
				p.use(e)
			}
		}
	}
}

// pinRef is one reference to an image, and what is to become of it.
type pinRef struct {
	at                transform.Span // the word or instruction it stands in
	text              string         // as resolved
	want              string         // with the tag that is wanted; "" for none
	variable          bool           // it holds a variable
	why               string
	pieces            []refPiece
	declined, because string
}

// from adds what a stage starts from.
func (p *pinner) from(s *transform.Stage) {
	if s.Base.Stage != nil || strings.EqualFold(s.Base.Raw, "scratch") || s.Base.Raw == "" {
		return
	}
	r := &pinRef{at: s.From.Body, text: s.Base.Ref, variable: strings.Contains(s.Base.Raw, "$")}
	p.refs = append(p.refs, r)
	if s.Base.Ref == "" {
		r.declined, r.because = "unresolved-arg", fmt.Sprintf("%s depends on an ARG that has no default", s.Base.Raw)
		return
	}
	p.choose(r)
	if r.want != "" {
		r.pieces = p.expandWord(s.Base.Word, s.Base.Raw)
	}
}

// use adds an image that COPY --from or RUN --mount=from names.
func (p *pinner) use(e transform.Edge) {
	if strings.ContainsAny(e.Image, "$\"'\\") {
		return
	}
	for _, w := range p.f.Words(e.At) {
		at, ok := fromValue(w, e.Image)
		if !ok || p.seen[at] {
			continue
		}
		if p.seen == nil {
			p.seen = map[int]bool{}
		}
		p.seen[at] = true
		r := &pinRef{at: w.Span, text: e.Image}
		r.pieces = []refPiece{{text: e.Image, at: at}}
		p.choose(r)
		p.refs = append(p.refs, r)
		return
	}
}

// fromValue finds the image in the word of a flag: --from=IMAGE, or a from=IMAGE
// field of --mount.
func fromValue(w transform.Word, image string) (int, bool) {
	if w.Span.Len() != len(w.Text) || !strings.HasPrefix(w.Text, "--") {
		return 0, false
	}
	_, fields, _ := strings.Cut(w.Text, "=")
	if strings.HasPrefix(w.Text, "--from=") {
		return w.Span.End - len(image), fields == image
	}
	at := w.Span.End - len(fields)
	for field := range strings.SplitSeq(fields, ",") {
		if v, ok := strings.CutPrefix(field, "from="); ok && v == image {
			return at + len("from="), true
		}
		at += len(field) + 1
	}
	return 0, false
}

// simpleTag asks the catalogue.
func (p *pinner) simpleTag(r *pinRef) {
	img, ok := parseImage(r.text)
	if !ok || img.Digest {
		return
	}
	tag := img.Tag
	if tag == "" {
		tag = "latest"
	}
	level := facts.Minor
	if p.f.Options.Pin == transform.PinPatch {
		level = facts.Patch
	}
	pin := facts.Pin{Outcome: facts.UnknownImage}
	if img.Official {
		pin = facts.SimpleTag(img.Name, tag, level)
	}
	switch pin.Outcome {
	case facts.Pinned:
		r.want = strings.TrimSuffix(r.text, ":"+img.Tag) + ":" + pin.Tag
		r.why = pinReason(img, pin)
	case facts.UnknownTag:
		r.declined, r.because = "unknown-tag", fmt.Sprintf("the official image %s never listed a tag %s up to %s", img.Name, tag, day(facts.CatalogueDay()))
	case facts.UnknownImage:
		if tag == "latest" {
			r.declined, r.because = "unknown-image", fmt.Sprintf("%s floats, but the catalogue has no tags of this image", r.text)
		}
	case facts.NoSimpleTag:
		if pin.From.Target == tag {
			return // the name of one build, which says all that it can
		}
		r.declined, r.because = "no-simple-tag", fmt.Sprintf("no tag of %s says more than %s about the same build", img.Name, tag)
	}
}

func pinReason(img image, pin facts.Pin) string {
	name := img.Name + ":" + img.Tag
	if img.Tag == "" {
		name = img.Name + " without a tag"
	}
	build := pin.From.Target
	switch {
	case pin.From.Until > 0 && build == pin.Tag:
		return fmt.Sprintf("the last build of %s, before %s, is %s", name, day(pin.From.Until), build)
	case pin.From.Until > 0:
		return fmt.Sprintf("the last build of %s, before %s, is %s, and %s says so", name, day(pin.From.Until), build, pin.Tag)
	}
	return fmt.Sprintf("%s moves between releases; on %s it was %s", name, day(facts.CatalogueDay()), build)
}

// day writes YYYYMMDD as people read it.
func day(n int) string { return fmt.Sprintf("%04d-%02d-%02d", n/10000, n/100%100, n%100) }

// forWindows reports a stage that is built for Windows, where shared tags name
// other builds: its platform, its shell or its base says so.
func forWindows(f *transform.File, s *transform.Stage) bool {
	if f.Escape == '`' || strings.Contains(strings.ToLower(s.Root().Base.Raw), "windows") {
		return true
	}
	for _, w := range f.Words(s.From)[1:] {
		if v, ok := strings.CutPrefix(strings.ToLower(w.Text), "--platform="); ok && strings.HasPrefix(v, "windows") {
			return true
		}
	}
	for _, in := range s.Instructions {
		if in.Keyword != "shell" {
			continue
		}
		t := strings.ToLower(f.Text(in.Body))
		if strings.Contains(t, "powershell") || strings.Contains(t, "pwsh") || strings.Contains(t, "cmd") {
			return true
		}
	}
	return false
}
