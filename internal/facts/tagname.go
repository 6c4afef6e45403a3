package facts

import "strings"

// tagName is a tag taken apart: "3.7.3-slim-buster" is version 3.7.3, distro buster, word slim.
type tagName struct {
	version string   // the first word that starts with a digit and is no date; "" if none
	distro  string   // the distribution word, in its normal form: "alpine3.21" for "alpine-3.21"
	words   []string // every other word, without those that only say "newest" (latest, stable …)
	floats  bool     // one of those was there, or there is no version
	dated   bool     // a snapshot date is among the words
}

// newestWords name no version, variant or distribution: they follow some newest release.
var newestWords = map[string]bool{
	"latest": true, "stable": true, "mainline": true, "lts": true, "current": true, "oldstable": true,
	"oldoldstable": true, "testing": true, "unstable": true, "rolling": true, "devel": true,
	"innovation": true, "edge": true, "experimental": true,
	// Node's names for its long-term lines: each follows the newest release of one major.
	"argon": true, "boron": true, "carbon": true, "dubnium": true, "erbium": true, "fermium": true,
	"gallium": true, "hydrogen": true, "iron": true, "jod": true, "krypton": true,
}

func parseTag(tag string) tagName {
	var p tagName
	rest := tag
	for first := true; rest != ""; first = false {
		var word string
		if word, rest, _ = strings.Cut(rest, "-"); word == "" {
			continue
		}
		distro, more := distroWord(word, rest)
		switch {
		case distro != "":
			if p.distro == "" || distro != "alpine" {
				p.distro = distro
			}
			rest = more
		case newestWords[word]:
			p.floats = true
		case isDate(word):
			p.dated = true
			p.words = append(p.words, word)
		case first && word[0] >= '0' && word[0] <= '9' && word != "32bit":
			p.version = word
		default:
			p.words = append(p.words, word)
		}
	}
	p.floats = p.floats || p.version == ""
	return p
}

// flavour joins the variant words; the Alpine and Windows families are variants too.
func (p tagName) flavour() string {
	words := p.words[:len(p.words):len(p.words)]
	switch {
	case strings.HasPrefix(p.distro, "alpine"):
		words = append(words, "alpine")
	case windowsName(p.distro):
		words = append(words, "windows")
	}
	return strings.Join(words, "-")
}

// namesRelease reports whether the tag fixes the distribution release.
func (p tagName) namesRelease() bool {
	switch p.distro {
	case "", "alpine", "oracle", "ubi", "windowsservercore", "nanoserver":
		return false
	}
	return true
}

// distroWord reads a word of a tag as a distribution, together with the one after it where the two
// belong together ("alpine-3.21", "windowsservercore-1809"), and returns what follows.
func distroWord(word, rest string) (distro, more string) {
	next, after, _ := strings.Cut(rest, "-")
	switch {
	case word == "alpine":
		if isBranch(next) {
			return word + next, after
		}
		return word, rest
	case strings.HasPrefix(word, "alpine") && isBranch(word[len("alpine"):]),
		word == "oracle", word == "ubi", word == "al2", word == "al2023", word == "centos7",
		numbered(word, "oraclelinux"), numbered(word, "ubi"):
		return word, rest
	case word == "windowsservercore", word == "nanoserver":
		if next != "" {
			return word + "-" + next, after
		}
		return word, rest
	}
	if codenames[word] {
		return word, rest
	}
	return "", rest
}

var codenames = func() map[string]bool {
	m := map[string]bool{}
	for _, t := range [][]Release{debianReleases, ubuntuReleases} {
		for _, r := range t {
			m[r.Name] = true
		}
	}
	return m
}()

func windowsName(tag string) bool {
	return strings.Contains(tag, "windowsservercore") || strings.Contains(tag, "nanoserver")
}

// isBranch reports whether s is like "3.18".
func isBranch(s string) bool {
	major, minor, ok := strings.Cut(s, ".")
	return ok && digits(major) && digits(minor)
}

func numbered(word, prefix string) bool {
	return strings.HasPrefix(word, prefix) && digits(word[len(prefix):])
}

// isDate reports whether the word is a snapshot date, "20240612" or "20260811.1".
func isDate(word string) bool {
	day, _, _ := strings.Cut(word, ".")
	return len(day) == 8 && digits(day) && day[0] == '2'
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// cutVersion shortens a version to n numbers: 2 of "3.10.0rc2" is "3.10", 1 of "8u212" is "8".
func cutVersion(version string, n int) string {
	i := 0
	for ; n > 0; n-- {
		start := i
		for i < len(version) && version[i] >= '0' && version[i] <= '9' {
			i++
		}
		if i == start || i == len(version) || version[i] != '.' || n == 1 {
			return strings.TrimSuffix(version[:i], ".")
		}
		i++
	}
	return version[:i]
}

// numbers counts the numbers at the head of a version: 3 in "3.10.0rc2", 1 in "8u212".
func numbers(version string) int {
	n := 0
	for version != "" {
		head := cutVersion(version, 1)
		if head == "" {
			break
		}
		n++
		if version = version[len(head):]; !strings.HasPrefix(version, ".") {
			break
		}
		version = version[1:]
	}
	return n
}

// TagDistro is the distribution release that a tag of any image names: "bookworm"
// of "python3.12-bookworm-slim"; "" if it names none.
func TagDistro(tag string) string {
	if p := parseTag(tag); p.namesRelease() {
		return p.distro
	}
	return ""
}
