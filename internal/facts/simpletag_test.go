package facts

import (
	"slices"
	"strings"
	"testing"
)

func TestSimpleTag(t *testing.T) {
	for _, c := range []struct{ image, tag, minor, patch string }{
		{"python", "3.7", "3.7-bookworm", "3.7.17-bookworm"},
		{"python", "3.8-slim", "3.8-slim-bookworm", "3.8.20-slim-bookworm"},
		{"python", "3.7-alpine", "3.7-alpine3.18", "3.7.17-alpine3.18"},
		{"python", "latest", "3.14-trixie", "3.14.7-trixie"},
		{"python", "3", "3.14-trixie", "3.14.7-trixie"},
		{"python", "2", "2.7-buster", "2.7.18-buster"},
		{"python", "slim", "3.14-slim-trixie", "3.14.7-slim-trixie"},
		{"python", "bookworm", "3.14-bookworm", "3.14.7-bookworm"},
		{"python", "3-slim-bookworm", "3.14-slim-bookworm", "3.14.7-slim-bookworm"},
		{"python", "3.7.3", "3.7.3-stretch", "3.7.3-stretch"},
		{"python", "3.7.3-slim", "3.7.3-slim-stretch", "3.7.3-slim-stretch"},
		{"python", "3.12-rc", "3.12-rc-bookworm", "3.12.0rc3-bookworm"},
		{"python", "rc", "3.10-rc-bullseye", "3.10.0rc2-bullseye"},
		{"python", "stretch", "3.7.4-stretch", "3.7.4-stretch"}, // 3.7-stretch went on to 3.7.9
		{"python", "3.8-slim-buster", "already-simple", "3.8.17-slim-buster"},
		{"python", "3.7-alpine3.10", "already-simple", "3.7.7-alpine3.10"},
		{"python", "3.11.4-bookworm", "already-simple", "already-simple"},
		{"python", "3.5.2", "no-simple-tag", "already-simple"},
		{"python", "onbuild", "no-simple-tag", "3.6.6-onbuild"},
		{"python", "3.9-windowsservercore", "windows-only", "windows-only"},
		{"python", "3.99", "unknown-tag", "unknown-tag"},
		{"python", "", "unknown-tag", "unknown-tag"},
		{"pythn", "3.7", "unknown-image", "unknown-image"},
		{"library/python", "3.7", "unknown-image", "unknown-image"},
		{"pypy", "3-slim", "3.11-slim-trixie", "3.11-7.3.23-slim-trixie"},
		{"node", "18", "18-bookworm", "18.20.8-bookworm"},
		{"node", "14-slim", "14-buster-slim", "14.21.3-buster-slim"},
		{"node", "carbon", "8-stretch", "8.17.0-stretch"},
		{"node", "4", "no-simple-tag", "4.9.1"},
		{"golang", "1.20", "1.20-bookworm", "1.20.14-bookworm"},
		{"debian", "latest", "trixie", "13.6"},
		{"debian", "12", "already-simple", "12.15"},
		{"debian", "buster-slim", "already-simple", "10.13-slim"},
		{"debian", "12.5", "already-simple", "already-simple"},
		{"debian", "stable", "no-simple-tag", "stable-20260803"},
		{"ubuntu", "latest", "26.04", "resolute-20260811.1"},
		{"ubuntu", "20.04", "already-simple", "focal-20250404"},
		{"alpine", "latest", "3.24", "3.24.1"},
		{"alpine", "3.12", "already-simple", "3.12.12"},
		{"nginx", "stable-alpine", "1.30-alpine3.24", "1.30.4-alpine3.24"},
		{"nginx", "1.19", "no-simple-tag", "1.19.10"},
		{"redis", "6", "6.2-bookworm", "6.2.24-bookworm"},
		{"postgres", "12-alpine", "12-alpine3.21", "12.22-alpine3.21"},
		{"postgres", "9.6", "9.6-stretch", "9.6.24-stretch"},
		{"php", "7.4-fpm", "7.4-fpm-bullseye", "7.4.33-fpm-bullseye"},
		{"ruby", "2.6-alpine", "2.6-alpine3.15", "2.6.10-alpine3.15"},
		{"openjdk", "8-jdk-alpine", "8-jdk-alpine3.9", "8u212-jdk-alpine3.9"},
		{"eclipse-temurin", "17-jre-alpine", "17-jre-alpine-3.24", "17.0.20_8-jre-alpine-3.24"},
		{"mysql", "5.7", "5.7-oraclelinux7", "5.7.44-oraclelinux7"},
		{"mariadb", "10", "10.11-jammy", "10.11.18-jammy"},
		{"buildpack-deps", "stable-curl", "trixie-curl", "trixie-curl"},
		{"redis", "32bit", "5.0.9-32bit-buster", "5.0.9-32bit-buster"},
		{"rust", "1.28", "no-simple-tag", "no-simple-tag"}, // ended on a build of 1.29
		{"busybox", "musl", "1.38-musl", "1.38.0-musl"},
		{"httpd", "2.4", "2.4-trixie", "2.4.68-trixie"},
		{"httpd", "alpine", "2.4-alpine3.24", "2.4.68-alpine3.24"},
		{"amazoncorretto", "11", "11-al2023", "11.0.32-al2023"},
		{"amazoncorretto", "17-alpine", "17-alpine3.24", "17.0.20-alpine3.24"},
		{"golang", "1.21-alpine", "1.21-alpine3.20", "1.21.13-alpine3.20"},
		{"node", "lts-slim", "24-bookworm-slim", "24.19.0-bookworm-slim"},
		{"node", "20-bookworm-slim", "already-simple", "20.20.2-bookworm-slim"},
		{"postgres", "15", "15-trixie", "15.19-trixie"},
		{"redis", "6.2-alpine", "6.2-alpine3.21", "6.2.24-alpine3.21"},
		{"nginx", "1.25", "1.25-bookworm", "1.25.5-bookworm"},
		{"php", "8.1-fpm-alpine", "8.1-fpm-alpine3.21", "8.1.34-fpm-alpine3.21"},
		{"rust", "slim", "1.98-slim-trixie", "1.98.0-slim-trixie"},
		{"mysql", "8.0", "8.0-oraclelinux9", "8.0.46-oraclelinux9"},
		{"ubuntu", "focal", "already-simple", "focal-20250404"},
		{"ubuntu", "rolling", "26.04", "resolute-20260811.1"},
		{"alpine", "3", "3.24", "3.24.1"},
	} {
		for level, want := range map[PinLevel]string{Minor: c.minor, Patch: c.patch} {
			p := SimpleTag(c.image, c.tag, level)
			got := p.Tag
			if p.Outcome != Pinned {
				got = p.Outcome.String()
			}
			if got != want {
				t.Errorf("SimpleTag(%s:%s, %d) = %s, want %s", c.image, c.tag, level, got, want)
			}
		}
	}
}

// Every answer, for every tag of every image, names the build that the tag named, keeps what was
// written, and is itself at the end of the way.
func TestSimpleTagKeepsTheBuild(t *testing.T) {
	for _, image := range openCatalogue().names {
		pinned := 0
		allTags(image, func(from Tag) {
			for _, level := range []PinLevel{Minor, Patch} {
				p := SimpleTag(image, from.Name, level)
				if p.Outcome != Pinned {
					if p.Tag != "" {
						t.Errorf("%s:%s: %v with tag %s", image, from.Name, p.Outcome, p.Tag)
					}
					continue
				}
				pinned++
				checkPin(t, from, p.Tag, level)
			}
		})
		if pinned == 0 {
			t.Errorf("%s: no tag was pinned", image)
		}
	}
}

func checkPin(t *testing.T, from Tag, pin string, level PinLevel) {
	t.Helper()
	to, ok := LookupTag(from.Image, pin)
	if !ok || to.Target != from.Target || to.Shared || to.Windows() {
		t.Errorf("%s:%s became %s, which is no simple tag of the same build", from.Image, from.Name, pin)
		return
	}
	for _, word := range parseTag(from.Name).words {
		if !slices.Contains(parseTag(pin).words, word) && !(word == "rc" && strings.ContainsAny(to.Version, "abr")) {
			t.Errorf("%s:%s lost %q in %s", from.Image, from.Name, word, pin)
		}
	}
	if from.Version != "" && to.Version != "" && !strings.HasPrefix(to.Version, from.Version) {
		t.Errorf("%s:%s changed its version: %s", from.Image, from.Name, pin)
	}
	if again := SimpleTag(from.Image, pin, level); again.Outcome == Pinned {
		t.Errorf("%s:%s became %s, and that %s", from.Image, from.Name, pin, again.Tag)
	}
	if from.Image != "python" {
		return
	}
	fromDistro, _, _ := strings.Cut(from.Distro, "?")
	toDistro, _, _ := strings.Cut(to.Distro, "?")
	if from.FullVersion() != to.FullVersion() || fromDistro != toDistro {
		t.Errorf("python:%s (%s, %s) became %s (%s, %s)", from.Name, from.FullVersion(), from.Distro, pin, to.FullVersion(), to.Distro)
	}
	if level == Minor && !parseTag(pin).namesRelease() {
		t.Errorf("python:%s became %s, which names no distribution", from.Name, pin)
	}
}

// What stays unpinned for want of a tag is only what the history cannot tell apart.
func TestPythonTagsWithoutSimpleTag(t *testing.T) {
	allTags("python", func(from Tag) {
		if p := SimpleTag("python", from.Name, Minor); p.Outcome == NoSimpleTag {
			if target := parseTag(from.Target); target.namesRelease() {
				t.Errorf("python:%s has no simple tag, though its build is %s", from.Name, from.Target)
			}
		}
	})
}

func TestSlimTag(t *testing.T) {
	for _, c := range []struct{ image, tag, want string }{
		{"python", "3.7-bookworm", "3.7-slim-bookworm"},
		{"python", "3.7", "3.7-slim-bookworm"},
		{"python", "3.8-buster", "3.8-slim-buster"},
		{"python", "3.7.3", "3.7.3-slim-stretch"},
		{"python", "3.7.17-bookworm", "3.7.17-slim-bookworm"},
		{"python", "latest", "3.14-slim-trixie"},
		{"python", "2.7", "2.7-slim-buster"},
		{"python", "3.5.2", "3.5.2-slim"},
		{"python", "3.7-slim", ""},
		{"python", "3.7-alpine", ""},
		{"python", "3.7-alpine3.18", ""},
		{"python", "onbuild", ""},
		{"python", "3.9-windowsservercore", ""},
		{"python", "3.99", ""},
		{"node", "14", "14-buster-slim"},
		{"node", "18-bookworm", "18-bookworm-slim"},
		{"debian", "bookworm", "bookworm-slim"},
		{"debian", "12", "12-slim"},
		{"ruby", "2.7", "2.7-slim-bullseye"},
		{"ubuntu", "20.04", ""},
		{"unheard-of", "1", ""},
	} {
		if got, ok := SlimTag(c.image, c.tag); got != c.want || ok != (c.want != "") {
			t.Errorf("SlimTag(%s:%s) = %q, %v, want %q", c.image, c.tag, got, ok, c.want)
		}
	}
}

func TestSlimTagKeepsVersionAndDistro(t *testing.T) {
	found, missing := 0, 0
	allTags("python", func(from Tag) {
		slim, ok := SlimTag("python", from.Name)
		if !ok {
			if from.Flavour == "" && !from.Windows() {
				missing++
			}
			return
		}
		found++
		to, listed := LookupTag("python", slim)
		if !listed || to.Flavour != "slim" || to.FullVersion() != from.FullVersion() ||
			strings.TrimSuffix(to.Distro, "?") != strings.TrimSuffix(from.Distro, "?") {
			t.Errorf("python:%s (%s on %s) became %s (%s on %s)", from.Name, from.FullVersion(), from.Distro,
				slim, to.FullVersion(), to.Distro)
		}
	})
	t.Logf("%d plain python tags have a slim one, %d have none", found, missing)
	if found < 500 {
		t.Errorf("only %d python tags have a slim one", found)
	}
}

func TestOnDistro(t *testing.T) {
	for _, c := range []struct{ image, tag, distro, want string }{
		{"python", "3.8-slim-buster", "bookworm", "3.8-slim-bookworm"},
		{"python", "3.7.9-buster", "stretch", "3.7.9-stretch"},
		{"python", "3.7-alpine3.10", "alpine3.18", "3.7-alpine3.18"},
		{"python", "3.13-bookworm", "buster", ""},
		{"python", "3.7.9-buster", "bookworm", ""},
		{"python", "3.7-buster", "", ""},
		{"node", "14-buster-slim", "bullseye", "14-bullseye-slim"},
		{"debian", "buster", "trixie", "trixie"},
		{"debian", "stretch-slim", "bookworm", "bookworm-slim"},
		{"debian", "10-slim", "bookworm", "12-slim"},
		{"debian", "10.13", "bookworm", ""},
		{"debian", "buster-20210208", "bookworm", ""},
		{"debian", "buster-backports", "bullseye", ""},
		{"debian", "latest", "bookworm", ""},
		{"buildpack-deps", "stretch-scm", "bookworm", "bookworm-scm"},
	} {
		if got, ok := OnDistro(c.image, c.tag, c.distro); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("OnDistro(%s:%s, %s) = %q, %v, want %q", c.image, c.tag, c.distro, got, ok, c.want)
		}
	}
	if got, want := Distros("python", "3.8-slim"), []string{"buster", "bullseye", "bookworm"}; !slices.Equal(got, want) {
		t.Errorf("Distros(python:3.8-slim) = %v, want %v", got, want)
	}
	if got := Distros("python", "slim"); got != nil {
		t.Errorf("Distros(python:slim) = %v, want none", got)
	}
}
