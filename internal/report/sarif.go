package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"refit/transform"
)

// Rule is what a report tells of a pass.
type Rule struct {
	Pass     *transform.Pass
	Group    string // what the pass is about, as a tag
	Level    string // how much it matters that it has something to change: LevelWarning or LevelNote
	Help     string // its documentation, as plain text
	Markdown string // and as Markdown
	URI      string // where it can be read; "" when that is nowhere
}

// The levels of rules, as SARIF names them.
const (
	LevelWarning = "warning"
	LevelNote    = "note"
)

// SARIFConfig says what a SARIF log is about.
type SARIFConfig struct {
	Version string // of refit
	URI     string // of refit; "" when there is none
	Root    string // absolute path that Place.Rel is relative to
	Rules   []Rule
	Applied bool // the changes are being made: no fixes, nothing to alert of
}

// SARIF writes a log in the Static Analysis Results Interchange Format 2.1.0, as
// files come. docs/reports.md says what of it is used, and how.
type SARIF struct {
	w      io.Writer
	cfg    *SARIFConfig
	rules  map[string]int
	opened bool
	n      int            // of the results
	config []notification // the warnings
	said   []notification // the errors, and what was held back
}

// NewSARIF returns a writer of a log; Close ends it.
func NewSARIF(w io.Writer, cfg *SARIFConfig) *SARIF {
	s := &SARIF{w: w, cfg: cfg, rules: map[string]int{}, config: []notification{}, said: []notification{}}
	for i := range cfg.Rules {
		s.rules[cfg.Rules[i].Pass.Name] = i
	}
	return s
}

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// srcRoot is the base of relative paths, by the name that GitHub knows.
const srcRoot = "%SRCROOT%"

// Plan finds the fixes of a file.
func (s *SARIF) Plan(e *Entry) error {
	if s.cfg.Applied {
		return nil
	}
	var err error
	e.Fixes, err = PlanFixes(e)
	return err
}

// Add writes the results of one file.
func (s *SARIF) Add(e *Entry) error {
	if err := s.open(); err != nil {
		return err
	}
	if e.Error != nil {
		s.said = append(s.said, s.failure(e))
		return nil
	}
	f := s.newFile(e)
	for _, n := range e.Warnings {
		s.config = append(s.config, notification{Level: LevelWarning, Message: message{Text: n.Text}, Locations: []location{f.location(n.Line)}})
	}
	s.said = append(s.said, f.held()...)
	for _, r := range f.results() {
		b, err := encode(r)
		if err != nil {
			return fmt.Errorf("report %s: %w", e.Path, err)
		}
		sep := ",\n"
		if s.n++; s.n == 1 {
			sep = "\n"
		}
		if _, err := io.WriteString(s.w, sep+b); err != nil {
			return err
		}
	}
	return nil
}

// open writes what comes before the results.
func (s *SARIF) open() error {
	if s.opened {
		return nil
	}
	s.opened = true
	d, err := encode(map[string]any{"driver": s.driver()})
	if err != nil {
		return err
	}
	bases, err := encode(map[string]artifactLocation{srcRoot: {
		URI: fileURI(s.cfg.Root) + "/", Description: &message{Text: "The root of the repository, or the directory that refit was run in."},
	}})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.w, "{\"$schema\":%q,\"version\":\"2.1.0\",\"runs\":[{\n\"tool\":%s,\n\"originalUriBaseIds\":%s,\n"+
		"\"columnKind\":\"utf16CodeUnits\",\"defaultEncoding\":\"UTF-8\",\n\"results\":[", sarifSchema, d, bases)
	return err
}

// Close ends the log.
func (s *SARIF) Close(sum *Summary) error {
	if err := s.open(); err != nil {
		return err
	}
	b, err := encode([]invocation{{
		ExecutionSuccessful: sum.Failed == 0 && sum.ExitCode != 2, ExitCode: sum.ExitCode,
		ExitCodeDescription:        fmt.Sprintf("%d changed, %d stayed, %d failed; %d held back", sum.Changed, sum.Stayed, sum.Failed, sum.Unmade.Held),
		ConfigurationNotifications: s.config, ExecutionNotifications: s.said,
	}})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.w, "\n],\n\"invocations\":%s}]}\n", b)
	return err
}

func (s *SARIF) driver() *driver {
	d := &driver{
		Name: "refit", FullName: "refit, an optimizing transpiler for Dockerfiles", Version: s.cfg.Version, InformationURI: s.cfg.URI,
		Rules: []sarifRule{},
	}
	for _, r := range s.cfg.Rules {
		severity := "recommendation"
		if r.Level == LevelWarning {
			severity = "warning"
		}
		d.Rules = append(d.Rules, sarifRule{
			ID: r.Pass.Name, ShortDescription: message{Text: sentence(r.Pass.Doc.Title)}, FullDescription: message{Text: r.Pass.Doc.Text},
			Help: message{Text: r.Help, Markdown: r.Markdown}, HelpURI: r.URI,
			DefaultConfiguration: configuration{Enabled: !r.Pass.OptIn, Level: r.Level},
			Properties:           ruleBag{Tags: []string{"dockerfile", r.Group}, Precision: "very-high", Severity: severity},
		})
	}
	return d
}

// failure is a file that could not be worked on, at the line that its message
// names.
func (s *SARIF) failure(e *Entry) notification {
	at := location{PhysicalLocation: physicalLocation{ArtifactLocation: locate(e.Place)}}
	if line := errorLine(e.File); line > 0 {
		at.PhysicalLocation.Region = &region{StartLine: line}
	}
	return notification{Level: "error", Message: message{Text: *e.Error}, Locations: []location{at}}
}

// errorLine is the line that a file's error names, in the form "path:line:"; 0
// when it names none.
func errorLine(f *File) int {
	rest, ok := strings.CutPrefix(*f.Error, Clean(f.Path)+":")
	line := 0
	if ok {
		_, _ = fmt.Sscanf(rest, "%d:", &line) // 0 otherwise
	}
	return max(line, 0)
}

// locate names a file: below the root by its path in it, else in full.
func locate(p Place) artifactLocation {
	if p.Rel == "" {
		return artifactLocation{URI: fileURI(p.Abs)}
	}
	return artifactLocation{URI: (&url.URL{Path: p.Rel}).String(), URIBaseID: srcRoot}
}

func fileURI(abs string) string {
	path := strings.TrimSuffix(filepath.ToSlash(abs), "/")
	if path != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	return (&url.URL{Scheme: "file", Path: path, OmitHost: false}).String()
}

func encode(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// sentence is a phrase as a sentence.
func sentence(phrase string) string {
	if phrase == "" {
		return ""
	}
	return strings.ToUpper(phrase[:1]) + strings.TrimSuffix(phrase[1:], ".") + "."
}
