package facts

import (
	"slices"
	"strings"
	"sync"
)

// recommendsRow is one row of recommends.tsv.
type recommendsRow struct {
	safe     bool
	need     cell
	commands []string
}

var recommendsTable = sync.OnceValue(func() map[string]recommendsRow {
	t := map[string]recommendsRow{}
	readTable("recommends.tsv", 5, func(r []string) {
		t[r[0]] = recommendsRow{r[1] == "safe", cell(r[2]), strings.Fields(strings.TrimPrefix(r[3], "-"))}
	})
	return t
})

// NeededRecommends lists the packages to install by name beside pkg when --no-install-recommends is
// introduced, because pkg is of little use without them: gcc needs libc6-dev, git and curl need
// ca-certificates. For a suite that the tables do not know (Ubuntu's, or older), it lists what pkg
// needs in every suite they know. Naming a package that the base has already does no harm.
// It says nothing about packages that RecommendsSafe does not know.
func NeededRecommends(pkg, suite string) []string {
	row, ok := recommendsTable()[pkg]
	if !ok {
		return nil
	}
	if suiteIndex(suite) >= 0 {
		need, _ := row.need.in(suite)
		return need
	}
	var common []string
	for i, s := range known(row.need) {
		need, _ := row.need.in(s)
		if i == 0 {
			common = slices.Clone(need)
		}
		common = slices.DeleteFunc(common, func(p string) bool { return !slices.Contains(need, p) })
	}
	return common
}

// known lists the suites for which the cell has an answer.
func known(c cell) []string {
	var in []string
	for _, s := range suites {
		if _, ok := c.in(s); ok {
			in = append(in, s)
		}
	}
	return in
}

// RecommendsSafe reports whether pkg can be installed with --no-install-recommends without losing
// anything that matters, given that NeededRecommends are installed too and that nothing uses the
// commands of LostCommandPackages. The second result is false for packages that the table does not
// know, which may lose anything.
func RecommendsSafe(pkg string) (safe, known bool) {
	row, ok := recommendsTable()[pkg]
	return row.safe, ok
}

// LostCommandPackages lists packages with commands that come with pkg as Recommends and go missing
// with --no-install-recommends: xz-utils with pkg-config, openssh-client with git. Where a later
// step or the application uses such a command, the package has to be added by name.
func LostCommandPackages(pkg string) []string {
	return slices.Clone(recommendsTable()[pkg].commands)
}

var devTable = sync.OnceValue(func() map[string]cell {
	t := map[string]cell{}
	readTable("devlibs.tsv", 3, func(r []string) { t[r[0]] = cell(r[1]) })
	return t
})

// RuntimeForDev lists the packages with the shared libraries that a program linked against devPkg
// needs when it runs: libpq5 for libpq-dev. Empty with true: headers only. False: not known for
// this suite.
func RuntimeForDev(devPkg, suite string) ([]string, bool) {
	c, ok := devTable()[devPkg]
	if !ok {
		return nil, false
	}
	return c.in(suite)
}

// buildOnly are packages that serve to compile and link, and that nothing needs when the result
// runs. Source: their descriptions in Debian's index. git, curl and interpreters are not here,
// because applications call them.
var buildOnly = func() map[string]bool {
	m := map[string]bool{}
	for _, p := range strings.Fields(`
		autoconf automake autopoint autotools-dev bear binutils bison build-essential byacc cargo
		ccache checkinstall clang cmake cpp cython cython3 debhelper devscripts distcc dpkg-dev
		fakeroot flex g++ gcc gcc-multilib g++-multilib gfortran gperf intltool libtool libtool-bin
		lld llvm m4 make meson nasm ninja-build patchelf pkg-config pkgconf protobuf-compiler ragel
		re2c rustc scons swig swig3.0 swig4.0 texinfo yasm`) {
		m[p] = true
	}
	return m
}()

// BuildOnly reports whether a package only serves to compile and link: compilers, build tools, and
// headers (-dev). A multi-stage build leaves them in the builder, with RuntimeForDev's libraries in
// the runtime stage.
func BuildOnly(pkg string) bool {
	if buildOnly[pkg] || strings.HasSuffix(pkg, "-dev") {
		return true
	}
	for _, compiler := range [...]string{"gcc-", "g++-", "gfortran-", "clang-", "cpp-"} {
		if version, ok := strings.CutPrefix(pkg, compiler); ok && version != "" && strings.Trim(version, "0123456789.") == "" {
			return true
		}
	}
	return false
}
