package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// GitLab writes a Code Quality report, which GitLab shows in merge requests: an
// entry for each change, and one for each file that failed.
type GitLab struct {
	w      io.Writer
	levels map[string]string // by pass
	n      int
}

// NewGitLab returns a writer of a report; Close ends it.
func NewGitLab(w io.Writer, rules []Rule) *GitLab {
	g := &GitLab{w: w, levels: map[string]string{}}
	for _, r := range rules {
		g.levels[r.Pass.Name] = r.Level
	}
	return g
}

type issue struct {
	Description string   `json:"description"`
	CheckName   string   `json:"check_name"`
	Fingerprint string   `json:"fingerprint"`
	Severity    string   `json:"severity"`
	Location    issuePos `json:"location"`
}

type issuePos struct {
	Path  string     `json:"path"`
	Lines issueLines `json:"lines"`
}

type issueLines struct {
	Begin int `json:"begin"`
	End   int `json:"end,omitempty"`
}

// Add writes the entries of one file.
func (g *GitLab) Add(e *Entry) error {
	path := cmp.Or(e.Place.Rel, e.Place.Abs)
	if e.Error != nil {
		return g.write(issue{*e.Error, "refit", unique(path, *e.Error), "major", issuePos{path, issueLines{Begin: max(errorLine(e.File), 1)}}})
	}
	p := newPlaces(e)
	for i := range e.Passes {
		pass := &e.Passes[i]
		severity := "info"
		if g.levels[pass.Name] == LevelWarning {
			severity = "minor"
		}
		for _, c := range pass.Changes {
			first, last := p.lines(c.Line)
			err := g.write(issue{
				Description: fmt.Sprintf("%s (refit: %s)", c.Reason, pass.Name), CheckName: pass.Name, Severity: severity,
				Fingerprint: unique(path, p.fingerprint(pass.Name, "", c.Line)), Location: issuePos{path, issueLines{first, last}},
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// unique is a fingerprint that no other file has; GitLab shows one entry of each.
func unique(path, id string) string {
	sum := sha256.Sum256([]byte(path + "\x00" + id))
	return hex.EncodeToString(sum[:16])
}

func (g *GitLab) write(i issue) error {
	text, err := encode(i)
	if err != nil {
		return fmt.Errorf("report %s: %w", i.Location.Path, err)
	}
	sep := ",\n"
	if g.n++; g.n == 1 {
		sep = "[\n"
	}
	_, err = io.WriteString(g.w, sep+text)
	return err
}

// Close ends the report.
func (g *GitLab) Close(*Summary) error {
	end := "\n]\n"
	if g.n == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(g.w, end)
	return err
}
