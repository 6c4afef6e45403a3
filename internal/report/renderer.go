package report

import "refit/transform"

// Renderer writes a report, file by file in the order in which they were found.
type Renderer interface {
	Add(*Entry) error
	Close(*Summary) error
}

// Planner is a Renderer with work that can be done ahead of Add, on several
// files at a time.
type Planner interface {
	Plan(*Entry) error
}

// Entry is one Dockerfile: its File, and what it was made from.
type Entry struct {
	*File
	Place  Place
	Result *transform.Result // nil where File.Error is not
	Beside []CompanionText   // File.Companions, with the texts
	// Rewrite takes another text than the Dockerfile's through passes, where some
	// companions are in the build context already.
	Rewrite func(src string, companions []transform.Companion, passes []*transform.Pass) (*transform.Result, error)
	Fixes   []Fix // set by Plan
}

// Place is where a file is.
type Place struct {
	Abs string // "" for standard input
	Rel string // relative to the report's root, with slashes; "" where it is elsewhere
}

// CompanionText is a companion file before and after.
type CompanionText struct {
	Name   string // in the build context, with slashes
	Place  Place
	Disk   string // its text when the run began
	Before string // the same, after what the Dockerfiles before this one bring
	After  string
	New    bool // there is no such file yet
}

// Summary is what a run came to.
type Summary struct {
	ExitCode int
	Changed  int
	Stayed   int
	Failed   int
	Unmade   Tally
}
