package passes

import (
	"strings"

	"refit/transform"
)

var testsOutPass = testsOut.pass()

// testsOut takes tests and type stubs out of the environment.
//
// It is sound because tests go only where no other module of the installed
// packages, and nothing in the application, imports them; one import keeps all
// tests of the package that has it, and of the package that it names. Directories named test, which are often for use (django.test),
// stay, as do stubs of what has no source beside, and those that are read when the
// package is imported (lazy_loader.attach_stub).
var testsOut = &slimmer{
	name:  "tests-out",
	title: "leave the tests and type stubs of installed packages out",
	text: "Scientific packages install their tests. Directories named tests that hold " +
		"test_*.py files go, unless a module outside of tests imports them, and so do *.pyi files beside the module that " +
		"they describe, which only type checkers read. Measured with pandas, scikit-learn, Django and Celery in one " +
		"environment: 479 MB become 399 MB unpacked. The packages' RECORD files still list what is gone: nothing " +
		"at run time compares, an auditor of installed files would.",
	sources: []string{"PEP 561, type stubs", "Python documentation, the RECORD of installed distributions", "scientific-python/lazy-loader on GitHub: attach_stub reads stubs"},
	comment: "left out: tests that nothing outside of them imports, then stubs for type checkers",
	command: testsCommand,
	why:     "tests that nothing outside of them imports, and stubs for type checkers, are left out of the environment",
	check:   checkTests,
	declines: []transform.Decline{declineNoContext, declineNotDebian,
		{Key: "uses-tests", When: "the application imports tests or stubs of a package, or runs them"}},
}

// testsCommand collects the packages whose tests something imports, and takes
// away the tests of all others, then the stubs.
func testsCommand(dir string) string {
	return strings.Join([]string{
		"cd " + dir + "/lib/python3*/site-packages",
		`&& sources="--include=*.py --exclude-dir=tests --exclude=conftest.py --exclude=test_*.py"`,
		`&& named=$({ grep -rlE $sources '^ *from +[A-Za-z0-9_.]+ +import .*[ ,(]tests([ ,)]|$)|^ +tests,?$|(import_module|__import__)[(].*tests' . | cut -d/ -f1,2;`,
		`  grep -rE $sources '^ *(from|import) .*[.]tests([. ,]|$)' . | sed -E 's/^([.].[^/:]*).*:.*(from|import) +([A-Za-z0-9_]*).*/\1 .\/\3/' | tr ' ' '\n'; } | sort -u || true)`,
		`&& find . -mindepth 3 -path '*/tests/test_*.py' | sed 's|/tests/test_.*|/tests|' | sort -u | while read -r d; do`,
		`  p=${d#./}; case "$named" in *"./${p%%/*}"*) ;; *) rm -rf "$d" ;; esac; done`,
		`&& find . -name '*.pyi' | while read -r s; do`,
		`  if [ -e "${s%i}" ] && ! grep -q attach_stub "${s%i}"; then rm "$s"; fi; done`,
	}, "\n")
}

func checkTests(e *environment) *transform.Finding {
	if no := e.onDebian(); no != nil {
		return no
	}
	if no := e.mentions("uses-tests", "mypy", "pyright", "jedi", "pytest"); no != nil {
		return no
	}
	m, err := contextOf(e.f).Mentions()
	if err != nil {
		return held(e.runtime.From.Body, "no-context", "what the application imports is not known")
	}
	for _, module := range sortedKeys(m.Imports) {
		place := m.Imports[module]
		top, rest, _ := strings.Cut(module, ".")
		if !strings.Contains("."+rest+".", ".tests.") || place.Hidden || e.own(top) {
			continue
		}
		return held(e.runtime.From.Body, "uses-tests", "%s:%d imports %s", place.File, place.Line, module)
	}
	return nil
}

// own reports a module of the context.
func (e *environment) own(module string) bool {
	ctx := contextOf(e.f)
	for _, name := range []string{module, module + ".py", "src/" + module} {
		if there, known := ctx.Exists(name); there && known {
			return true
		}
	}
	return false
}
