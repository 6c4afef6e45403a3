package passes

import (
	"cmp"
	"strconv"
	"strings"

	"refit/internal/argv"
	"refit/internal/facts"
	"refit/transform"
)

// pyVersion is the version of Python that a tag names; patch is -1 where the tag
// leaves it open, and minor -1 where nothing is sure.
type pyVersion struct {
	major, minor, patch int
	sure                bool // false: a build argument may choose another one
}

// pythonOf reads the version out of an image's tag; a tag that floats over versions is
// what it was when the catalogue was made, but beside a digest any that it once was.
func pythonOf(img image, byArg bool) pyVersion {
	tag := cmp.Or(img.Tag, "latest")
	v := pyVersion{-1, -1, -1, !byArg}
	version, _, _ := strings.Cut(tag, "-")
	parts := strings.Split(version, ".")
	n, err := strconv.Atoi(parts[0])
	if err != nil || len(parts) == 1 {
		t, ok := facts.LookupTag("python", tag)
		if !ok || img.Digest {
			v.major, v.sure = 3, false
			if err == nil {
				v.major = n
			}
			return v
		}
		full := strings.Split(t.FullVersion(), ".")
		v.major, _ = strconv.Atoi(full[0])
		if len(full) > 1 {
			v.minor, _ = strconv.Atoi(full[1])
		}
		return v
	}
	v.major = n
	v.minor, _ = strconv.Atoi(strings.TrimRight(parts[1], "abrc"))
	if len(parts) > 2 {
		if p, err := strconv.Atoi(parts[2]); err == nil {
			v.patch = p
		}
	}
	return v
}

// lacksVenv says why no environment can be made, "" if one can.
func (v pyVersion) lacksVenv() string {
	switch {
	case v.major == 2 && v.minor == 7 && (v.patch < 0 || v.patch >= 13), v.major == 2 && v.minor < 0:
		return "" // virtualenv's last release for it; pip 9, which came with 2.7.13, finds that
	case v.major == 2:
		return "this Python 2 has neither a venv module nor a pip that finds a virtualenv for it"
	case v.major == 3 && v.minor >= 0 && v.minor < 4:
		return "the venv module of this Python knows no --without-pip"
	case v.major == 3 && (v.minor == 4 && v.patch >= 0 && v.patch < 5 || v.minor == 5 && v.patch >= 0 && v.patch < 2):
		return "the image's pip is too old to be sure that it installs into an environment"
	}
	return ""
}

// makeVenv is the command that makes the environment.
//
// It works with the image's own pip, setuptools and wheel, as the original does:
// the environment sees them with --system-site-packages, has no copies of them to
// weigh on the runtime, whose base has them too, and gets the scripts that start
// pip, with its own interpreter in their first line. What pip finds installed is
// then what it found in the image. Where the runtime may get another base, which
// has none of the three, the environment has copies.
func (v pyVersion) makeVenv(f *transform.File) string {
	switch {
	case v.major == 2:
		return `pip install "virtualenv<20.16" && virtualenv /opt/venv`
	case !mayChangeBase(f):
		next := " " + string(f.Escape) + "\n    && "
		return "python -m venv --system-site-packages --without-pip /opt/venv" + next +
			"cp /usr/local/bin/pip* /opt/venv/bin/" + next +
			`sed -i '1s|.*|#!/opt/venv/bin/python|' /opt/venv/bin/pip*`
	case v.sure && v.minor >= 12:
		return "python -m venv /opt/venv"
	case v.recentPip():
		return "python -m venv --system-site-packages /opt/venv"
	}
	return "python -m venv /opt/venv && pip list --format=freeze | /opt/venv/bin/pip install -r /dev/stdin"
}

// mayChangeBase reports a profile whose runtime is distroless or Alpine where that
// can be.
func mayChangeBase(f *transform.File) bool {
	switch f.Options.Profile {
	case transform.ProfileSecure, transform.ProfileCPU, transform.ProfileIO:
		return true
	}
	return false
}

// recentPip reports a Python whose own copy of pip knows manylinux2014 wheels:
// pip 22.0 came with 3.7.13, pip 20.1 with 3.8.3. Up to 3.6, besides, the venv
// module forgets pip beside --system-site-packages (bpo-24875).
func (v pyVersion) recentPip() bool {
	switch v.minor {
	case 7:
		return v.patch < 0 || v.patch >= 13
	case 8:
		return v.patch < 0 || v.patch >= 3
	}
	return v.minor > 8
}

// lacks reports interpreters of the image that have no name in the environment:
// "python3.6" for an environment of Python 3.6, since venv links python3.X from
// 3.9 on only.
func (v pyVersion) lacks(name string) bool {
	rest, ok := strings.CutPrefix(name, "python3.")
	return ok && rest != "" && strings.Trim(rest, "0123456789") == "" && v.major == 3 && (v.minor < 10 || !v.sure)
}

// foreign reports a pip whose name has another version than the image's Python:
// that of a Python from apt.
func (v pyVersion) foreign(p *argv.PipCmd) bool {
	name := p.Name
	if p.Python != "" {
		name = p.Python
	}
	text := name[strings.LastIndexAny(name, "abcdefghijklmnopqrstuvwxyz-")+1:]
	if text == "" {
		return false
	}
	major, minor, hasMinor := strings.Cut(text, ".")
	if major != strconv.Itoa(v.major) {
		return true
	}
	minor, _, _ = strings.Cut(minor, ".")
	return hasMinor && minor != strconv.Itoa(v.minor)
}
