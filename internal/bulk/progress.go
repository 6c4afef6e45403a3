package bulk

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Progress says how far a run is: a bar on a terminal, else a line every so
// often. A nil *Progress says nothing.
type Progress struct {
	w     io.Writer
	bar   *progressbar.ProgressBar // nil without a terminal
	total int
	done  int
	start time.Time
	said  time.Time
	every time.Duration
}

// NewProgress begins to count up to total.
func NewProgress(w io.Writer, total int, terminal bool) *Progress {
	now := time.Now()
	p := &Progress{w: w, total: total, start: now, said: now, every: 30 * time.Second}
	if terminal {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(w), progressbar.OptionUseANSICodes(true), progressbar.OptionClearOnFinish(),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("repositories"),
			progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// Step counts a repository. files are those so far.
func (p *Progress) Step(files int) {
	if p == nil {
		return
	}
	p.done++
	if p.bar != nil {
		_ = p.bar.Add(1) // there is nowhere to report that it failed
		return
	}
	now := time.Now()
	if now.Sub(p.said) < p.every {
		return
	}
	p.said = now
	took := now.Sub(p.start)
	left := time.Duration(float64(took) / float64(p.done) * float64(p.total-p.done))
	_, _ = fmt.Fprintf(p.w, "%d of %d repositories, %.1f files/s, about %s left\n", p.done, p.total,
		float64(files)/took.Seconds(), left.Round(time.Second))
}

// Clear makes room for a message.
func (p *Progress) Clear() {
	if p != nil && p.bar != nil {
		_ = p.bar.Clear()
	}
}

// End takes the bar away.
func (p *Progress) End() {
	if p != nil && p.bar != nil {
		_ = p.bar.Finish()
	}
}
