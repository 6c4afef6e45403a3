package bulk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// settings are those of git that a commit depends on, as they are in a
// repository: a condition such as includeIf may make them others there.
type settings struct {
	user map[string]string // of the system, of the user, and of this process
	all  map[string]string // those of the repository, too
}

// settings are the settings for the repository: those of the user, asked for once,
// where it has none of its own.
func (b *brancher) settings(ctx context.Context) (*settings, error) {
	if at, ok := gitDirOf(b.dir); ok && isPlain(at) && b.git.outside != "" {
		s, err := b.git.ofUser(ctx)
		if err != nil || !s.conditional() {
			return s, err
		}
	}
	return b.git.settings(ctx, b.dir)
}

// ofUser are the settings outside of any repository. They are asked for once.
func (g *git) ofUser(ctx context.Context) (*settings, error) {
	g.user.Lock()
	defer g.user.Unlock()
	if g.user.settings == nil { // or asking failed, which must not be all repositories' failure
		s, err := g.settings(ctx, g.outside)
		if err != nil {
			return nil, err
		}
		g.user.settings = s
	}
	return g.user.settings, nil
}

// settings asks git for its settings in a directory.
func (g *git) settings(ctx context.Context, dir string) (*settings, error) {
	s := &settings{user: map[string]string{}, all: map[string]string{}}
	out, err := g.run(ctx, dir, nil, "config", "--show-scope", "-z", "--get-regexp",
		`^(commit\.gpgsign|gpg\..*|(user|author|committer)\.(name|email)|core\.(fsync.*|sharedrepository)|includeif\..*)$`)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 1: // nothing is set
		return s, nil
	case err != nil:
		return nil, err
	}
	for field := range slices.Chunk(strings.Split(out, "\x00"), 2) { // a scope; a name, a newline and a value
		if len(field) < 2 {
			break
		}
		name, value, ok := strings.Cut(field[1], "\n")
		if !ok { // a name alone means yes
			value = "true"
		}
		s.all[name] = value
		if field[0] != "local" && field[0] != "worktree" {
			s.user[name] = value
		}
	}
	return s, nil
}

// has reports whether a setting with that beginning is made.
func (s *settings) has(prefix string) bool {
	for name := range s.all {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// conditional reports whether the settings depend on the repository.
func (s *settings) conditional() bool { return s.has("includeif.") }

// stores reports whether something is said about how objects and branches are stored:
// when they are put on the disk, and who may read them. A user's own settings count
// for that in every repository.
func (s *settings) stores() bool { return s.has("core.fsync") || s.has("core.sharedrepository") }

// signing is what has git sign a commit, where the user wants that: nil for an
// unsigned one. A repository's own settings do not count, for they could name any
// program to run.
func (s *settings) signing() []string {
	if slices.Contains([]string{"", "false", "no", "off", "0"}, strings.ToLower(s.user["commit.gpgsign"])) {
		return nil
	}
	pgp := cmp.Or(s.user["gpg.openpgp.program"], s.user["gpg.program"], "gpg")
	return []string{
		"-c", "gpg.format=" + cmp.Or(s.user["gpg.format"], "openpgp"),
		"-c", "gpg.program=" + pgp,
		"-c", "gpg.openpgp.program=" + pgp,
		"-c", "gpg.x509.program=" + cmp.Or(s.user["gpg.x509.program"], "gpgsm"),
		"-c", "gpg.ssh.program=" + cmp.Or(s.user["gpg.ssh.program"], "ssh-keygen"),
		"-c", "gpg.ssh.defaultKeyCommand=" + s.user["gpg.ssh.defaultkeycommand"],
	}
}

// commitText is a commit as git commit-tree writes it, where the environment and
// the settings name its author and committer in so many words. It is not where
// git would look further, clean something up, or refuse.
func (s *settings) commitText(tree, parent, message string, at time.Time) (text string, ok bool) {
	author, ok1 := s.person("author", at)
	committer, ok2 := s.person("committer", at)
	text = fmt.Sprintf("tree %s\nparent %s\nauthor %s\ncommitter %s\n\n%s", tree, parent, author, committer, message)
	return text, ok1 && ok2 && utf8.ValidString(text) && !strings.Contains(text, "\x00")
}

// person is the author or the committer (git-commit-tree(1), "Commit
// information").
func (s *settings) person(role string, at time.Time) (text string, ok bool) {
	env := "GIT_" + strings.ToUpper(role) + "_"
	if os.Getenv(env+"DATE") != "" { // in one of many forms
		return "", false
	}
	var parts [2]string
	for i, part := range []string{"name", "email"} {
		value, given := os.LookupEnv(env + strings.ToUpper(part))
		if !given {
			value = cmp.Or(s.all[role+"."+part], s.all["user."+part])
		}
		if value == "" || strings.TrimFunc(value, isCrud) != value || strings.ContainsAny(value, "<>\n") {
			return "", false
		}
		parts[i] = value
	}
	return fmt.Sprintf("%s <%s> %d %s", parts[0], parts[1], at.Unix(), at.Format("-0700")), true
}

// isCrud reports what git takes off the ends of names (ident.c, "crud").
func isCrud(r rune) bool { return r <= ' ' || strings.ContainsRune(".,:;<>\"\\'", r) }
