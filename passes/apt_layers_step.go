package passes

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
)

// aptFamily is Debian's.
var aptFamily = &pkgFamily{
	names: []string{"apt"}, lists: "/var/lib/apt",
	read: func(c *shell.Command) (pkgStep, bool) {
		a, ok := argv.Apt(c)
		if !ok {
			return pkgStep{}, false
		}
		return pkgStep{call: &a.SystemCmd, apt: a, kind: aptKindOf(a)}, true
	},
	program: aptProgram,
	named: func(text string) bool {
		return containsAny(text, []string{"apt-get", "apt install", "apt update", "apt -", "aptitude"})
	},
	rm: aptRmKind,
	cached: func(p string) bool {
		return strings.HasPrefix(p, "/var/lib/apt") || strings.HasPrefix(p, "/var/cache/apt") || p == "/var/cache"
	},
}

// aptProgram is the kind of a program that calls apt, or reads its lists.
func aptProgram(_ *shell.Command, name string, words []shell.Word) (pkgKind, bool) {
	switch name {
	case "apt-cache", "apt-file", "tasksel", "gdebi", "mk-build-deps", "rosdep", "ubuntu-drivers", "unattended-upgrade":
		return stepUses, true
	case "add-apt-repository", "apt-add-repository":
		if slices.ContainsFunc(words, func(w shell.Word) bool { return w.Text == "-n" || w.Text == "--no-update" }) {
			return stepUses, true
		}
	}
	return stepNothing, false
}

func aptKindOf(a *argv.AptCmd) pkgKind {
	switch a.Subcommand.Text {
	case "update":
		return stepUpdate
	case "install":
		if a.Name == "aptitude" {
			return stepUses
		}
		return stepInstall
	case "clean", "autoclean":
		return stepClean
	case "remove", "purge", "autoremove", "autopurge":
		return stepTidies
	case "", "moo":
		return stepNothing
	}
	return stepUses
}

// aptRmKind tells what an rm removes. The caches beside the lists are apt's too.
func aptRmKind(words []shell.Word) pkgKind {
	lists, others := false, false
	for _, w := range words {
		text := w.Text
		switch {
		case strings.HasPrefix(text, "-"):
		case strings.HasPrefix(text, "/var/lib/apt/lists"), text == "/var/lib/apt", text == "/var/lib/apt/", text == "/var/lib/apt/*":
			lists = true
		case strings.HasPrefix(text, "/var/cache/apt"):
		case w.HasBrace && strings.HasPrefix(text, "/var/lib/{"), w.HasBrace && strings.HasPrefix(text, "/var/{"):
			lists = lists || strings.Contains(text, "apt")
			others = true
		default:
			others = true
		}
	}
	return rmKind(lists, others)
}
