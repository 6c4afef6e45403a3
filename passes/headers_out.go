package passes

import "refit/transform"

var headersOutPass = headersOut.pass()

// headersOut takes the C headers out of the environment.
//
// It is sound because the directory include of an environment serves nothing but
// compilers, and a container that compiles is declined. Headers inside of
// packages, as NumPy has them, stay.
var headersOut = &slimmer{
	name:  "headers-out",
	title: "leave the C headers of installed packages out",
	text: "Some packages, greenlet for one, put headers for compilers into the environment's include directory. What is " +
		"compiled against them is compiled in the builder. It saves a few kilobytes, and leaves less to read for who " +
		"looks through the image.",
	sources:  []string{"Python documentation, sysconfig: installation paths"},
	comment:  "left out: C headers, which serve compilers only",
	command:  func(dir string) string { return "rm -rf " + dir + "/include" },
	why:      "headers serve compilers only, and what is compiled is compiled in the builder",
	check:    checkHeaders,
	declines: []transform.Decline{declineNoContext, {Key: "compiles", When: "the application or a step of the final stage may compile something"}},
}

func checkHeaders(e *environment) *transform.Finding {
	return e.mentions("compiles", "distutils", "setuptools", "cffi", "pyximport", "torch.utils.cpp_extension", "gcc", "cc", "g++", "cython", "pip", "pip3")
}
