package passes

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// checkUser finds the user that runs the container, by name and number.
func (d *distroless) checkUser() *transform.Finding {
	end := d.f.EndState(d.s)
	if runsAsRoot(end.User) {
		return held(d.s.From.Body, "runs-as-root", "the container runs as root, and distroless is for one that does not")
	}
	if end.UserAt.Stage != d.s {
		return held(d.s.From.Body, "other-base", "the final stage does not itself start from an official Python image for Linux")
	}
	for _, in := range d.s.Instructions {
		cmd, _ := in.Command()
		c, ok := cmd.(*instructions.UserCommand)
		switch {
		case !ok || namesRoot(c.User):
		case strings.Contains(c.User, "$") || c.User != end.User:
			return held(in.Body, "other-owner", "steps run as more than one user, or as one whose name depends on a variable")
		default:
			words := d.f.Words(in)
			d.edits = append(d.edits, transform.Edit{Span: words[len(words)-1].Span, New: nonrootOwner})
		}
	}
	d.call(end.User)
	return nil
}

// call notes that a user, or a user and a group, becomes 65532.
func (d *distroless) call(spec string) {
	for _, name := range strings.Split(spec, ":") {
		if name != "" && !namesRoot(name) {
			d.users[name] = true
		}
	}
}

// isUser reports a user, or a user and a group, that becomes 65532.
func (d *distroless) isUser(spec string) bool {
	parts := strings.Split(strings.ReplaceAll(spec, ".", ":"), ":")
	return !slices.ContainsFunc(parts, func(p string) bool { return p != "" && !d.users[p] }) && parts[0] != ""
}

// checkSteps takes the steps of the runtime away.
func (d *distroless) checkSteps() *transform.Finding {
	var copied []string // where files were copied so far
	for _, in := range d.s.Instructions {
		if c, ok := copyingOf(in); ok {
			dest, known := absAt(d.image, in, c.dest)
			if !known {
				dest = "/"
			}
			copied = append(copied, dest)
		}
		if in.Keyword != "run" {
			continue
		}
		if no := d.step(in, copied); no != nil {
			return no
		}
		d.edits = append(d.edits, transform.Edit{Span: transform.Span{Start: in.Body.Start, End: in.Span.End}})
		d.notes = append(d.notes, transform.Note{At: in.Body, Why: "what the step does is in the image already, copied from the builder, or not needed there"})
	}
	return nil
}

// step looks at one RUN: commands that make users and directories can be left
// out, and packages that distroless has.
func (d *distroless) step(in *transform.Instruction, copied []string) *transform.Finding {
	sc := shell.Of(d.f, in)
	if sc.Form != shell.ShellForm || !sc.Simple() || len(in.Node.Flags) > 0 {
		return held(in.Body, "run-step", "the step cannot be read, or does more than to make users and directories")
	}
	for _, c := range sc.Top() {
		if no := d.command(in, c, copied); no != nil {
			return no
		}
	}
	return nil
}

func (d *distroless) command(in *transform.Instruction, c *shell.Command, copied []string) *transform.Finding {
	at := shell.In(in, c.Span)
	if a, ok := argv.Apt(c); ok {
		return d.packages(in, a)
	}
	literal := !slices.ContainsFunc(c.Words, func(w shell.Word) bool { return !w.Literal() }) && len(c.Redirs)+len(c.Assigns) == 0
	switch {
	case !literal:
	case c.Name() == "rm" && aptRmKind(c.Words[1:]) == stepRemoves:
		return nil
	case c.Name() == "groupadd" || c.Name() == "addgroup" || c.Name() == "useradd" || c.Name() == "adduser":
		d.madeUser(c)
		return nil
	case c.Name() == "mkdir" || c.Name() == "chown":
		if d.directories(in, c, copied) {
			return nil
		}
	}
	return held(at, "run-step", "%s has no place in an image without a shell", clipCommand(d.f.Text(at)))
}

// madeUser notes the numbers of the user that runs the container, when a step
// makes it by name, and the name when it is known by number.
func (d *distroless) madeUser(c *shell.Command) {
	names := []string{c.Words[len(c.Words)-1].Text}
	for i, w := range c.Words[1:] {
		switch flag, value, attached := strings.Cut(w.Text, "="); flag {
		case "-u", "--uid", "-g", "--gid":
			if !attached && i+2 < len(c.Words) {
				value = c.Words[i+2].Text
			}
			names = append(names, value)
		}
	}
	if slices.ContainsFunc(names, func(n string) bool { return d.users[n] }) {
		for _, n := range names {
			d.call(n)
		}
	}
}

// directories reads mkdir and chown of directories that hold no files yet. Those
// that are given to the user are copied; ok is false for anything else.
func (d *distroless) directories(in *transform.Instruction, c *shell.Command, copied []string) bool {
	given, recursive := false, false
	for _, w := range c.Words[1:] {
		switch {
		case c.Name() == "mkdir" && (w.Text == "-p" || w.Text == "--parents"):
		case c.Name() == "chown" && (w.Text == "-R" || w.Text == "--recursive"):
			recursive = true
		case strings.HasPrefix(w.Text, "-"):
			return false
		case c.Name() == "chown" && !given:
			if given = d.isUser(w.Text); !given {
				return false
			}
		default:
			dir, ok := d.f.State(in).Abs(w.Text)
			holds := slices.ContainsFunc(copied, func(to string) bool { return within(to, dir) })
			if !ok || strings.ContainsAny(dir, " $*?[\"'\\") || recursive && holds || systemDirectories[dir] || dir == d.venv {
				return false
			}
			if c.Name() == "mkdir" && !d.chowned(in, dir) {
				return false
			}
			if !slices.Contains(d.dirs, dir) {
				d.dirs = append(d.dirs, dir)
			}
		}
	}
	return true
}

// systemDirectories are Debian's, and the environment.
var systemDirectories = setOf(`/ /bin /boot /dev /etc /home /lib /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp
	/usr /usr/src /usr/local /var /var/lib /var/log /var/cache /var/run`)

// chowned reports a directory that a later command gives to the user.
func (d *distroless) chowned(in *transform.Instruction, dir string) bool {
	for _, later := range d.s.Instructions {
		if later.Index < in.Index || later.Keyword != "run" {
			continue
		}
		for _, c := range shell.Of(d.f, later).Top() {
			if c.Name() != "chown" {
				continue
			}
			for _, w := range c.Words[1:] {
				given, ok := d.f.State(later).Abs(w.Text)
				if ok && (given == dir || within(dir, given) && slices.ContainsFunc(c.Words, func(w shell.Word) bool { return w.Text == "-R" })) {
					return true
				}
			}
		}
	}
	return false
}

// postinstDirectories are made by base-files when it is installed, which in
// distroless it never was.
var postinstDirectories = setOf(`/media /mnt /opt /srv /usr/local /usr/local/bin /usr/local/etc /usr/local/games /usr/local/include
	/usr/local/lib /usr/local/sbin /usr/local/share /usr/local/src /var/local /var/opt`)

// checkOwners gives what is copied for the user to 65532, and looks where it
// goes.
func (d *distroless) checkOwners() *transform.Finding {
	for _, in := range d.s.Instructions {
		c, ok := copyingOf(in)
		if dest, known := absAt(d.image, in, c.dest); ok && known && postinstDirectories[dest] && !strings.HasSuffix(c.dest, "/") {
			return held(in.Body, "missing-directory", "distroless may not have %s, and the copy would take its place", dest)
		}
		if !ok || c.chown == "" {
			continue
		}
		owner, _, _ := strings.Cut(c.chown, ":")
		switch {
		case d.isUser(c.chown):
			for _, w := range d.f.Words(in) {
				if strings.HasPrefix(w.Text, "--chown=") {
					d.edits = append(d.edits, transform.Edit{Span: w.Span, New: "--chown=" + nonrootOwner})
				}
			}
		case namesRoot(c.chown) || strings.Trim(owner, "0123456789") == "" && strings.Trim(c.chown, "0123456789:") == "":
		default:
			return held(in.Body, "other-owner", "files are given to %s, whom distroless does not know", c.chown)
		}
	}
	return nil
}
