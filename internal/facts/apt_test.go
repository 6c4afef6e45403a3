package facts

import (
	"slices"
	"strings"
	"testing"
)

func TestNeededRecommends(t *testing.T) {
	for _, c := range []struct{ pkg, suite, want string }{
		{"gcc", "bookworm", "libc6-dev"},
		{"gcc", "stretch", "libc6-dev"},
		{"gcc", "focal", "libc6-dev"},
		{"git", "bookworm", "ca-certificates"},
		{"curl", "trixie", "ca-certificates"},
		{"wget", "", "ca-certificates"},
		{"cmake", "bookworm", "ca-certificates gcc make"},
		{"autoconf", "bookworm", "automake"},
		{"python3-pip", "bookworm", "build-essential python3-dev"},
		{"libsasl2-2", "bookworm", "libsasl2-modules"},
		{"libldap2-dev", "bookworm", "libldap-common libsasl2-modules"},
		{"zip", "bookworm", "unzip"},
		{"xvfb", "bookworm", "xauth"},
		{"graphviz", "bullseye", "fonts-liberation"},
		{"graphviz", "bookworm", "fonts-liberation2"},
		{"graphviz", "jammy", ""},
		{"libpq-dev", "trixie", "ca-certificates"},
		{"libpq-dev", "bookworm", ""},
		{"libpq-dev", "jammy", ""},
		{"build-essential", "bookworm", ""},
		{"unheard-of", "bookworm", ""},
		{"", "bookworm", ""},
	} {
		if got := strings.Join(NeededRecommends(c.pkg, c.suite), " "); got != c.want {
			t.Errorf("NeededRecommends(%s, %s) = %q, want %q", c.pkg, c.suite, got, c.want)
		}
	}
}

func TestRecommendsSafe(t *testing.T) {
	for _, c := range []struct {
		pkg         string
		safe, known bool
	}{
		{"build-essential", true, true}, {"g++", true, true}, {"gcc", true, true}, {"libpq-dev", true, true},
		{"libpq5", true, true}, {"git", true, true}, {"curl", true, true}, {"ffmpeg", true, true},
		{"default-libmysqlclient-dev", true, true}, {"supervisor", true, true}, {"nginx", true, true},
		{"cron", true, true}, {"locales", true, true}, {"tesseract-ocr", true, true}, {"tzdata", true, true},
		{"libreoffice", false, true}, {"texlive-fonts-extra", false, true}, {"r-base", false, true},
		{"unheard-of", false, false}, {"", false, false}, {"php5-curl", false, false},
	} {
		if safe, known := RecommendsSafe(c.pkg); safe != c.safe || known != c.known {
			t.Errorf("RecommendsSafe(%s) = %v, %v, want %v, %v", c.pkg, safe, known, c.safe, c.known)
		}
	}
	if lost := LostCommandPackages("git"); !slices.Contains(lost, "openssh-client") {
		t.Errorf("git without Recommends keeps ssh: %v", lost)
	}
	if lost := LostCommandPackages("unheard-of"); lost != nil {
		t.Errorf("LostCommandPackages(unheard-of) = %v", lost)
	}
}

// A list that RecommendsSafe and NeededRecommends have mended asks for nothing more.
func TestRecommendsTable(t *testing.T) {
	if n := len(recommendsTable()); n < 1000 {
		t.Errorf("only %d packages", n)
	}
	for pkg := range recommendsTable() {
		for _, suite := range append(Suites(), "jammy") {
			need := NeededRecommends(pkg, suite)
			if slices.Contains(need, pkg) || slices.Contains(need, "?") || slices.Contains(need, "|") {
				t.Errorf("%s on %s needs %v", pkg, suite, need)
			}
		}
	}
}

func TestRuntimeForDev(t *testing.T) {
	for _, c := range []struct{ dev, suite, want string }{
		{"libpq-dev", "bookworm", "libpq5"},
		{"libpq-dev", "stretch", "libpq5"},
		{"default-libmysqlclient-dev", "bookworm", "libmariadb3"},
		{"default-libmysqlclient-dev", "stretch", "?"},
		{"libxml2-dev", "trixie", "libxml2"},
		{"libffi-dev", "bullseye", "libffi7"},
		{"libffi-dev", "bookworm", "libffi8"},
		{"libffi-dev", "buster", "?"},
		{"libssl-dev", "trixie", "libssl3t64"},
		{"libldap2-dev", "bookworm", "libldap-2.5-0"},
		{"libkrb5-dev", "bookworm", "libgssapi-krb5-2 libk5crypto3 libkrb5-3"},
		{"zlib1g-dev", "bookworm", "zlib1g"},
		{"libc6-dev", "bookworm", ""},
		{"libeigen3-dev", "bookworm", ""},
		{"libpq-dev", "jammy", "?"},
		{"libmysqlclient-dev", "bookworm", "?"},
		{"libpcre3-dev", "trixie", "?"},
		{"libpq5", "bookworm", "?"},
		{"", "bookworm", "?"},
	} {
		list, ok := RuntimeForDev(c.dev, c.suite)
		got := strings.Join(list, " ")
		if !ok {
			got = "?"
		}
		if got != c.want {
			t.Errorf("RuntimeForDev(%s, %s) = %q, want %q", c.dev, c.suite, got, c.want)
		}
	}
	for dev, c := range devTable() {
		for _, suite := range Suites() {
			if list, ok := c.in(suite); ok && slices.ContainsFunc(list, BuildOnly) {
				t.Errorf("%s: %v are not runtime packages", dev, list)
			}
		}
	}
}

func TestBuildOnly(t *testing.T) {
	for pkg, want := range map[string]bool{
		"gcc": true, "g++": true, "gcc-12": true, "build-essential": true, "make": true, "cmake": true,
		"libpq-dev": true, "python3-dev": true, "pkg-config": true, "clang-14": true,
		"git": false, "curl": false, "libpq5": false, "gcc-12-base": false, "python3": false, "libgcc-s1": false,
		"": false, "libgomp1": false, "ffmpeg": false, "default-jre-headless": false,
	} {
		if got := BuildOnly(pkg); got != want {
			t.Errorf("BuildOnly(%s) = %v", pkg, got)
		}
	}
}
