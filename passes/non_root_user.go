package passes

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"refit/internal/argv"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// An account is the user that runs the application.
type account struct {
	user  string // a number, or a name where the file gives it none
	owner string // what USER and --chown name it by
	name  string // of one that the file makes
	home  string // a directory that the file does not make for it
	maker *transform.Instruction
}

// newAccount is a user in numbers: Kubernetes' runAsNonRoot cannot tell whether a
// name is root's, and --chown needs no user of a name that is not there yet.
var newAccount = account{user: "1001", owner: "1001:1001"}

// is reports whether an owner, with or without a group, is the account.
func (a *account) is(owner string) bool {
	name, _, _ := strings.Cut(owner, ":")
	return name == a.user || a.name != "" && name == a.name
}

// byName reports an account without a number, which nothing can name that stands
// above the step that makes it.
func (a *account) byName() bool { return a.maker != nil && a.user == a.name }

var userName = lazyregexp.New(`^[a-z_][a-z0-9_-]*$`)

// account is the user that the file makes and never becomes, or a new one. It is
// what the author made it for, who forgot USER or lets the start of the container
// become it, which other checks see. There must be one only, made by a step that
// fails when it cannot be made, with a name and, if any, a number that nothing
// expands; otherwise the steps that make users are a reason to hold back.
func (n *nonRooter) account() account {
	found := newAccount
	for _, in := range n.seq {
		if text := n.f.Text(in.Body); in.Keyword != "run" || !strings.Contains(text, "useradd") && !strings.Contains(text, "adduser") {
			continue
		}
		for _, c := range shell.Of(n.f, in).Commands() {
			u, ok := argv.User(c)
			if !ok {
				continue
			}
			a, ok := n.made(in, c, u)
			if !ok || found.maker != nil || n.tookBack(&a) {
				return newAccount
			}
			found = a
		}
	}
	return found
}

// tookBack reports a comment that holds the USER that would be written.
func (n *nonRooter) tookBack(a *account) bool {
	for _, m := range userComment.FindAllStringSubmatch(n.f.Src, -1) {
		if a.is(m[1]) {
			return true
		}
	}
	return false
}

var userComment = lazyregexp.New(`(?im)^[ \t]*#[# \t]*USER[ \t]+["']?([\w.-]+)`)

// makesMore reports a call about users or groups other than one that makes the
// account, or a group.
func (n *nonRooter) makesMore(call *argv.Call) bool {
	switch call.Name {
	case "useradd", "adduser", "groupadd", "addgroup":
		names := 0
		for _, w := range call.Words {
			if !strings.HasPrefix(w.Text, "-") && strings.Trim(w.Text, "0123456789") != "" {
				names++
			}
		}
		return n.as.maker == nil || call.Name == "addgroup" && names > 1 // puts a user into a group
	}
	return call.Name == "usermod"
}

// made reads the user that a command makes.
func (n *nonRooter) made(in *transform.Instruction, c *shell.Command, u *argv.UserCmd) (account, bool) {
	certain := u.Known && len(u.Operands) == 1 && !u.Has("--non-unique", "--defaults", "--root", "--prefix", "--base-dir", "--conf", "--groups")
	if !certain || !mustSucceed(shell.Of(n.f, in), c) {
		return account{}, false
	}
	text := func(s string) string {
		s, ok := n.f.State(in).Expand(s)
		if !ok {
			return "$"
		}
		return s
	}
	a := account{name: text(u.Operands[0].Text), maker: in}
	a.user = a.name
	if n.startsAt1000() && !u.Has("--system", "--key", "--firstuid", "--lastuid") {
		a.user = "1000"
	}
	if uid, ok := u.Option("--uid"); ok {
		a.user = text(uid.Value)
		if i, err := strconv.Atoi(a.user); err != nil || i <= 0 {
			return account{}, false
		}
	}
	a.owner = a.user
	a.home = "/home/" + a.name
	if home, ok := u.Option("--home"); ok {
		a.home = text(home.Value)
	} else if u.Has("--system") && !u.ByUseradd && !onAlpine(n.s) {
		return account{}, false // adduser of Debian gives it no home of its own
	}
	if !plainPath.MatchString(a.home) || a.home != path.Clean(a.home) || isSystem(a.home) || slices.Contains(baseDirs, a.home) {
		return account{}, false
	}
	if u.Has("--create-home") || !u.ByUseradd && !u.Has("--no-create-home") {
		a.home = ""
	}
	return a, userName.MatchString(a.name) && !namesRoot(a.name)
}

// startsAt1000 reports a base whose first user, the only one of the file, gets that
// number: UID_MIN of login.defs(5), FIRST_UID of adduser.conf(5) and BusyBox's
// adduser say so, and of the images at hand only Ubuntu's has a user already.
func (n *nonRooter) startsAt1000() bool {
	img, ok := baseImage(n.s.Root())
	return ok && img.Official && img.Name != "ubuntu"
}

// mustSucceed reports a command at the top level of a step in which each runs only
// if the one before it succeeded.
func mustSucceed(s *shell.Script, c *shell.Command) bool {
	if s.Form != shell.ShellForm && s.Form != shell.ExecForm {
		return false
	}
	top := s.Top()
	return slices.Contains(top, c) && !slices.ContainsFunc(top, func(t *shell.Command) bool {
		return t.Op != "" && t.Op != "&&" || t.Negated || t.Background
	})
}

// given reports a directory that the step itself gives to the user.
func (n *nonRooter) given(in *transform.Instruction, s *shell.Script, dir string) bool {
	for _, c := range s.Top() {
		call, ok := argv.Of(c)
		if !ok || call.Name != "chown" {
			continue
		}
		deep, to := false, false
		for _, w := range call.Words {
			if strings.HasPrefix(w.Text, "-") {
				deep = deep || w.Text == "-R" || w.Text == "--recursive"
			} else if !to {
				owner, _ := n.f.State(in).Expand(w.Text)
				if to = n.as.is(owner); !to {
					break
				}
			} else if p, ok := n.inDir(in, "", w); ok && path.IsAbs(w.Text) && (p == dir || deep && within(dir, p)) {
				return true
			}
		}
	}
	return false
}

// nameable checks that no file becomes the user's before it is there.
func (n *nonRooter) nameable() *hold {
	if !n.as.byName() {
		return nil
	}
	for _, in := range n.seq {
		if in.Index < n.as.maker.Index && (n.files.owns[in] || n.files.givesIn(in)) {
			return holdf(n.as.maker, "user-exists", "the step makes the user %s below what would be its own, and gives it no number", n.as.name)
		}
	}
	return nil
}

// accountSteps are the commands that make the user, or what the file's own lacks.
func (n *nonRooter) accountSteps() []string {
	var steps []string
	give := slices.Clone(n.files.byWorkdir)
	switch {
	case n.as.maker != nil:
		if home := n.as.home; home != "" && !(n.files.owned(home) && n.files.made[home]) {
			steps = append(steps, "mkdir -p "+home)
			give = append(give, home)
		}
	case onAlpine(n.s):
		steps = append(steps, "addgroup -S -g 1001 app", "adduser -S -D -u 1001 -G app app")
	default:
		steps = append(steps, "groupadd --gid 1001 app", "useradd --uid 1001 --gid 1001 --create-home --no-log-init app")
	}
	if len(give) > 0 {
		steps = append(steps, "chown "+n.as.owner+" "+strings.Join(give, " "))
	}
	return steps
}
