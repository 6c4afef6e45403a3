package buildctx

import (
	"path"
	"strings"

	"refit/internal/lazyregexp"
)

// IsCondaEnvironment reports a file that by its name is YAML, as conda's environment files are.
func IsCondaEnvironment(name string) bool {
	ext := path.Ext(name)
	return ext == ".yml" || ext == ".yaml"
}

var condaPipRE = lazyregexp.New(`^(\s*)-\s+pip\s*:\s*(?:#.*)?$`)

// pipSection is the requirement file that conda makes for pip out of an environment file: the items below "- pip:",
// which conda's own writers give a line each. ok is false where the file is written otherwise. Conda gives pip the
// directory of the environment file as its working directory and as the place of the requirement file.
func pipSection(text string) (requirements string, ok bool) {
	var items []string
	indent := -1 // of the "- pip:" whose items are read
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		at := len(line) - len(strings.TrimLeft(line, " "))
		if indent >= 0 && at > indent {
			item, isItem := strings.CutPrefix(trimmed, "- ")
			item = strings.TrimSpace(cutComment(item))
			if n := len(item); n > 1 && (item[0] == '"' || item[0] == '\'') && item[n-1] == item[0] {
				item = item[1 : n-1]
			}
			if !isItem || strings.HasPrefix(item, "&") || strings.HasPrefix(item, "*") || strings.ContainsAny(item, "|>") && strings.ContainsAny(item[:1], "|>") {
				return "", false
			}
			items = append(items, item)
			continue
		}
		indent = -1
		switch m := condaPipRE.FindStringSubmatch(line); {
		case m != nil:
			indent = len(m[1])
		case strings.Contains(line, "pip:") || strings.Contains(line, "[") && strings.HasPrefix(trimmed, "dependencies") || strings.Contains(line, "\t"):
			return "", false
		}
	}
	return strings.Join(items, "\n") + "\n", true
}
