package lock

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/facts"
	"refit/internal/wheel"
)

// Verdict says how a target gets a package.
type Verdict int

const (
	// Unknown is what nothing at hand can tell.
	Unknown Verdict = iota
	// Pure is Python alone, from a wheel for every platform or a source archive:
	// no compiler is needed.
	Pure
	// Wheel is compiled code from a wheel that fits.
	Wheel
	// Compile is compiled code, and only a source archive fits: it needs compilers
	// and headers where it is installed.
	Compile
	// None cannot be installed at all: no wheel fits, and there is no source archive.
	None
)

// String is the word that tables and JSON have.
func (v Verdict) String() string {
	return [...]string{"unknown", "pure", "wheel", "compile", "none"}[v]
}

// MarshalText writes the word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Judgement is the verdict on a package for a target.
type Judgement struct {
	Package *Package
	Verdict Verdict
	File    string // that is installed, where it is known
	Reason  string // what it follows from, in words
	// Told says that the lock file names the files from which it follows; otherwise it
	// is what the tables of facts say of the distribution.
	Told bool
	// Open says that no file name is known, and that an index could tell.
	Open bool
}

// Judge gives the verdict on every package that a target gets.
func (l *Lock) Judge(t wheel.Target, sel Selection) []Judgement {
	j := &judge{lock: l, target: t, ranks: t.Ranks(), why: l.partial(t, sel)}
	var out []Judgement
	for _, p := range l.Installed(t, sel) {
		out = append(out, j.judge(p))
	}
	return out
}

// partial says why files that fit may be missing from the lock file; "" where none
// can.
func (l *Lock) partial(t wheel.Target, sel Selection) string {
	if l.chosen != "" {
		return l.chosen
	}
	if !pythonAllowed(l.RequiresPython, t) {
		return fmt.Sprintf("it is for Python %s", l.RequiresPython)
	}
	w := &walk{env: l.environment(t, sel)}
	if len(l.environments) > 0 && !slices.ContainsFunc(l.environments, w.holds) {
		return "it is for other environments: " + strings.Join(l.environments, ", ")
	}
	return ""
}

type judge struct {
	lock   *Lock
	target wheel.Target
	ranks  wheel.Ranks
	why    string // the lock file may not list every file
}

func (j *judge) judge(p *Package) Judgement {
	switch {
	case p.Source.Kind == Git, p.Source.Kind == Directory:
		return j.fromSource(p, "it is built from the source at "+p.Source.Where)
	case len(p.Files) == 0:
		return j.byFacts(p)
	}
	return j.byFiles(p)
}

// byFiles judges by the file names of the lock.
func (j *judge) byFiles(p *Package) Judgement {
	v := Judgement{Package: p, Told: true}
	var wheels []*wheel.File
	compiled := 0
	for _, f := range p.Files {
		if f.Wheel == nil {
			v.File = f.Name
			continue
		}
		wheels = append(wheels, f.Wheel)
		if !f.Wheel.Any() {
			compiled++
		}
	}
	if j.lock.refusesWheels(p.Name) {
		return j.fromSource(p, "--no-binary keeps pip from its wheels")
	}
	if best := j.ranks.Best(wheels); best != nil {
		v.File, v.Verdict, v.Reason = best.Name, Wheel, "a wheel fits"
		if best.Any() {
			v.Verdict, v.Reason = Pure, "a wheel for every platform"
		}
		return v
	}
	switch {
	case j.why != "" && p.Source.Kind == Index:
		v := j.byFacts(p)
		v.Reason = fmt.Sprintf("no file in the lock file fits, but %s; %s", j.why, v.Reason)
		return v
	case v.File == "":
		v.Verdict, v.Reason = None, noneFits(len(wheels))+", and there is no source archive"
	case compiled > 0:
		v.Verdict, v.Reason = Compile, noneFits(len(wheels))+", and it has a source archive"
	case len(wheels) > 0:
		v.Verdict, v.Reason = Pure, "a source archive; its wheels, for other Pythons, have no compiled code"
	default:
		file := v.File
		v = j.fromSource(p, "there is only a source archive")
		v.File = file
	}
	return v
}

// fromSource judges what is built from source: only facts tell what that takes.
func (j *judge) fromSource(p *Package, reason string) Judgement {
	v := Judgement{Package: p, Reason: reason}
	sys, known := facts.SystemPackagesFor(p.Name)
	switch {
	case !known:
		v.Reason += ", and whether that compiles anything is not known"
	case sys.Kind == facts.Wheel, sys.Kind == facts.SourceOnly:
		v.Verdict = Compile
		v.Reason += "; " + p.Name + " is known to have compiled code"
	default:
		v.Verdict = Pure
		v.Reason += "; " + p.Name + " is known to have no compiled code"
	}
	return v
}

// byFacts judges where no file name is known.
func (j *judge) byFacts(p *Package) Judgement {
	v := Judgement{Package: p, Open: p.Source.Kind == Index}
	sys, known := facts.SystemPackagesFor(p.asked())
	since, sinceKnown := facts.WheelSince(p.Name, j.target.Python())
	switch {
	case j.lock.refusesWheels(p.Name):
		return j.fromSource(p, "--no-binary keeps pip from its wheels")
	case !known:
		v.Reason = "no file names are known, and nothing of the distribution"
	case sys.Kind == facts.SourceOnly:
		v.Verdict, v.Reason = Compile, "it is known to have no wheels for Linux"
	case sys.Kind != facts.Wheel:
		v.Verdict, v.Reason = Pure, "it is known to have no compiled code"
	case j.target.Libc != wheel.Glibc:
		v.Reason = "it has compiled code, and whether there is a wheel for musl is not known"
	case j.target.Arch != "x86_64":
		v.Reason = "it has compiled code, and whether there is a wheel for " + j.target.Arch + " is not known"
	case !sinceKnown || p.Version == "":
		v.Reason = "it has compiled code, and whether the release has a wheel for Python " + j.target.Python() + " is not known"
	case facts.CompareReleases(p.Version, since) >= 0:
		v.Verdict, v.Reason = Wheel, fmt.Sprintf("releases from %s on are known to have a wheel for Python %s", since, j.target.Python())
	default:
		v.Reason = fmt.Sprintf("a wheel for Python %s is known of releases from %s on only", j.target.Python(), since)
	}
	return v
}

// Answered is the verdict by what an index was asked: the wheel that pip takes, or
// the files of the release where it takes none.
func Answered(p *Package, t wheel.Target, file string, release []string) Judgement {
	q := *p
	q.Files = nil
	if file != "" {
		release = []string{file}
	}
	for _, name := range release {
		q.add(name)
	}
	if len(q.Files) == 0 {
		return Judgement{Package: p, Reason: "pip finds no file of it"}
	}
	v := (&judge{lock: &Lock{}, target: t, ranks: t.Ranks()}).byFiles(&q)
	v.Package, v.Told = p, false
	switch fits := strings.HasSuffix(v.File, ".whl"); {
	case file != "" && fits:
		v.Reason = "pip takes this wheel"
	case fits: // by its name; pip sees which Pythons the release is for
		v = Judgement{Package: p, Verdict: None, Reason: "pip takes none of its files for Python " + t.Python()}
	default:
		v.Reason = "pip: " + v.Reason
	}
	return v
}

// asked is the name with its extras, which facts tell apart: psycopg[binary].
func (p *Package) asked() string {
	if len(p.Extras) == 0 {
		return p.Name
	}
	return p.Name + "[" + strings.Join(p.Extras, ",") + "]"
}

// refusesWheels reports a distribution that pip is told to build.
func (l *Lock) refusesWheels(name string) bool {
	return slices.Contains(l.noBinary, name) || slices.Contains(l.noBinary, ":all:")
}

func noneFits(wheels int) string {
	if wheels == 1 {
		return "its one wheel does not fit"
	}
	return fmt.Sprintf("none of its %d wheels fits", wheels)
}
