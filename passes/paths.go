package passes

import (
	"path"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// absolute is a path as it is in a directory; p may be absolute already.
func absolute(dir, p string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(dir, p)
}

// within reports whether p is dir or lies below it.
func within(p, dir string) bool {
	return p == dir || dir == "/" || strings.HasPrefix(p, dir) && p[len(dir)] == '/'
}

// relatedPaths reports whether one of two paths is the other or contains it.
func relatedPaths(a, b string) bool { return within(a, b) || within(b, a) }

// isURL reports a URL, version control included.
func isURL(text string) bool {
	return strings.Contains(text, "://") || strings.HasPrefix(text, "git+")
}

// remote reports a source that ADD downloads, or that may be one.
func remote(source string) bool {
	return strings.Contains(source, "://") || strings.HasPrefix(source, "git@") || strings.HasPrefix(source, "github.com/") ||
		strings.HasSuffix(source, ".git")
}

// unpacked reports a source that is an archive by its name.
func unpacked(source string) bool {
	name := strings.ToLower(path.Base(source))
	if strings.Contains(name, ".tar.") {
		return true
	}
	switch path.Ext(name) {
	case ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tzst", ".gz", ".bz2", ".xz", ".zst", ".lzma":
		return true
	}
	return false
}

// changeDir is the directory after a command; "" when it is not known.
func changeDir(st *transform.State, c *shell.Command, dir string) string {
	if c.Name() != "cd" || len(c.Words) != 2 {
		return dir
	}
	to, ok := shellValue(st, c.Words[1])
	switch {
	case !ok:
		return ""
	case path.IsAbs(to):
		return path.Clean(to)
	case dir == "":
		return ""
	}
	return path.Join(dir, to)
}

// shellValue is a word's value where it holds nothing but ENVs of the file.
func shellValue(st *transform.State, w shell.Word) (string, bool) {
	switch {
	case w.Static:
		return w.Text, true
	case w.HasCmdSubst || w.HasTilde || w.HasBrace || w.HasGlob:
		return "", false
	}
	return st.Expand(w.Text)
}

// optionValue is the value of pip's option. That of --editable may be ".[extra]",
// which is a pattern for the shell, and stands for itself where no file fits.
func optionValue(st *transform.State, o *argv.Option) (string, bool) {
	val := o.Holder
	val.Text = o.Value
	if o.Name == "--editable" && val.Literal() {
		return val.Text, true
	}
	return shellValue(st, val)
}

// defaultText expands a word with the defaults of build arguments. Two paths
// that are equal by them are so in every build that works, since what a build
// argument changes in one it would have to change in the other.
func defaultText(st *transform.State, word string) (string, bool) {
	text, ok := st.Expand(word)
	return text, ok || text != ""
}
