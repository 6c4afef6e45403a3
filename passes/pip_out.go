package passes

import (
	"strings"

	"refit/transform"
)

var pipOutPass = pipOut.pass()

// pipOut takes installers out of the environment.
//
// It is sound because nothing is left that asks for them: the application and the
// container's commands are read here, and the installed packages by grep when the
// image is built, so that what one of them imports stays. An environment that sees
// the image's own packages still finds the image's pip.
var pipOut = &slimmer{
	name:  "pip-out",
	title: "leave pip, setuptools and wheel out of the environment",
	text: "An environment that a Dockerfile makes itself, or whose pip it upgrades, has a pip of its own, before Python " +
		"3.12 setuptools too: 10 to 20 MB that nothing in the runtime uses, and that scanners report. They go, each " +
		"only where no installed package imports it: pkg_resources and distutils, which many older packages do, keep " +
		"setuptools. The official images have a pip under /usr/local all the same; what multi-stage writes works " +
		"with that one from the start, and uv makes environments without any.",
	sources: []string{"Python documentation, venv and ensurepip", "PEP 632, distutils goes", "setuptools documentation, pkg_resources"},
	comment: "left out: pip, and setuptools with wheel, each unless an installed package imports it",
	command: pipCommand,
	why:     "nothing in the runtime installs packages: pip, setuptools and wheel go out of the environment, each unless an installed package imports it",
	check:   checkPip,
	declines: []transform.Decline{declineNoContext, declineNotDebian,
		{Key: "uses-installer", When: "the application or the final stage uses pip, setuptools or pkg_resources"}},
}

// pipCommand looks through the environment for who imports pip, then setuptools. That
// calls pip for what a setup.py asks to be fetched, which nothing in a container does.
func pipCommand(dir string) string {
	return strings.Join([]string{
		"cd " + dir + "/lib/python3*/site-packages",
		`&& if ! grep -rqE --include='*.py' --exclude-dir=pip --exclude-dir=setuptools '^ *(import|from) +pip([. ]|$)|-m[^a-z ]{1,2} ?[^a-z ]pip' .; then`,
		"    rm -rf pip pip-[0-9]* " + dir + "/bin/pip " + dir + "/bin/pip3*; fi",
		`&& if ! grep -rqE --include='*.py' --exclude-dir=pip --exclude-dir=setuptools --exclude-dir=pkg_resources`,
		`    --exclude-dir=_distutils_hack --exclude-dir=wheel '(import|from) +(pkg_resources|setuptools|distutils|wheel)([. ,]|$)' .; then`,
		"    rm -rf setuptools setuptools-[0-9]* pkg_resources _distutils_hack distutils-precedence.pth wheel wheel-[0-9]* " + dir + "/bin/wheel; fi",
	}, "\n")
}

func checkPip(e *environment) *transform.Finding {
	if no := e.onDebian(); no != nil {
		return no
	}
	if no := e.mentions("uses-installer", "pip", "pip3", "setuptools", "pkg_resources", "distutils"); no != nil {
		return no
	}
	return e.imports("uses-installer", "wheel") // a word that means much else
}
