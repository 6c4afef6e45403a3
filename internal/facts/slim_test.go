package facts

import "testing"

func TestSlimLacks(t *testing.T) {
	for command, pkg := range map[string]string{
		"git": "git", "curl": "curl", "wget": "wget", "gcc": "gcc", "cc": "gcc", "g++": "g++", "make": "make",
		"unzip": "unzip", "xz": "xz-utils", "bzip2": "bzip2", "file": "file", "ssh": "openssh-client", "gpg": "gpg",
		"patch": "patch", "convert": "imagemagick", "hg": "mercurial", "svn": "subversion", "ps": "procps",
		"pgrep": "procps", "pkill": "procps", "top": "procps", "pg_config": "libpq-dev",
		"mysql_config": "default-libmysqlclient-dev", "pkg-config": "pkg-config",
	} {
		if got, ok := SlimLacksCommand("bookworm", command); !ok || got != pkg {
			t.Errorf("SlimLacksCommand(bookworm, %s) = %q, %v, want %q", command, got, ok, pkg)
		}
		if SlimHasCommand("bookworm", command) {
			t.Errorf("slim has %s", command)
		}
	}
	for _, command := range []string{"sh", "bash", "cat", "sed", "find", "tar", "python", "pip", "useradd", "groupadd",
		"apt-get", "dpkg", "kill", "cd", "which", "su", "perl", "openssl", "awk", "chown", "ldconfig"} {
		for _, suite := range Suites() {
			if !SlimHasCommand(suite, command) {
				t.Errorf("slim on %s lacks %s", suite, command)
			}
			if pkg, ok := SlimLacksCommand(suite, command); ok {
				t.Errorf("slim on %s lacks %s of %s", suite, command, pkg)
			}
		}
	}
	for _, command := range []string{"", "no-such-command", "jq", "sudo", "psql"} {
		_, lacks := SlimLacksCommand("bookworm", command)
		if lacks || SlimHasCommand("bookworm", command) {
			t.Errorf("%q is not unknown", command)
		}
	}
	if pkg, ok := SlimLacksCommand("trixie", "adduser"); !ok || pkg != "adduser" || SlimHasCommand("trixie", "adduser") {
		t.Errorf("adduser on trixie: %q, %v", pkg, ok)
	}
	if !SlimHasCommand("bookworm", "adduser") || SlimHasCommand("buster", "sh") || SlimHasCommand("jammy", "sh") {
		t.Error("adduser is in bookworm's slim image, and other suites are not known")
	}
	if pkg, _ := SlimLacksCommand("trixie", "pkg-config"); pkg != "pkgconf" {
		t.Errorf("pkg-config on trixie is in %s", pkg)
	}
}

func TestSlimLacksPackage(t *testing.T) {
	for pkg, want := range map[string]bool{"libpq5": true, "libmagic1": true, "git": true, "libexpat1": true,
		"gcc": true, "media-types": true, "coreutils": false, "ca-certificates": false, "ffmpeg": false, "": false} {
		if got := SlimLacksPackage("bookworm", pkg); got != want {
			t.Errorf("SlimLacksPackage(bookworm, %s) = %v", pkg, got)
		}
	}
	if SlimLacksPackage("buster", "libpq5") || SlimLacksPackage("trixie", "libmagic1") || !SlimLacksPackage("trixie", "libmagic1t64") {
		t.Error("suites are mixed up")
	}
}

// Every command said to be missing belongs to a package that slim lacks, in each suite named, and
// no command is both missing and there.
func TestSlimTablesAgree(t *testing.T) {
	for command, rows := range slimTable().lacks {
		for _, row := range rows {
			for _, suite := range Suites() {
				if !inSuite(row.suites, suite) {
					continue
				}
				if row.pkg != "default-libmysqlclient-dev" && !SlimLacksPackage(suite, row.pkg) {
					t.Errorf("%s: %s is not among the packages that slim lacks on %s", command, row.pkg, suite)
				}
				if SlimHasCommand(suite, command) {
					t.Errorf("%s: slim on %s lacks and has it", command, suite)
				}
			}
		}
	}
}
