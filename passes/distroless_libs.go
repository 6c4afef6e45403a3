package passes

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/facts"
	"refit/internal/shell"
	"refit/transform"
)

// gathered is where the builder puts the libraries for the final stage.
const gathered = "/opt/lib"

// packages looks at what a step of the final stage installs: what distroless has,
// what only the health check uses, which Python then makes, and libraries.
func (d *distroless) packages(in *transform.Instruction, a *argv.AptCmd) *transform.Finding {
	for _, p := range a.Packages {
		at := shell.In(in, p.Word.Span)
		switch {
		case a.Subcommand.Text != "install" || !a.Known || !p.Plain || p.Remove:
			return held(at, "system-packages", "what the final stage does with %s is not known", p.Word.Text)
		case facts.DistrolessHas(p.Name):
		case p.Name == "curl" || p.Name == "wget":
			d.fetchers[p.Name] = at
		case !facts.LibrariesOnly(p.Name):
			return held(at, "system-packages", "the final stage installs %s, which distroless has not, and which is not known to be only libraries that could be copied", p.Name)
		case p.Version != "" || p.Suite != "" || p.Arch != "" || a.Has("--target-release"):
			return held(at, "system-packages", "the final stage installs a certain version of %s, and the builder may have another", p.Name)
		case !slices.Contains(d.libs, p.Name):
			d.libs = append(d.libs, p.Name)
		}
	}
	return nil
}

// checkLibraries asks for libraries that the environment is linked against, so
// that they are found by what it loads, and that the builder has.
func (d *distroless) checkLibraries() *transform.Finding {
	if len(d.libs) == 0 {
		return nil
	}
	at := d.s.From.Body
	if d.f.Options.NoCacheMounts {
		return held(at, "system-packages", "the final stage installs %s, and libraries are only found by RUN --mount, which is switched off", d.libs[0])
	}
	suite := distroOf(d.s)
	needs := &stepNeeds{f: d.f, image: d.image}
	for _, in := range withBases(d.builder) {
		if in.Keyword == "run" {
			needs.run(in)
		}
	}
	for _, lib := range d.libs {
		linked := false
		for _, name := range needs.dists {
			sys, _ := facts.SystemPackagesFor(name)
			if uses, _ := sys.Runtime(suite); !slices.Contains(uses, lib) {
				continue
			}
			if sys.Kind == facts.Loads || sys.Kind == facts.Runs {
				return held(at, "loads-library", "%s looks for the library of %s by ctypes, which distroless does not support", name, lib)
			}
			linked = true
		}
		switch {
		case !linked:
			return held(at, "system-packages", "the final stage installs %s, and nothing that pip installs is known to be linked against it", lib)
		case !d.builderHas(lib, suite, needs.packages):
			return held(at, "system-packages", "the final stage installs %s, and the builder has it not, from where it could be copied", lib)
		}
		d.notes = append(d.notes, transform.Note{At: at, Why: lib + ": the loader says in the builder what the environment loads, and what of it distroless lacks is copied"})
	}
	return nil
}

// builderHas reports whether the builder installs a library or its headers, or
// starts from the full image, which may have it.
func (d *distroless) builderHas(lib, suite string, installed []string) bool {
	if img, _ := pythonUnder(d.builder); !strings.Contains(img.Tag, "slim") && facts.SlimLacksPackage(suite, lib) {
		return true
	}
	return slices.ContainsFunc(installed, func(pkg string) bool {
		brings, _ := facts.RuntimeForDev(pkg, suite)
		return pkg == lib || slices.Contains(brings, lib)
	})
}

// gather is the builder's step that finds what the environment loads and
// distroless has not, by the loader itself. The final stage has it in /usr/lib,
// where the loader looks last (ld.so(8), with Debian's own directories before).
func (d *distroless) gather() string {
	if len(d.libs) == 0 {
		return ""
	}
	lines := []string{
		d.f.Cased("RUN") + " --mount=from=" + d.base.Image + ":nonroot,target=/distroless",
		"    mkdir -p " + gathered,
		"    && find " + d.venv + " -name '*.so*' -exec ldd '{}' ';'",
		"    | sed -n -e '\\|=> " + d.venv + "/|d' -e 's|.* => \\(/.*\\) (.*|\\1|p' | sort -u",
		"    | while read -r lib; do",
		`        [ -n "$(find /distroless -name "${lib##*/}")" ] || cp -L "$lib" ` + gathered + "/ || exit 1;",
		"    done",
	}
	return "\n" + strings.Join(lines, " "+string(d.f.Escape)+"\n")
}
