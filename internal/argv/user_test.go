package argv_test

import (
	"slices"
	"testing"

	"refit/internal/argv"
	"refit/internal/shell"
)

func first(c *shell.Command, _ string) *shell.Command { return c }

func TestUser(t *testing.T) {
	for text, want := range map[string]struct {
		name, uid, home string
		known           bool
		has             []string
	}{
		"useradd -ms /bin/bash -u 1000 app":                     {"app", "1000", "", true, []string{"--create-home"}},
		"useradd -rm -d /home/app -g root -G sudo -u1001 app":   {"app", "1001", "/home/app", true, []string{"--system", "--create-home", "--groups"}},
		"useradd --uid=5001 --no-create-home --home-dir /x app": {"app", "5001", "/x", true, []string{"--no-create-home"}},
		"useradd --wonder app":                                  {"app", "", "", false, nil},
		"adduser -D -G app -u 2000 app":                         {"app", "2000", "", true, []string{"--disabled-password"}},
		"adduser app -h /srv/app -S -H":                         {"app", "", "/srv/app", true, []string{"--system", "--no-create-home"}},
		"adduser --disabled-password --gecos '' --uid 7 app":    {"app", "7", "", true, []string{"--disabled-password"}},
		"sudo adduser --system --group --home /srv app":         {"app", "", "/srv", true, []string{"--system"}},
	} {
		u, ok := argv.User(first(command(t, text)))
		if !ok || len(u.Operands) != 1 && want.known {
			t.Errorf("%s: %v, operands %v", text, ok, u)
			continue
		}
		uid, _ := u.Option("--uid")
		home, _ := u.Option("--home")
		if u.Known != want.known || u.Operands[len(u.Operands)-1].Text != want.name || uid.Value != want.uid || home.Value != want.home {
			t.Errorf("%s: %+v", text, u.Args)
		}
		if slices.ContainsFunc(want.has, func(name string) bool { return !u.Has(name) }) {
			t.Errorf("%s: has not all of %q", text, want.has)
		}
	}
	if _, ok := argv.User(first(command(t, "usermod -aG sudo app"))); ok {
		t.Error("usermod makes no user")
	}
}
