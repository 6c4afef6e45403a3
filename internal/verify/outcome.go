// Package verify proves a rewrite by building it: it builds the original and the
// optimized Dockerfile with BuildKit, compares the images, runs both, adds the
// packages that turn out to be missing, and drops a pass that breaks something.
package verify

// Outcome is what verifying one Dockerfile showed. Its JSON form is documented
// in docs/json.md.
type Outcome struct {
	Path       string    `json:"path"`
	Error      string    `json:"error,omitempty"`      // why nothing could be verified; the rest is then what was reached
	Changed    bool      `json:"changed"`              // whether refit changes the file at all
	Good       bool      `json:"good"`                 // the verified result is at least as good as the original
	Before     *Image    `json:"before,omitempty"`     // nil when it did not build, or nothing changes
	After      *Image    `json:"after,omitempty"`      // nil when it did not build, or nothing changes
	Checks     []Check   `json:"checks"`               // in the order in which they were made
	Rebuilds   []Rebuild `json:"rebuilds,omitempty"`   // in the order in which they were made
	Repairs    []Repair  `json:"repairs,omitempty"`    // in the order in which they were made
	Dropped    []Dropped `json:"dropped,omitempty"`    // passes that broke something
	Dockerfile string    `json:"dockerfile,omitempty"` // the verified text
}

// Image is what a build made.
type Image struct {
	Compressed    int64         `json:"compressed"` // bytes: the layers as a registry serves them
	Unpacked      int64         `json:"unpacked"`   // bytes: the layers' tar streams
	Layers        int           `json:"layers"`
	Packages      int           `json:"packages"`           // of the distribution
	Distributions int           `json:"distributions"`      // of Python
	Setuid        []string      `json:"setuid"`             // paths, sorted
	Shell         string        `json:"shell,omitempty"`    // path of one, "" for none
	Compiler      string        `json:"compiler,omitempty"` // path of one, "" for none
	User          string        `json:"user"`               // as declared; "" is root
	ColdBuild     *Build        `json:"coldBuild,omitempty"`
	StopSeconds   *float64      `json:"stopSeconds,omitempty"` // from SIGTERM to the end; nil when it was not tried or had to be killed
	Findings      []SeverityRow `json:"findings,omitzero"`     // of the user's scanner; nil when there was none
}

// Build is how a build went.
type Build struct {
	Seconds float64  `json:"seconds"` // without fetching base images and exporting
	Ran     []string `json:"ran"`     // the steps that ran, as BuildKit names them
	Cached  int      `json:"cached"`  // how many came from cache
}

// Rebuild is what building again costs after a file was touched.
type Rebuild struct {
	Touched string `json:"touched"` // path in the build context
	Kind    string `json:"kind"`    // "source" or "requirements"
	Before  *Build `json:"before,omitempty"`
	After   *Build `json:"after,omitempty"`
}

// The verdicts of a check.
const (
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"    // the new image falls short of the original
	Unknown Verdict = "unknown" // could not be checked; Detail says why
)

// Verdict is how a check ended.
type Verdict string

// The names of the checks.
const (
	CheckBuild         = "build"
	CheckSize          = "size"
	CheckConfiguration = "configuration"
	CheckSetuid        = "setuid"
	CheckDistributions = "distributions"
	CheckFiles         = "files"
	CheckLibraries     = "libraries"
	CheckImports       = "imports"
	CheckGunicorn      = "gunicorn-config"
	CheckHTTP          = "http"
	CheckCommand       = "command"
	CheckHealth        = "healthcheck"
	CheckSmoke         = "smoke"
)

// Check is one comparison of the two images.
type Check struct {
	Name    string   `json:"name"`
	Verdict Verdict  `json:"verdict"`
	Detail  string   `json:"detail"`        // a sentence
	Log     []string `json:"log,omitempty"` // the lines of a log that matter
}

// Repair is a package that building showed to be missing.
type Repair struct {
	Package  string   `json:"package"`
	Library  string   `json:"library"`  // the soname that did not resolve
	NeededBy []string `json:"neededBy"` // paths in the image
	Round    int      `json:"round"`    // 1 to 3
}

// Dropped is a pass whose rewrite broke something, and is left out.
type Dropped struct {
	Pass string   `json:"pass"`
	Why  string   `json:"why"`
	Log  []string `json:"log,omitempty"`
}

// SeverityRow counts a scanner's findings of one severity.
type SeverityRow struct {
	Severity string `json:"severity"` // in lower case: critical, high, medium, low, negligible, unknown
	Count    int    `json:"count"`
}
