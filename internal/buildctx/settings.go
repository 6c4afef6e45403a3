package buildctx

import (
	"path"
	"strings"

	"refit/internal/lazyregexp"
)

// settingExts are those of files that programs read their settings from.
var settingExts = set(".ini .cfg .conf .cnf .toml .yaml .yml .json .properties .env")

// maxSetting is the size up to which a file is read for settings: what is larger is data.
const maxSetting = 64 << 10

// settingPlaceRE is an absolute path among settings, also behind the scheme of a database URL.
var settingPlaceRE = lazyregexp.New(`(?:^|[\s"'=:(,\[])(?:/{3})?(/[A-Za-z0-9_.][^\s"'#,;:)\]}<>]*)`, "/")

// IsEnvFile reports the files that dotenv and its like read without being given a name.
func IsEnvFile(name string) bool {
	base := path.Base(name)
	return base == ".env" || base == ".flaskenv" || strings.HasPrefix(base, ".env.") || path.Ext(base) == ".env"
}

// SettingPlaces are the paths that the settings of a context name, absolute ones under which programs keep what they
// write, as in Uses.Places. Only files that the build sees are read, and of them those that read picks by their name.
func (c *Context) SettingPlaces(read func(name string) bool) []Use {
	if c == nil {
		return nil
	}
	var found []Use
	entries, _ := c.Files()
	for _, e := range entries {
		if !e.Regular || e.Size > maxSetting || !settingExts[path.Ext(e.Path)] && !IsEnvFile(e.Path) || !read(e.Path) {
			continue
		}
		b, err := c.readVisible(e.Path, maxSetting)
		if err != nil {
			continue // hidden, or not readable for the build either
		}
		found = append(found, settingPlaces(e.Path, decodeText(b))...)
	}
	return found
}

func settingPlaces(file, text string) (found []Use) {
	line := 0
	for l := range strings.Lines(text) {
		line++
		bare := strings.TrimSpace(l)
		if strings.HasPrefix(bare, "#") || strings.HasPrefix(bare, ";") || strings.HasPrefix(bare, "//") {
			continue
		}
		for _, m := range settingPlaceRE.FindAllStringSubmatch(bare, -1) {
			if top, _, _ := strings.Cut(m[1][1:], "/"); placeTops[top] {
				found = append(found, Use{m[1], file, line})
			}
		}
	}
	return found
}
