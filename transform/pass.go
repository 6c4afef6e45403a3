package transform

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"sync"
)

// Pass is one rewrite: its documentation, what it may alter, and a pure
// function that reads a File and says what to do.
type Pass struct {
	Name string // kebab-case and stable: flags, comments and reports use it
	Doc  Doc
	// Last: the pass runs when the others have nothing more to say, and none is
	// asked again because of what it changes.
	Last bool
	// Again: what the other passes' changes leave may be this one's to do, so that it
	// is asked again after them even where it held nothing back.
	Again bool
	// Narrows: the pass's companions leave files out of the build context; the
	// others then start again without those.
	Narrows bool
	// OptIn: the pass runs only where somebody asks for it by name (--with, --only).
	OptIn bool
	// Profiles are those that the pass runs for; nil is all of them.
	Profiles []Profile
	// Alters lists the properties of the image that the pass may change, as
	// patterns over the keys of a View ("cmd", "env:PYTHON*", "path:*"). A "+"
	// before one allows additions only ("+path:*").
	Alters []string
	// Declines lists every reason for which the pass holds back.
	Declines []Decline
	// Hadolint lists the rules of hadolint that ask for what the pass does;
	// "# hadolint ignore=RULE" then also stops the pass.
	Hadolint []string
	// Run reads the file and returns what to change and where it held back. It
	// must be pure: no state, no output, and nothing read but the File and its
	// Options.
	Run func(*File) []Finding
}

// Doc is a pass's documentation, shown by "refit explain".
type Doc struct {
	Title string // a verb phrase
	Text  string // what it does and why, in plain sentences
	// Before and After are whole Dockerfiles: the pass alone makes one from the
	// other. Files is the build context they are run in; nil for none.
	Before, After string
	Files         map[string]string
	Profile       Profile           // that the example is run with; "" for the default
	Digests       map[string]string // of the references that the example has
	Sources       []string          // where the advice comes from
}

// Decline is a reason for which a pass holds back.
type Decline struct {
	Key  string // kebab-case and stable
	When string // a clause that completes "declines when"
	Warn bool   // it is said unasked, since something that was asked for is not done
	// Already: nothing is held back, for the file has what the pass is for.
	Already bool
}

// Finding is a change, all or nothing, or, without edits and companions, a
// decline.
type Finding struct {
	At         Span   // what it is about, in the File that the pass was given
	Reason     string // the key of a decline; "" for a change
	Why        string // a sentence for people
	Edits      []Edit
	Companions []Companion
	Notes      []Note // what else there is to say, one by one
}

// Note is a remark that belongs to a change.
type Note struct {
	At   Span
	Why  string
	Warn bool // it is said unasked
}

// Companion is a file that a change needs beside the Dockerfile.
type Companion struct {
	Path    string // relative to the build context, with slashes
	Content string
}

// IsChange reports whether the finding changes anything.
func (f *Finding) IsChange() bool { return len(f.Edits) > 0 || len(f.Companions) > 0 }

// Options is what passes may know beside the Dockerfile. The zero value knows
// nothing of a build context and asks for the defaults.
type Options struct {
	Context       Context // the build context; nil when unknown
	Dockerfile    string  // the Dockerfile's path in the context; "" when it is elsewhere
	Profile       Profile // "" is ProfileDefault
	Pin           Pin     // "" is PinMinor
	NoCacheMounts bool    // the builder has no RUN --mount=type=cache
	Digests       Digests // what tags stand for; nil when registries are not to be asked
	// PruneRequirements: unused distributions are taken out of requirement files.
	PruneRequirements bool
	// Others are the texts of other Dockerfiles that are known to be built from the
	// context; those that lie in it are found there too.
	Others []string
	// Vetoes are changes that somebody beside the file holds back.
	Vetoes []Veto
}

// Digests knows which digest a tag stands for. For one reference it always gives
// the same answer.
type Digests interface {
	// Digest returns the digest of what ref names now, for all platforms. An error
	// is a sentence for people; it is an ErrNoImage where a registry said that there
	// is none.
	Digest(ref string) (string, error)
}

// ErrNoImage says that a reference names nothing that can be pulled.
var ErrNoImage = errors.New("there is no image")

// Context is a build context. Passes that look into it know the implementation,
// internal/buildctx.
type Context interface {
	FS() fs.FS // the files that a build would see
	// With is the context once the companions are there.
	With(companions []Companion) Context
}

// Profile is the kind of image that is wanted.
type Profile string

// The profiles.
const (
	ProfileDefault Profile = "default" // Debian slim, builder and runtime
	ProfileDev     Profile = "dev"     // full Debian, one stage kept debuggable
	ProfileIO      Profile = "io"      // Alpine
	ProfileCPU     Profile = "cpu"     // glibc always: distroless, or Debian slim
	ProfileSecure  Profile = "secure"  // distroless: no shell, no package manager, numeric user
)

// Profiles returns all of them, the default first.
func Profiles() []Profile {
	return []Profile{ProfileDefault, ProfileDev, ProfileIO, ProfileCPU, ProfileSecure}
}

// Pin is how far a tag is pinned.
type Pin string

// The levels of pinning.
const (
	PinMinor Pin = "minor" // 3.7-bookworm
	PinPatch Pin = "patch" // 3.7.17-bookworm
	// PinDigest is PinMinor with the digest: 3.7-bookworm@sha256:…
	PinDigest Pin = "digest"
)

var kebab = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`) })

// Validate reports the first thing that a list of passes lacks: a name that is
// kebab-case and unique, a title, a text, an example, a Run, reasons.
func Validate(passes []*Pass) error {
	seen := map[string]bool{}
	for _, p := range passes {
		if err := p.validate(); err != nil {
			return fmt.Errorf("pass %q: %w", p.Name, err)
		}
		if seen[p.Name] {
			return fmt.Errorf("pass %q: the name is taken", p.Name)
		}
		seen[p.Name] = true
	}
	return nil
}

func (p *Pass) validate() error {
	switch {
	case !kebab().MatchString(p.Name):
		return errors.New("the name is not kebab-case")
	case p.Doc.Title == "" || p.Doc.Text == "":
		return errors.New("it has no title or no text")
	case p.Doc.Before == "" || p.Doc.After == "":
		return errors.New("it has no example")
	case len(p.Doc.Sources) == 0:
		return errors.New("it names no source")
	case p.Run == nil:
		return errors.New("it has no Run")
	}
	keys := map[string]bool{}
	for _, d := range p.Declines {
		if !kebab().MatchString(d.Key) || d.When == "" || keys[d.Key] {
			return fmt.Errorf("decline %q is not kebab-case, says nothing or stands twice", d.Key)
		}
		keys[d.Key] = true
	}
	return nil
}

// runsFor reports whether the pass has a part in a profile.
func (p *Pass) runsFor(profile Profile) bool {
	if profile == "" {
		profile = ProfileDefault
	}
	return len(p.Profiles) == 0 || slices.Contains(p.Profiles, profile)
}

// declares reports whether key is one of the pass's reasons.
func (p *Pass) declares(key string) bool {
	return slices.ContainsFunc(p.Declines, func(d Decline) bool { return d.Key == key })
}

// Already reports whether key, of a decline, says that there is nothing to do.
func (p *Pass) Already(key string) bool {
	return slices.ContainsFunc(p.Declines, func(d Decline) bool { return d.Key == key && d.Already })
}
