package buildctx

import (
	"path"
	"strings"
)

// linkingBackends are the build back ends whose editable installations (PEP 660) are a .pth file or an import hook in
// site-packages, and what each of them is named in build-system.requires. By their documentations: setuptools,
// “Development Mode” (since 64); Hatch, “Build configuration”, dev mode; Flit, “pip install -e”; PDM, “Build
// configuration”, editable; Poetry, “The pyproject.toml file”; uv, “Build backend”.
var linkingBackends = map[string]string{
	"setuptools.build_meta": "setuptools", "hatchling.build": "hatchling", "flit_core.buildapi": "flit-core",
	"pdm.backend": "pdm-backend", "poetry.core.masonry.api": "poetry-core", "uv_build": "uv-build",
}

// moreThanLink says why an editable installation may write more than a link into site-packages: into the source, which
// another copy of the source would then lack.
func moreThanLink(doc map[string]any) string {
	build := table(doc, "build-system")
	backend, _ := build["build-backend"].(string)
	own, known := linkingBackends[backend]
	switch {
	case len(build) == 0:
		return "pyproject.toml names no build back end, so that pip may call setup.py"
	case !known:
		return "how " + backend + " installs a project in place is not known"
	case build["backend-path"] != nil:
		return "the build back end is part of the source"
	}
	requires, _ := build["requires"].([]any)
	for _, v := range requires {
		text, _ := v.(string)
		r, err := ParseRequirement(text)
		switch {
		case err != nil || r.Name != own && r.Name != "wheel":
			return "the build requires “" + text + "”, which may write into the source"
		case own == "setuptools" && (strings.ContainsAny(r.Spec, "<~") || strings.Contains(r.Spec, "==")): // one without PEP 660 calls setup.py; the others have no such way
			return "the build may use an old release of " + r.Name
		}
	}
	tool := table(doc, "tool")
	for _, at := range []string{"hatch/build/hooks", "hatch/metadata/hooks", "pdm/build", "pdm/version", "poetry/build",
		"setuptools/ext-modules", "setuptools/cmdclass", "setuptools_scm", "setuptools-git-versioning", "versioneer"} {
		parent, key := path.Split(at)
		t := tool
		for _, name := range strings.Split(strings.Trim(parent, "/"), "/") {
			if name != "" {
				t = table(t, name)
			}
		}
		if t[key] != nil {
			return "tool." + strings.ReplaceAll(at, "/", ".") + " in pyproject.toml lets the build run code of the project's"
		}
	}
	for _, t := range table(table(table(tool, "hatch"), "build"), "targets") {
		if target, _ := t.(map[string]any); target["hooks"] != nil {
			return "hooks of Hatch let the build run code of the project's"
		}
	}
	return ""
}

func table(t map[string]any, key string) map[string]any {
	sub, _ := t[key].(map[string]any)
	return sub
}
