package render

import (
	"fmt"
	"strings"

	"refit/internal/plural"
	"refit/internal/verify"
)

// row is a figure of both images.
type row struct {
	name          string
	before, after string
	change        string
	trend         int // 1 is better, -1 is worse, 0 neither
}

// rowsOf returns what is known of an outcome's images. What neither has is left
// out where it is only there when asked for.
func rowsOf(o *verify.Outcome) []row {
	b, a := o.Before, o.After
	if b == nil && a == nil {
		return nil
	}
	rows := []row{
		bytesRow("compressed size", b, a, func(i *verify.Image) int64 { return i.Compressed }),
		bytesRow("unpacked size", b, a, func(i *verify.Image) int64 { return i.Unpacked }),
		countRow("layers", b, a, func(i *verify.Image) int { return i.Layers }),
		countRow("OS packages", b, a, func(i *verify.Image) int { return i.Packages }),
		neutral(countRow("Python distributions", b, a, func(i *verify.Image) int { return i.Distributions })),
		countRow("setuid files", b, a, func(i *verify.Image) int { return len(i.Setuid) }),
		nameRow("shell", b, a, func(i *verify.Image) string { return i.Shell }),
		nameRow("compiler", b, a, func(i *verify.Image) string { return i.Compiler }),
		userRow(b, a),
	}
	if cb, ca := coldBuild(b), coldBuild(a); cb != nil || ca != nil {
		rows = append(rows, buildRow("cold build", cb, ca))
	}
	for _, r := range o.Rebuilds {
		rows = append(rows, buildRow("rebuild, "+plain(r.Kind, 20)+" edited", r.Before, r.After))
	}
	if r := stopRow(b, a); r.before != missing || r.after != missing {
		rows = append(rows, r)
	}
	return append(rows, findingRows(b, a)...)
}

func coldBuild(i *verify.Image) *verify.Build {
	if i == nil {
		return nil
	}
	return i.ColdBuild
}

// fill fills a row's cells from the images that there are, and compares them
// when both are.
func fill[T any](name string, b, a *T, text func(*T) string, compare func(b, a *T) (string, int)) row {
	r := row{name: name, before: missing, after: missing}
	if b != nil {
		r.before = text(b)
	}
	if a != nil {
		r.after = text(a)
	}
	if b != nil && a != nil {
		r.change, r.trend = compare(b, a)
	}
	return r
}

func bytesRow(name string, b, a *verify.Image, size func(*verify.Image) int64) row {
	return fill(name, b, a,
		func(i *verify.Image) string { return megabytes(size(i)) },
		func(b, a *verify.Image) (string, int) {
			change := percent(float64(size(b)), float64(size(a)))
			if change == same {
				return same, 0 // some bytes of metadata
			}
			return change, trend(size(b), size(a))
		})
}

func countRow(name string, b, a *verify.Image, n func(*verify.Image) int) row {
	return fill(name, b, a,
		func(i *verify.Image) string { return fmt.Sprint(n(i)) },
		func(b, a *verify.Image) (string, int) { return difference(n(b), n(a)), trend(n(b), n(a)) })
}

func neutral(r row) row {
	r.trend = 0
	return r
}

// nameRow is of something that an image is better without.
func nameRow(name string, b, a *verify.Image, of func(*verify.Image) string) row {
	return fill(name, b, a,
		func(i *verify.Image) string {
			if of(i) == "" {
				return "none"
			}
			return ending(of(i), 28)
		},
		func(b, a *verify.Image) (string, int) {
			switch {
			case of(b) == of(a):
				return same, 0
			case of(a) == "":
				return "gone", 1
			case of(b) == "":
				return "new", -1
			}
			return "changed", 0
		})
}

func userRow(b, a *verify.Image) row {
	return fill("user", b, a,
		func(i *verify.Image) string {
			if i.User == "" {
				return "root"
			}
			return ending(i.User, 28)
		},
		func(b, a *verify.Image) (string, int) {
			switch {
			case isRoot(b.User) && isRoot(a.User), b.User == a.User:
				return same, 0
			case isRoot(b.User):
				return "not root", 1
			case isRoot(a.User):
				return "root", -1
			}
			return "changed", 0
		})
}

func isRoot(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	return name == "" || name == "root" || name == "0"
}

func buildRow(name string, b, a *verify.Build) row {
	return fill(name, b, a,
		func(b *verify.Build) string { return seconds(b.Seconds) + ", " + plural.Of(len(b.Ran), "step") },
		func(b, a *verify.Build) (string, int) {
			return percent(b.Seconds, a.Seconds), timeTrend(b.Seconds, a.Seconds)
		})
}

// timeTrend takes no notice of what may be chance in one measurement.
func timeTrend(before, after float64) int {
	if before > 0 && after > before*0.95 && after < before*1.05 {
		return 0
	}
	return trend(before, after)
}

func stopRow(b, a *verify.Image) row {
	stop := func(i *verify.Image) *float64 {
		if i == nil {
			return nil
		}
		return i.StopSeconds
	}
	return fill("stop on SIGTERM", stop(b), stop(a),
		func(s *float64) string { return seconds(*s) },
		func(b, a *float64) (string, int) { return percent(*b, *a), timeTrend(*b, *a) })
}

// severities in order, the worst first.
func severities() []string {
	return []string{"critical", "high", "medium", "low", "negligible", "unknown"}
}

// findingRows are there when either image was scanned: a row for each severity
// that was found, or one that says that nothing was.
func findingRows(b, a *verify.Image) []row {
	scanned := func(i *verify.Image) *verify.Image {
		if i == nil || i.Findings == nil {
			return nil
		}
		return i
	}
	b, a = scanned(b), scanned(a)
	if b == nil && a == nil {
		return nil
	}
	of := func(i *verify.Image, severity string) int {
		n := 0
		if i != nil {
			for _, f := range i.Findings {
				if f.Severity == severity {
					n += f.Count
				}
			}
		}
		return n
	}
	var rows []row
	for _, s := range severities() {
		if of(b, s)+of(a, s) > 0 {
			rows = append(rows, countRow("findings, "+s, b, a, func(i *verify.Image) int { return of(i, s) }))
		}
	}
	if rows == nil {
		rows = append(rows, countRow("findings", b, a, func(*verify.Image) int { return 0 }))
	}
	return rows
}

// tableOf is an outcome's table. A file that stays the same has one image.
func tableOf(o *verify.Outcome) *table {
	rows := rowsOf(o)
	if rows == nil {
		return nil
	}
	if o.After == nil && !o.Changed {
		t := &table{head: []string{"", "image"}}
		for _, r := range rows {
			t.add(cells(r.name, r.before)...)
		}
		return t
	}
	t := &table{head: []string{"", "before", "after", "change"}}
	for _, r := range rows {
		t.add(cell{text: r.name}, cell{text: r.before}, cell{text: r.after}, cell{r.change, r.trend})
	}
	return t
}
