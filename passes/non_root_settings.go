package passes

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"refit/internal/buildctx"
)

// envReaders are modules that read .env files, unasked or by a setting, by their
// documentation.
var envReaders = strings.Fields("dotenv environ environs decouple pydantic_settings starlette dynaconf flask")

// configuration looks for paths outside the user's directories in the configuration
// that the application reads: a log file, a directory of uploads.
func (n *nonRooter) configuration() *hold {
	m, err := n.ctx.Mentions()
	if err != nil {
		return holdf(nil, "no-context", "not all of the context's files could be read")
	}
	for _, u := range n.ctx.SettingPlaces(func(name string) bool { return n.readsSettings(m, name) }) {
		if !n.reaches(u.What) {
			return holdf(nil, "writes-system-path", "%s names %s, which stays root's", u.File+":"+strconv.Itoa(u.Line), u.What)
		}
	}
	return nil
}

// readsSettings reports a file of settings that the code, a script or the
// command names, by its own name or, where the name may be computed, by that of
// its directory; and one that a library reads unasked.
func (n *nonRooter) readsSettings(m *buildctx.Mentions, name string) bool {
	if buildctx.IsEnvFile(name) {
		for module := range m.Imports {
			if top, _, _ := strings.Cut(module, "."); slices.Contains(envReaders, top) {
				return true
			}
		}
	}
	words := []string{strings.Trim(path.Base(name), ".")}
	if dir := path.Base(path.Dir(name)); isSettingsDir(dir) {
		words = append(words, dir)
	}
	for _, w := range words {
		p, code := m.Strings[w]
		q, scripts := m.Commands[w]
		if code && !isTest(p.File) || scripts && !isTest(q.File) || n.namesInStart(w) {
			return true
		}
	}
	return false
}

// isSettingsDir reports the name of a directory that holds settings.
func isSettingsDir(dir string) bool {
	return strings.HasPrefix(dir, "conf") || strings.HasPrefix(dir, "setting") || dir == "cfg" || dir == "env" || dir == "envs" || dir == "etc"
}

// namesInStart reports a word of the command or of a variable.
func (n *nonRooter) namesInStart(word string) bool {
	for _, in := range n.seq {
		switch in.Keyword {
		case "cmd", "entrypoint", "env":
			found := false
			buildctx.EachWord(n.f.Text(in.Body), func(w string) { found = found || w == word })
			if found {
				return true
			}
		}
	}
	return false
}
