package bulk

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"refit/internal/plural"
	"refit/internal/report"
)

// Renderer writes a report: each record as it comes, and the summary.
type Renderer interface {
	Record(*Record) error
	Summary(*Summary) error
}

// NewRenderer returns the renderer of a format: text, json or markdown. wrote is
// the word for what has changed, or would.
func NewRenderer(format string, w *bufio.Writer, wrote string) Renderer {
	switch format {
	case "json":
		return &jsonRenderer{w: w}
	case "markdown":
		return &markdownRenderer{w: w, wrote: wrote}
	}
	return &textRenderer{w: w, wrote: wrote}
}

// jsonRenderer writes one document, a line for each repository.
type jsonRenderer struct {
	w    io.Writer
	some bool
}

func (j *jsonRenderer) Record(r *Record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	start := ",\n"
	if !j.some {
		start = "{\"version\":1,\"repositories\":[\n"
	}
	j.some = true
	_, err = fmt.Fprintf(j.w, "%s%s", start, text)
	return err
}

func (j *jsonRenderer) Summary(s *Summary) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	start := "\n],"
	if !j.some {
		start = `{"version":1,"repositories":[],`
	}
	_, err = fmt.Fprintf(j.w, "%s\"summary\":%s}\n", start, text)
	return err
}

// textRenderer writes the summary for people.
type textRenderer struct {
	w     io.Writer
	wrote string
}

func (t *textRenderer) Record(*Record) error { return nil }

// Few is up to how many repositories a run names those that change unasked.
const Few = 20

// topDeclines is how many reasons the summary for people names.
const topDeclines = 20

func (t *textRenderer) Summary(s *Summary) error {
	b := bufio.NewWriter(t.w)
	r := &s.Repositories
	fmt.Fprintf(b, "repositories: %d: %d %s, %d unchanged, %d failed, %d without a Dockerfile\n",
		r.Total(), r.Changed, t.wrote, r.Unchanged, r.Failed, r.Empty)
	fmt.Fprintf(b, "Dockerfiles:  %d: %d %s, %d unchanged, %d failed\n",
		s.Files.Total(), s.Files.Changed, t.wrote, s.Files.Unchanged, s.Files.Failed)
	if r.Changed > 0 && r.Total() > Few {
		fmt.Fprintf(b, "which ones:   --verbose names them, and --format json has all of it\n")
	}
	if s.Rejected > 0 {
		fmt.Fprintf(b, "not taken:    %d whose change did not pass its builds\n", s.Rejected)
	}
	if z := s.Sizes; z != nil {
		fmt.Fprintf(b, "image sizes:  %s before, %s after, %s%s\n", megabytes(z.Before), megabytes(z.After), images(z), percent(z))
	}
	if r.Resumed > 0 {
		fmt.Fprintf(b, "resumed:      %s done by an earlier run\n", plural.Of(r.Resumed, "repository"))
	}
	fmt.Fprintf(b, "took:         %s\n", pace(s))
	t.declined(b, s.Declined)
	if n := len(s.Failures) + s.MoreFailures; n > 0 {
		t.failed(b, s.Failures, n)
	}
	return b.Flush()
}

// topFailures is how many failures the summary for people names.
const topFailures = 20

func (t *textRenderer) failed(w io.Writer, list []Failure, n int) {
	fmt.Fprintf(w, "failed:       %d\n", n)
	shown := list[:min(topFailures, len(list))]
	for _, f := range shown {
		name := f.Repository
		if f.Path != "" {
			name += ": " + f.Path
		}
		fmt.Fprintf(w, "  %s\n", report.Clean(oneLine(name)))
	}
	if n > len(shown) {
		fmt.Fprintf(w, "  and %d more, named above\n", n-len(shown))
	}
}

func (t *textRenderer) declined(w io.Writer, list []Declined) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "held back:\n")
	for _, d := range list[:min(topDeclines, len(list))] {
		when := ""
		if d.When != "" {
			when = ": " + d.When
		}
		fmt.Fprintf(w, "  %6d  %s (%s)%s\n", d.Count, d.Pass, d.Key, when)
	}
	rest := 0
	for _, d := range list[min(topDeclines, len(list)):] {
		rest += d.Count
	}
	if rest > 0 {
		fmt.Fprintf(w, "  %6d  for %d other reasons (--format json has them)\n", rest, len(list)-topDeclines)
	}
}

// markdownRenderer writes the summary for a job's page or an issue.
type markdownRenderer struct {
	w     io.Writer
	wrote string
}

func (m *markdownRenderer) Record(*Record) error { return nil }

func (m *markdownRenderer) Summary(s *Summary) error {
	b := bufio.NewWriter(m.w)
	r := &s.Repositories
	fmt.Fprintf(b, "| | total | %s | unchanged | failed | without a Dockerfile |\n|---|--:|--:|--:|--:|--:|\n", m.wrote)
	fmt.Fprintf(b, "| repositories | %d | %d | %d | %d | %d |\n", r.Total(), r.Changed, r.Unchanged, r.Failed, r.Empty)
	fmt.Fprintf(b, "| Dockerfiles | %d | %d | %d | %d | |\n", s.Files.Total(), s.Files.Changed, s.Files.Unchanged, s.Files.Failed)
	if z := s.Sizes; z != nil {
		fmt.Fprintf(b, "\nImage sizes, compressed: %s before, %s after, %s%s.\n", megabytes(z.Before), megabytes(z.After), images(z), percent(z))
	}
	if s.Rejected > 0 {
		fmt.Fprintf(b, "\nNot taken, because the change did not pass its builds: %d.\n", s.Rejected)
	}
	fmt.Fprintf(b, "\nTook %s.\n", pace(s))
	if len(s.Declined) > 0 {
		fmt.Fprintf(b, "\n### Held back\n\n| pass | reason | | times |\n|---|---|---|--:|\n")
		for _, d := range s.Declined {
			fmt.Fprintf(b, "| `%s` | `%s` | %s | %d |\n", d.Pass, d.Key, cell(d.When), d.Count)
		}
	}
	if len(s.Failures) > 0 {
		fmt.Fprintf(b, "\n### Failed\n\n| repository | file | why |\n|---|---|---|\n")
		for _, f := range s.Failures {
			fmt.Fprintf(b, "| %s | %s | %s |\n", cell(f.Repository), cell(f.Path), cell(f.Error))
		}
		if s.MoreFailures > 0 {
			fmt.Fprintf(b, "\nand %d more.\n", s.MoreFailures)
		}
	}
	return b.Flush()
}

// markup is what would be more than text in a cell.
var markup = strings.NewReplacer("|", "\\|", "<", "&lt;", "`", "&#96;", "[", "\\[", "*", "\\*", "_", "\\_", "@", "&#64;", "#", "&#35;")

func cell(s string) string { return markup.Replace(oneLine(s)) }

func images(z *Sizes) string {
	if z.Images == 1 {
		return "1 image"
	}
	return fmt.Sprintf("%d images", z.Images)
}

func percent(z *Sizes) string {
	if z.Before == 0 {
		return ""
	}
	return fmt.Sprintf(" (%+.0f %%)", 100*(float64(z.After)/float64(z.Before)-1))
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// pace is how long the run took, how fast it was, and what it needed.
func pace(s *Summary) string {
	text := fmt.Sprintf("%.1f s", s.Seconds)
	if s.FilesPerSecond > 0 { // else an earlier run did it all
		text += fmt.Sprintf(", %.1f files/s", s.FilesPerSecond)
	}
	if s.PeakMemory > 0 {
		text += fmt.Sprintf(", at most %d MB of memory", (s.PeakMemory+1e6-1)/1e6)
	}
	return text
}
