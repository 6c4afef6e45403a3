package facts

import (
	"strings"
	"sync"
)

// Kind says what a Python distribution asks of the system.
type Kind int

const (
	// Pure is Python alone: it needs no system package, neither to install nor to run. What it
	// depends on is not counted in.
	Pure Kind = iota
	// Wheel has compiled code, and current releases publish manylinux wheels of it. Only a release
	// without a wheel for the Python and machine at hand is compiled: a caller that cannot show
	// that the wheel is used installs Build where pip runs, and Runtime where the result runs.
	Wheel
	// SourceOnly has compiled code and no Linux wheels: it needs Build and Runtime always.
	SourceOnly
	// Loads is Python that loads a system library when it runs (dlopen, ctypes): it needs Runtime.
	Loads
	// Runs is Python that runs a program: it needs Runtime.
	Runs
)

// String is the word that the tables use.
func (k Kind) String() string {
	return [...]string{"pure", "wheel", "source-only", "loads", "runs"}[k]
}

// SystemPackages says which Debian packages a Python distribution needs. The lists per suite know
// the suites that Suites lists; for buster and stretch they answer where the names were surely the
// same, and otherwise with false.
type SystemPackages struct {
	Distribution string // in PEP 503 form
	Kind         Kind
	// Rust: the source build needs a newer Rust than Debian's.
	Rust bool
	// Optional: only some uses need the runtime packages (selenium with a browser of its own). What
	// a Dockerfile installs must be kept; nothing needs to be added.
	Optional bool
	// OwnInstaller: a later step of its own, such as playwright install, puts files outside
	// site-packages. A rewrite that moves only the environment would lose them.
	OwnInstaller bool
	Source       string // where the row comes from
	Confidence   string // high, medium or low
	Note         string

	build, runtime, wheel cell
}

// Build lists what pip needs to compile the distribution in an official Python image: compilers and
// headers. Empty with true: nothing. False: not known, or not practical.
func (p SystemPackages) Build(suite string) ([]string, bool) { return p.build.in(suite) }

// Runtime lists what the distribution needs to run after it was compiled from source; for Loads and
// Runs, what it needs always.
func (p SystemPackages) Runtime(suite string) ([]string, bool) { return p.runtime.in(suite) }

// WheelRuntime lists what the distribution needs to run when it came as a wheel: almost always
// nothing, but opencv-python's wheel loads libGL. For the kinds without wheels it is Runtime.
func (p SystemPackages) WheelRuntime(suite string) ([]string, bool) { return p.wheel.in(suite) }

// SystemPackagesFor finds a Python distribution by the name that a requirement gives it, in any
// spelling ("PyYAML", "ruamel.yaml.clib") and with or without extras ("psycopg[binary]"): an extra
// that changes what is needed has a row of its own, others are ignored. False means that nothing is
// known of the distribution, which is not the same as Pure.
func SystemPackagesFor(distribution string) (SystemPackages, bool) {
	base, extras, _ := strings.Cut(distribution, "[")
	base = NormalizeName(base)
	table := pythonTable()
	for extra := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(extras), "]"), ",") {
		if p, ok := table[base+"["+NormalizeName(extra)+"]"]; ok {
			return p, true
		}
	}
	p, ok := table[base]
	return p, ok
}

// NormalizeName brings a distribution's name into the form of PEP 503: lower case, with each run of
// "-", "_" and "." as one "-".
func NormalizeName(name string) string {
	var b strings.Builder
	sep := false
	for _, c := range strings.ToLower(strings.TrimSpace(name)) {
		if c == '-' || c == '_' || c == '.' {
			sep = true
			continue
		}
		if sep {
			b.WriteByte('-')
			sep = false
		}
		b.WriteRune(c)
	}
	if sep {
		b.WriteByte('-')
	}
	return b.String()
}

var pythonTable = sync.OnceValue(func() map[string]SystemPackages {
	kinds := map[string]Kind{}
	for k := Pure; k <= Runs; k++ {
		kinds[k.String()] = k
	}
	table, like := map[string]SystemPackages{}, map[string]string{}
	readTable("plain.tsv", 2, func(r []string) {
		for _, name := range strings.Fields(r[1]) {
			table[name] = SystemPackages{Distribution: name, Kind: kinds[r[0]], build: "-", runtime: "-", wheel: "-",
				Source: "data/plain.tsv: own knowledge of the projects' published files", Confidence: "medium"}
			if kinds[r[0]] == Wheel {
				p := table[name]
				p.build = "g++"
				table[name] = p
			}
		}
	})
	readTable("python.tsv", 9, func(r []string) {
		if r[1] == "like" {
			like[r[0]] = r[2]
		}
		p := SystemPackages{Distribution: r[0], Kind: kinds[r[1]], build: cell(r[3]), runtime: cell(r[4]), wheel: cell(r[5]),
			Source: r[6], Confidence: r[7], Note: strings.TrimPrefix(r[8], "-")}
		for flag := range strings.SplitSeq(r[2], ",") {
			switch flag {
			case "rust":
				p.Rust = true
			case "optional":
				p.Optional = true
			case "own-installer":
				p.OwnInstaller = true
			}
		}
		if p.Kind == SourceOnly {
			p.wheel = p.runtime
		}
		table[r[0]] = p
	})
	for name, other := range like {
		p, source := table[other], table[name].Source
		p.Distribution, p.Source = name, source+"; "+p.Source
		table[name] = p
	}
	return table
})
