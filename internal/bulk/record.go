package bulk

import (
	"fmt"
	"maps"
)

// The statuses of a repository.
const (
	Changed   = "changed"
	Unchanged = "unchanged"
	Failed    = "failed" // nothing came of it; a failed file beside changed ones leaves it changed
	Empty     = "empty"  // it has no Dockerfile
)

// Record is what became of a repository. It is a line of the journal and of the
// JSON report, whose form docs/bulk.md documents.
type Record struct {
	Repository string         `json:"repository"`
	Status     string         `json:"status"`
	Directory  string         `json:"directory,omitempty"` // of a URL's clone
	Error      string         `json:"error,omitempty"`     // of the repository as a whole
	Files      Counts         `json:"files"`
	Declined   map[string]int `json:"declined,omitempty"` // by pass/key
	Failures   []Failure      `json:"failures,omitempty"` // of files, the first of them
	Sizes      *Sizes         `json:"sizes,omitempty"`    // where images were built
	Patch      string         `json:"patch,omitempty"`    // the file
	Branch     string         `json:"branch,omitempty"`
	Commit     string         `json:"commit,omitempty"`
	Tree       string         `json:"tree,omitempty"`    // of the commit
	Resumed    bool           `json:"resumed,omitempty"` // an earlier run did it

	Rejected int `json:"rejected,omitempty"` // files whose change did not pass --verify
}

// Counts are numbers of Dockerfiles or of repositories.
type Counts struct {
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Failed    int `json:"failed"`
}

// Total is the sum.
func (c Counts) Total() int { return c.Changed + c.Unchanged + c.Failed }

func (c *Counts) add(d Counts) {
	c.Changed += d.Changed
	c.Unchanged += d.Unchanged
	c.Failed += d.Failed
}

// Failure is what went wrong with a file or a repository.
type Failure struct {
	Repository string `json:"repository,omitempty"`
	Path       string `json:"path,omitempty"`
	Error      string `json:"error"`
}

// Sizes are the compressed sizes of images that were built before and after the
// change, over the files that passed.
type Sizes struct {
	Images int   `json:"images"`
	Before int64 `json:"before"` // bytes
	After  int64 `json:"after"`
}

func (s *Sizes) add(t *Sizes) *Sizes {
	if t == nil {
		return s
	}
	if s == nil {
		s = &Sizes{}
	}
	s.Images += t.Images
	s.Before += t.Before
	s.After += t.After
	return s
}

// File is what became of a Dockerfile.
type File struct {
	Path     string         `json:"path"` // in the repository, with slashes
	Changed  bool           `json:"changed,omitempty"`
	Error    string         `json:"error,omitempty"`
	Declined map[string]int `json:"declined,omitempty"` // by pass/key
	Sizes    *Sizes         `json:"sizes,omitempty"`
	Rejected bool           `json:"rejected,omitempty"` // it did not pass --verify

	Diff    string   `json:"-"` // relative to the repository
	Paths   []string `json:"-"` // the changed files, the Dockerfile among them
	Reasons []Reason `json:"-"` // why it changes
}

// Reason is a change and why it was made. What is said of the file as a whole has
// neither pass nor line.
type Reason struct {
	Pass string
	Line int
	Why  string
}

// at is where the reason belongs: "pip-cache, line 3: ", or "".
func (r *Reason) at() string {
	if r.Pass == "" {
		return ""
	}
	return fmt.Sprintf("%s, line %d: ", r.Pass, r.Line)
}

// maxFailures is how many failed files a record names.
const maxFailures = 20

func (r *Record) add(f *File) {
	switch {
	case f.Error != "":
		r.Files.Failed++
		if len(r.Failures) < maxFailures {
			r.Failures = append(r.Failures, Failure{Path: f.Path, Error: f.Error})
		}
	case f.Changed:
		r.Files.Changed++
	default:
		r.Files.Unchanged++
	}
	if f.Rejected {
		r.Rejected++
	}
	r.Declined = addCounts(r.Declined, f.Declined)
	r.Sizes = r.Sizes.add(f.Sizes)
}

func addCounts(to, from map[string]int) map[string]int {
	if to == nil {
		return maps.Clone(from)
	}
	for k, n := range from {
		to[k] += n
	}
	return to
}

// settle derives the status.
func (r *Record) settle() {
	switch {
	case r.Error != "":
		r.Status = Failed
	case r.Files.Changed > 0:
		r.Status = Changed
	case r.Files.Failed > 0:
		r.Status = Failed
	case r.Files.Unchanged > 0:
		r.Status = Unchanged
	default:
		r.Status = Empty
	}
}

func (r *Record) fail(err error) {
	*r = Record{Repository: r.Repository, Status: Failed, Error: err.Error(), Files: r.Files, Failures: r.Failures}
}

func panicked(p any) error { return fmt.Errorf("internal error, please report it: %v", p) }
