package jsproject

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"refit/internal/buildctx"
)

// project makes a project in the directory web from its files.
func project(t testing.TB, files map[string]string) (*Project, error) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys["web/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return Read(buildctx.FromFS(fsys), "web")
}

func TestOutputs(t *testing.T) {
	for _, c := range []struct {
		build string // the script
		file  string // "NAME: TEXT" of one more file
		want  string // paths, files with "!"; or a part of the error with "?"
	}{
		{"vite build", "", "dist"},
		{"tsc -b && vite build", "vite.config.ts: export default { build: { outDir: '../static/app' } }", "../static/app"},
		{"vite build --outDir=out", "", "out"},
		{"vite build --outDir out --mode x", "", "out"},
		{"vite build", "vite.config.js: build: { outDir: path.resolve(__dirname, '..', \"static\") }", "../static"},
		{"vite build", "vite.config.js: build: { outDir: fileURLToPath(new URL('./public/x', import.meta.url)) }", "public/x"},
		{"vite build", "vite.config.js: build: { outDir: process.env.OUT }", "?cannot be read"},
		{"vite build", "vite.config.js: root: 'src', build: {}", "?has root"},
		{"vite build", "vite.config.js: import x from './other'", "?takes settings from ./other"},
		{"vite build", "vite.config.js: execSync('git rev-parse'); require('child_process')", "?runs other programs"},
		{"vite build", "vite.config.js: import vue from '@vitejs/plugin-vue'; import { VitePWA } from \"vite-plugin-pwa\"; import 'node:path'", "dist"},
		{"vite build", "vite.config.js: import copy from 'rollup-plugin-copy'", "?brings in rollup-plugin-copy"},
		{"vite build --config a.js", "a.js: import django from 'django-vite-plugin'", "?brings in django-vite-plugin"},
		{"vite", "", "?not known what vite"},
		{"vite build src", "", "?not known what vite"},
		{"react-scripts build", "", "build"},
		{"BUILD_PATH=../x react-scripts build", "", "?BUILD_PATH"},
		{"cross-env NODE_ENV=production webpack --mode production", "", "dist"},
		{"webpack", "webpack.config.js: output: { path: path.join(__dirname, 'static', 'js'), filename: 'x.js' }", "static/js"},
		{"webpack", "webpack.config.js: plugins: [new BundleTracker({path: __dirname})]", "?has BundleTracker"},
		{"webpack", "webpack.config.js: const Tracker = require('webpack-bundle-tracker')", "?brings in webpack-bundle-tracker"},
		{"webpack", "webpack.config.js: const Html = require( \"html-webpack-plugin\" )", "?brings in html-webpack-plugin"},
		{"webpack", "webpack.config.js: const webpack = require('webpack'), path = require('path')", "dist"},
		{"webpack", "webpack.config.js: output: {path: __dirname}", "?cannot be read"},
		{"vue-cli-service build --dest ../x", "", "../x"},
		{"ng build", `angular.json: {"projects": {"a": {"architect": {"build": {"options": {"outputPath": "dist/a"}}}}}}`, "dist/a"},
		{"ng build", `angular.json: {"projects": {"a": {}}}`, "dist/a"},
		{"esbuild a.js --bundle --outfile=../static/a.js", "", "!../static/a.js"},
		{"esbuild a.js --bundle --outfile=a.out.js --sourcemap", "", "?more than one file"},
		{"esbuild a.js --outdir=.", "", "?other things in it"},
		{"esbuild a.js", "", "?not told where"},
		{"parcel build index.html --dist-dir out", "", "out"},
		{"astro build", "", "dist"},
		{"next build", "", "?needs Node when it runs"},
		{"next build", "next.config.js: module.exports = { output: 'export' }", "out"},
		{"tailwindcss -i a.css -o ../static/a.css --minify", "", "!../static/a.css"},
		{"sass --no-source-map a.scss ../a.css", "", "!../a.css"},
		{"sass a.scss a.css", "", "!a.css !a.css.map"},
		{"npm run other", "", "dist"},
		{"npm run build", "", "?call each other"},
		{"npm run missing", "", `?no script "missing"`},
		{"gulp", "", "?not known what gulp writes"},
		{"vite build || true", "", "?does more"},
		{"vite build > log", "", "?does more"},
		{"vite build --outDir $OUT", "", "?does more"},
		{"rm -rf ../static && vite build", "", "?outside the project"},
		{"vite build && cp -r dist ../static", "", "?not known what cp writes"},
	} {
		files := map[string]string{"package.json": fmt.Sprintf(`{"scripts": {"build": %q, "other": "vite build"}}`, c.build)}
		if name, text, ok := strings.Cut(c.file, ": "); ok {
			files[name] = text
		}
		p, err := project(t, files)
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.Outputs("build")
		if got := shown(out, err); got != c.want && !(strings.HasPrefix(c.want, "?") && err != nil && strings.Contains(got, c.want[1:])) {
			t.Errorf("%s, %s\n got %s\nwant %s", c.build, c.file, got, c.want)
		}
	}
}

func shown(out []Output, err error) string {
	if err != nil {
		return "?" + err.Error()
	}
	var all []string
	for _, o := range out {
		if o.File {
			o.Path = "!" + o.Path
		}
		all = append(all, o.Path)
	}
	return strings.Join(all, " ")
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		pkg, lock string
		compiles  string // a part of the reason
		hooks     bool
		err       string // a part
	}{
		{pkg: `{}`, compiles: "no lock file"},
		{pkg: `{}`, lock: `{"lockfileVersion": 1}`, compiles: "does not tell"},
		{pkg: `{}`, lock: `{"lockfileVersion": 3, "packages": {"": {"hasInstallScript": true}, "node_modules/esbuild": {"hasInstallScript": true}}}`},
		{pkg: `{}`, lock: `{"lockfileVersion": 3, "packages": {"node_modules/a/node_modules/bcrypt": {"hasInstallScript": true}}}`, compiles: "bcrypt"},
		{pkg: `{}`, lock: `{"lockfileVersion": 2, "packages": {"node_modules/x": {"resolved": "git+ssh://git@example.com/x.git"}}}`, compiles: "x may be"},
		{pkg: `{"scripts": {"postinstall": "node patch.js"}}`, compiles: "no lock file", hooks: true},
		{pkg: `{"dependencies": {"a": "file:../a"}}`, err: "depends on a by a path"},
		{pkg: `{"workspaces": ["a"]}`, err: "workspace"},
		{pkg: `{`, err: "package.json cannot be read"},
	} {
		files := map[string]string{"package.json": c.pkg}
		if c.lock != "" {
			files["package-lock.json"] = c.lock
		}
		p, err := project(t, files)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", c.pkg, err, c.err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.pkg, err)
		case p.Hooks != c.hooks || !strings.Contains(p.Compiles, c.compiles) || c.compiles == "" && p.Compiles != "":
			t.Errorf("%s %s: hooks %v, compiles %q", c.pkg, c.lock, p.Hooks, p.Compiles)
		}
	}
}

func TestOutside(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"src/a.js":           {"import x from '../b'", ""},
		"src/b.js":           {"import x from '../../shared/x'", "../../shared/x"},
		"src/deep/c.css":     {"@import url(../../../theme.css)", "../../../theme.css"},
		"vite.config.js":     {"build: { outDir: '../static' }", ""},
		"vite.config.ts":     {"alias: { x: path.resolve(__dirname, '..', 'shared') }", "parent directory"},
		"tailwind.config.js": {"content: ['../templates/*.html']", "../templates"},
		"readme.md":          {"see ../docs", ""},
		".env":               {"A=../out/x", "../out/x"},
	} {
		p, err := project(t, map[string]string{"package.json": `{"scripts": {"build": "vite build && esbuild a.js --outdir=../out"}}`, name: c.text})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Outputs("build"); err != nil {
			t.Fatal(err)
		}
		if got := p.Outside(); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q: got %q, want %q", name, c.text, got, c.want)
		}
	}
}

func TestMentioned(t *testing.T) {
	p, err := project(t, map[string]string{"package.json": "{}", "a.ts": "process.env.API_URL", ".env": "OTHER=1"})
	if err != nil {
		t.Fatal(err)
	}
	got := p.Mentioned([]string{"API_URL", "API", "OTHER", "NONE"})
	if !got["API_URL"] || got["API"] || !got["OTHER"] || got["NONE"] {
		t.Errorf("got %v", got)
	}
}

// FuzzOutputs holds that nothing that is written in a project brings the reader
// down, and that what it finds is a path below or beside the project.
func FuzzOutputs(f *testing.F) {
	f.Add("vite build && tsc", "build: { outDir: '../x' }")
	f.Add("npm run build", "outDir: path.join(__dirname, '..')")
	f.Add("webpack -c vite.config.js", "output: { path: path.resolve(__dirname, 'a', '/b') }")
	f.Fuzz(func(t *testing.T, build, config string) {
		p, err := project(t, map[string]string{
			"package.json":   fmt.Sprintf(`{"scripts": {"build": %q}}`, build),
			"vite.config.js": config,
		})
		if err != nil {
			return // %q is not JSON for every text
		}
		out, err := p.Outputs("build")
		for _, o := range out {
			if err == nil && (o.Path == "" || o.Path == "." || strings.HasPrefix(o.Path, "/")) {
				t.Errorf("%q, %q: %+v", build, config, o)
			}
		}
		p.Outside()
	})
}
