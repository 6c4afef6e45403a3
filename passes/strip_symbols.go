package passes

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

var stripSymbolsPass = stripSymbols.pass()

// stripSymbols takes debug symbols out of what pip has compiled.
//
// It is sound because only shared libraries of distributions go through strip whose
// WHEEL file says that they were built on this machine: the tag linux_x86_64 and
// the like, which an index takes from nobody, or that have no wheel, since pip before
// 23.1 let setup.py install them where wheel was missing. Libraries of published wheels were
// often changed by patchelf, and strip may break those. What strip
// --strip-unneeded leaves is all that the dynamic linker reads. What strip does not
// take, a linker script for one, stays as it is.
var stripSymbols = &slimmer{
	name:  "strip-symbols",
	title: "strip debug symbols from what pip has compiled",
	text: "Python passes -g to the compiler, so an extension that pip compiles is larger than it needs to be: that of " +
		"MarkupSafe has 36 KB, and 14 KB stripped. Published wheels are left alone: they are stripped already, or " +
		"bundle libraries that patchelf changed and that strip may break. Backtraces of crashes in C code lose their " +
		"line numbers, and the sums in the packages' RECORD files no longer fit the stripped files.",
	sources: []string{"binutils documentation, strip", "PyPA specifications, platform compatibility tags", "NixOS/patchelf on GitHub: issues about strip after patchelf"},
	comment: "left out: debug symbols of what was compiled here; published wheels stay as they are",
	command: stripCommand,
	why:     "what pip has compiled carries debug symbols, which the runtime does not need; published wheels are left as they are",
	check:   checkStrip,
	declines: []transform.Decline{declineNotDebian,
		{Key: "no-strip", When: "the builder has no compiler, and so neither strip nor anything to strip"}},
}

func stripCommand(dir string) string {
	return strings.Join([]string{
		"cd " + dir + "/lib/python3*/site-packages",
		`&& { grep -slE '^Tag: .*-linux_' ./*.dist-info/WHEEL | sed 's|WHEEL$|RECORD|' | xargs -r grep -hoE '^[^,]+\.so[0-9.]*,' | sed 's|,$||';`,
		`  grep -shoE '^[.]{2}/.+\.so[0-9.]*$' ./*.egg-info/installed-files.txt | sed 's|^[.]*/||'; }`,
		"| xargs -r strip --strip-unneeded || true",
	}, "\n")
}

func checkStrip(e *environment) *transform.Finding {
	if no := e.onDebian(); no != nil {
		return no
	}
	img, _ := baseImage(e.builder.Root())
	if !strings.Contains(img.Tag, "slim") || slices.ContainsFunc(withBases(e.builder), func(in *transform.Instruction) bool { return installsBinutils(e.f, in) }) {
		return nil
	}
	return held(e.builder.From.Body, "no-strip", "the builder installs no compiler: nothing is compiled in it")
}

// binutils are packages that bring strip: the compilers depend on it.
var binutils = setOf("binutils build-essential gcc g++ clang gfortran")

func installsBinutils(f *transform.File, in *transform.Instruction) bool {
	return in.Keyword == "run" && slices.ContainsFunc(shell.Of(f, in).Commands(), func(c *shell.Command) bool {
		apt, ok := argv.Apt(c)
		return ok && apt.Subcommand.Text == "install" && slices.ContainsFunc(apt.Packages, func(p argv.AptPackage) bool { return binutils[p.Name] && !p.Remove })
	})
}
