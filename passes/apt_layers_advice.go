package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// deskTools are packages for somebody who works in a container, with the commands by
// which something else would use them: by the file lists of Debian bookworm and trixie.
var deskTools = map[string]string{
	"vim": "vim vi view", "vim-tiny": "vi view", "vim-nox": "vim vi", "vim-common": "xxd", "neovim": "nvim", "nano": "nano",
	"emacs": "emacs", "emacs-nox": "emacs", "joe": "joe", "mc": "mc mcedit", "strace": "strace", "ltrace": "ltrace", "gdb": "gdb gcore",
	"tcpdump": "tcpdump", "nmap": "nmap", "telnet": "telnet", "inetutils-telnet": "telnet", "htop": "htop", "iotop": "iotop",
	"tmux": "tmux", "screen": "screen", "man-db": "man", "manpages": "", "iputils-ping": "ping", "inetutils-ping": "ping",
	"traceroute": "traceroute", "dnsutils": "dig nslookup nsupdate", "bind9-dnsutils": "dig nslookup nsupdate",
	"net-tools": "ifconfig netstat route arp", "lsof": "lsof", "iproute2": "ip ss tc", "bash-completion": "",
}

// meta are packages that depend on others in every release of Debian from buster to
// trixie, by its package indexes.
var meta = map[string][]string{
	"build-essential": {"gcc", "g++", "make", "libc6-dev", "dpkg-dev"},
}

// advise says what an expert would ask about packages, and what the file alone does not
// answer: tools to work with in an image that is shipped, and names that say nothing.
func (l *aptLayers) advise() []transform.Finding {
	var findings []transform.Finding
	for _, s := range l.f.Stages {
		for _, in := range s.Instructions {
			r := l.runs[in]
			if r == nil {
				continue
			}
			for _, step := range r.steps {
				if step.kind != stepInstall || step.apt == nil {
					continue
				}
				var names []string
				for _, pkg := range step.apt.Packages {
					if pkg.Plain && !pkg.Remove {
						names = append(names, pkg.Name)
					}
				}
				findings = append(findings, l.adviseStep(s, step, names)...)
			}
		}
	}
	return findings
}

func (l *aptLayers) adviseStep(s *transform.Stage, step *pkgStep, names []string) []transform.Finding {
	var findings []transform.Finding
	tools := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		commands, ok := deskTools[name]
		return !ok || l.calls(step, strings.Fields(commands))
	})
	if s == l.f.Final() && len(tools) > 0 && l.f.Options.Profile != transform.ProfileDev {
		findings = append(findings, transform.Finding{At: step.span(), Reason: "desk-tools",
			Why: "for somebody who works in the container, and nothing that is known here calls it: " + listedWords(tools) +
				"; whether somebody does, the file does not tell, so that it stays (“docker debug” and “kubectl debug” bring such tools to an image without them)"})
	}
	for name, parts := range meta {
		if !slices.Contains(names, name) {
			continue
		}
		if both := slices.DeleteFunc(slices.Clone(parts), func(p string) bool { return !slices.Contains(names, p) }); len(both) > 0 {
			findings = append(findings, transform.Finding{At: step.span(), Reason: "named-twice",
				Why: name + " depends on " + listedWords(both) + " anyway; what is named stays, since it would go with " + name + " where that is removed"})
		}
	}
	return findings
}

// calls reports whether something else in the file, or in the build context, names one
// of the commands.
func (l *aptLayers) calls(but *pkgStep, commands []string) bool {
	for _, in := range l.f.Instructions {
		switch in.Keyword {
		case "run", "cmd", "entrypoint", "healthcheck", "env":
		default:
			continue
		}
		text := l.f.Text(in.Body)
		if in == but.run.in {
			for _, c := range shell.Of(l.f, in).Commands() {
				if c != but.cmd && slices.Contains(commands, path.Base(c.Name())) {
					return true
				}
			}
			continue
		}
		if r := l.runs[in]; (r == nil || !r.pure) && namesAny(text, commands) {
			return true
		}
	}
	m, err := contextOf(l.f).Mentions()
	return err == nil && slices.ContainsFunc(commands, func(c string) bool {
		_, script := m.Commands[c]
		_, code := m.Strings[c]
		return script || code
	})
}
