package bulk

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Summary adds up records.
type Summary struct {
	Repositories   Repositories `json:"repositories"`
	Files          Counts       `json:"files"`
	Rejected       int          `json:"rejected"` // files whose change did not pass --verify
	Declined       []Declined   `json:"declined"` // the most frequent first
	Failures       []Failure    `json:"failures"` // the first of them
	MoreFailures   int          `json:"moreFailures,omitempty"`
	Sizes          *Sizes       `json:"sizes,omitempty"`
	Seconds        float64      `json:"seconds"`        // of this run
	FilesPerSecond float64      `json:"filesPerSecond"` // of this run
	PeakMemory     int64        `json:"peakMemory,omitempty"`

	declined map[string]int
	worked   int // files of this run
}

// Repositories counts repositories.
type Repositories struct {
	Counts
	Empty   int `json:"empty"`   // no Dockerfile
	Resumed int `json:"resumed"` // of all these, an earlier run's
}

// Total is the sum.
func (r *Repositories) Total() int { return r.Counts.Total() + r.Empty }

// Declined is how often a pass held a change back for a reason.
type Declined struct {
	Pass  string `json:"pass"`
	Key   string `json:"reasonKey"`
	Count int    `json:"count"`
	When  string `json:"when,omitempty"` // what the reason is, for people; Close leaves it empty
}

// maxShown is how many failures a summary names.
const maxShown = 1000

// Add takes in a record.
func (s *Summary) Add(r *Record) {
	switch r.Status {
	case Changed:
		s.Repositories.Changed++
	case Unchanged:
		s.Repositories.Unchanged++
	case Failed:
		s.Repositories.Failed++
	case Empty:
		s.Repositories.Empty++
	}
	if r.Resumed {
		s.Repositories.Resumed++
	} else {
		s.worked += r.Files.Total()
	}
	s.Files.add(r.Files)
	s.Rejected += r.Rejected
	s.declined = addCounts(s.declined, r.Declined)
	s.Sizes = s.Sizes.add(r.Sizes)
	if r.Error != "" {
		s.addFailure(Failure{Repository: r.Repository, Error: r.Error})
	}
	for _, f := range r.Failures {
		f.Repository = r.Repository
		s.addFailure(f)
	}
	s.MoreFailures += r.Files.Failed - len(r.Failures)
}

func (s *Summary) addFailure(f Failure) {
	if len(s.Failures) >= maxShown {
		s.MoreFailures++
		return
	}
	s.Failures = append(s.Failures, f)
}

// Close derives what only the end tells.
func (s *Summary) Close(took time.Duration, peak int64) {
	s.Seconds, s.PeakMemory = took.Seconds(), peak
	if s.Seconds > 0 {
		s.FilesPerSecond = float64(s.worked) / s.Seconds
	}
	s.Declined = []Declined{}
	for key, n := range maps.All(s.declined) {
		pass, reason, _ := strings.Cut(key, "/")
		s.Declined = append(s.Declined, Declined{Pass: pass, Key: reason, Count: n})
	}
	slices.SortFunc(s.Declined, func(a, b Declined) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Pass, b.Pass), cmp.Compare(a.Key, b.Key))
	})
	if s.Failures == nil {
		s.Failures = []Failure{}
	}
}

// Worked is how many files this run has worked on so far.
func (s *Summary) Worked() int { return s.worked }
