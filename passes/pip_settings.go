package passes

import (
	"path"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
)

// pipSetting is a setting of pip that names files, or where it installs to.
var pipSetting = lazyregexp.New(`(?mi)^[ \t]*(find-links|constraint|requirement|editable|target|prefix|root|user|src)[ \t]*[=:][ \t]*(.*?)[ \t\r]*$`)

// pipSettings finds a file of pip's settings in the context that has pip read
// files, or install elsewhere; "" if there is none.
func pipSettings(ctx *buildctx.Context) (file, setting string) {
	if ctx == nil {
		return "", ""
	}
	entries, _ := ctx.Files()
	for _, e := range entries {
		if base := path.Base(e.Path); !e.Regular || base != "pip.conf" && base != "pip.ini" {
			continue
		}
		b, err := ctx.ReadFile(e.Path)
		if err != nil {
			continue
		}
		for _, m := range pipSetting.FindAllStringSubmatch(string(b), -1) {
			if !harmlessSetting(strings.ToLower(m[1]), m[2]) {
				return e.Path, m[1]
			}
		}
	}
	return "", ""
}

// settingIn is a setting of that kind in the text of a script.
var settingIn = lazyregexp.New(`(?i)\b(find-links|constraint|requirement|editable|target|prefix|root|user|src)[ \t]*=`, "=")

// writtenSetting finds such a setting in a script that writes pip's settings.
func writtenSetting(script string) string {
	if !containsAny(script, []string{"pip.conf", "pip.ini", "pip/config"}) {
		return ""
	}
	if m := settingIn.FindStringSubmatch(script); m != nil {
		return m[1]
	}
	return ""
}

// harmlessSetting reports a setting that is off, or names nothing but addresses.
func harmlessSetting(key, value string) bool {
	if key == "user" {
		switch strings.ToLower(value) {
		case "no", "false", "0", "off":
			return true
		}
		return false
	}
	values := strings.Fields(value)
	for _, v := range values {
		if !strings.Contains(v, "://") || strings.HasPrefix(v, "file:") {
			return false
		}
	}
	return len(values) > 0 // else they stand in the lines below
}
