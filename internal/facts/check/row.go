package check

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"refit/internal/verify/builder"
)

// Row is the kept result of a task.
type Row struct {
	Image, Distribution string
	How                 How
	Version, Python     string
	Build, Runtime      []string
	Verdict             Verdict
	Compiled            int      // ELF files of the distribution
	Without             string   // the error of the use without the runtime packages
	Unlinked            []string // listed runtime packages of which no library is loaded by the ELF headers
	Seconds             int      // that the check took
	Date                string
	Detail              string // what failed
}

// columns are the names of the kept table's columns.
var columns = strings.Fields("image distribution how version python build runtime verdict compiled without unlinked seconds date detail")

func (t Task) row() Row {
	return Row{Image: t.Image, Distribution: t.Distribution, How: t.How, Build: t.Build, Runtime: t.Runtime, Date: time.Now().UTC().Format(time.DateOnly)}
}

func (r *Row) key() string { return r.Image + " " + r.Distribution + " " + string(r.How) }

// current reports that the row is about what the table lists today.
func (r *Row) current(t Task) bool {
	return strings.Join(r.Build, " ") == strings.Join(t.Build, " ") && strings.Join(r.Runtime, " ") == strings.Join(t.Runtime, " ")
}

func (r *Row) fields() []string {
	return []string{r.Image, r.Distribution, string(r.How), dash(r.Version), dash(r.Python),
		dash(strings.Join(r.Build, " ")), dash(strings.Join(r.Runtime, " ")), string(r.Verdict), strconv.Itoa(r.Compiled),
		dash(r.Without), dash(strings.Join(r.Unlinked, ", ")), strconv.Itoa(r.Seconds), r.Date, dash(r.Detail)}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// parseRow reads one line of the kept table.
func parseRow(line string) (r Row, err error) {
	f := strings.Split(line, "\t")
	if len(f) != len(columns) {
		return r, fmt.Errorf("%d columns, want %d: %s", len(f), len(columns), line)
	}
	for i := range f {
		if f[i] == "-" {
			f[i] = ""
		}
	}
	r = Row{Image: f[0], Distribution: f[1], How: How(f[2]), Version: f[3], Python: f[4], Build: strings.Fields(f[5]), Runtime: strings.Fields(f[6]),
		Verdict: Verdict(f[7]), Without: f[9], Unlinked: list(f[10]), Date: f[12], Detail: f[13]}
	if r.Compiled, err = strconv.Atoi(f[8]); err != nil {
		return r, fmt.Errorf("%s: %w", r.key(), err)
	}
	if r.Seconds, err = strconv.Atoi(f[11]); err != nil {
		return r, fmt.Errorf("%s: %w", r.key(), err)
	}
	return r, nil
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ", ")
}

// judgeFailure says what a failed build is about.
func (r *Row) judgeFailure(e *builder.BuildError) {
	log := strings.Join(e.Log, "\n")
	r.Verdict, r.Detail = Fails, short(telling(e.Log))
	if strings.Contains(log, "No matching distribution found") {
		r.Verdict, r.Detail = NotChecked, "no such file of it for this Python"
	}
}

// telling is the line of a build's log that says what failed: the compiler's
// first error, where there is one.
func telling(log []string) string {
	for _, line := range log {
		if compilerError().MatchString(line) {
			return line
		}
	}
	for i := len(log) - 1; i >= 0; i-- {
		if strings.Contains(strings.ToLower(log[i]), "error") {
			return log[i]
		}
	}
	return lastLine(strings.Join(log, "\n"))
}

var compilerError = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)fatal error:|cannot find -l|command not found|not found on path|unable to locate package|could not (find|run)|dependency .* not found|no such file|requires? .*(rust|cargo|pkg-config)|[a-z]*error: .*(config|not found|missing)`)
})

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

var address = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\bhttps?://\S+`) })

// maxDetail bounds what is kept of a message, in bytes.
const maxDetail = 160

// short brings a message into one cell: without addresses, which differ from one
// machine to the next.
func short(s string) string {
	s = strings.Join(strings.Fields(address().ReplaceAllString(s, "…")), " ")
	if len(s) > maxDetail {
		s = strings.ToValidUTF8(s[:maxDetail], "") + "…"
	}
	return s
}
