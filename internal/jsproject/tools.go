package jsproject

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"refit/internal/lazyregexp"
)

// tools are build tools with what tells where they write. Defaults and options
// are by the tools' documentation of 2025.
var tools = map[string]func(p *Project, args []string) ([]Output, error){
	"vite":            (*Project).vite,
	"react-scripts":   (*Project).reactScripts,
	"vue-cli-service": (*Project).vueCLI,
	"ng":              (*Project).angular,
	"webpack":         (*Project).webpack,
	"webpack-cli":     (*Project).webpack,
	"esbuild":         (*Project).esbuild,
	"parcel":          (*Project).parcel,
	"astro":           (*Project).astro,
	"next":            (*Project).next,
	"tailwindcss":     (*Project).tailwind,
	"sass":            (*Project).sass,
}

// configured is the output of a tool: an option's, a setting's, or the default.
func (p *Project) configured(args []string, flag, key, usual string, files ...string) ([]Output, error) {
	if name := p.option(args, "--config", "-c"); name != "" {
		files = []string{path.Clean(name)}
	}
	text, err := p.config(files...)
	if err != nil {
		return nil, err
	}
	if flag != "" {
		if v := p.option(args, flag); v != "" {
			return []Output{{Path: path.Clean(v)}}, nil
		}
	}
	v, found, err := p.setting(text, key)
	if err != nil || found {
		return []Output{{Path: v}}, err
	}
	return []Output{{Path: usual}}, nil
}

// without refuses a configuration that has one of these settings.
func (p *Project) without(keys []string, files ...string) error {
	text, err := p.config(files...)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if regexp.MustCompile(`\b` + key + `\b`).MatchString(text) {
			return fmt.Errorf("its configuration has %s, which may write elsewhere", key)
		}
	}
	return nil
}

// contained are the modules that configurations of vite and webpack bring in and
// that write nothing that is served but below the output directory, by their
// documentation: helpers, loaders, plugins.
var contained = strings.Fields(`path url os process module vite vitest webpack tailwindcss autoprefixer sass node-sass lightningcss browserslist glob
	vite-tsconfig-paths vite-plugin-svgr vite-svg-loader vite-plugin-vuetify vite-plugin-compression vite-plugin-compression2 vite-plugin-pwa
	vite-plugin-html vite-plugin-checker vite-plugin-eslint vite-plugin-vue-devtools vite-plugin-singlefile vite-plugin-environment
	vite-plugin-node-polyfills vite-plugin-css-injected-by-js vite-plugin-solid unplugin-vue-components unplugin-auto-import unplugin-icons
	unplugin-vue-i18n rollup-plugin-visualizer mini-css-extract-plugin css-minimizer-webpack-plugin terser-webpack-plugin clean-webpack-plugin
	dotenv-webpack fork-ts-checker-webpack-plugin vue-loader eslint-webpack-plugin stylelint-webpack-plugin compression-webpack-plugin
	optimize-css-assets-webpack-plugin uglifyjs-webpack-plugin tsconfig-paths-webpack-plugin case-sensitive-paths-webpack-plugin
	webpack-remove-empty-scripts webpack-fix-style-only-entries`)

// containedScopes are those of them that have a scope for all of theirs.
var containedScopes = strings.Fields("node: @vitejs/ @tailwindcss/ @babel/ @sveltejs/ @preact/ @mdx-js/ @intlify/ postcss-")

var broughtIn = lazyregexp.New(`(?:require\(\s*|from\s+|import\s+|import\(\s*)['"]([^'"]+)['"]`)

// uncontained refuses a configuration that brings in a module which may write
// anywhere: the manifest of the bundles, a page among the server's templates.
func (p *Project) uncontained(files ...string) error {
	text, err := p.config(files...)
	if err != nil {
		return err
	}
	for _, m := range broughtIn.FindAllStringSubmatch(text, -1) {
		name, _, _ := strings.Cut(m[1], "/")
		scoped := func(scope string) bool { return strings.HasPrefix(m[1], scope) }
		if !slices.Contains(contained, name) && !slices.ContainsFunc(containedScopes, scoped) {
			return fmt.Errorf("its configuration brings in %s, which may write elsewhere", m[1])
		}
	}
	return nil
}

func (p *Project) vite(args []string) ([]Output, error) {
	if len(args) == 0 || args[0] != "build" || len(args) > 1 && !strings.HasPrefix(args[1], "-") {
		return nil, fmt.Errorf("it is not known what vite %s writes", strings.Join(args, " "))
	}
	if p.deps["@sveltejs/kit"] != "" || p.deps["@remix-run/dev"] != "" || p.deps["@react-router/dev"] != "" {
		return nil, errors.New("its framework decides where vite's output goes")
	}
	files := extended("vite.config")
	if name := p.option(args, "--config", "-c"); name != "" {
		files = []string{path.Clean(name)}
	}
	if err := p.without([]string{"root", "dir", "ssr", "closeBundle", "writeBundle"}, files...); err != nil {
		return nil, err
	}
	if err := p.uncontained(files...); err != nil {
		return nil, err
	}
	return p.configured(args[1:], "--outDir", "outDir", "dist", extended("vite.config")...)
}

func (p *Project) reactScripts(args []string) ([]Output, error) {
	if len(args) != 1 || args[0] != "build" {
		return nil, fmt.Errorf("it is not known what react-scripts %s writes", strings.Join(args, " "))
	}
	return []Output{{Path: "build"}}, nil
}

func (p *Project) vueCLI(args []string) ([]Output, error) {
	if len(args) == 0 || args[0] != "build" {
		return nil, fmt.Errorf("it is not known what vue-cli-service %s writes", strings.Join(args, " "))
	}
	if err := p.without([]string{"indexPath", "configureWebpack", "chainWebpack"}, "vue.config.js", "vue.config.cjs"); err != nil {
		return nil, err
	}
	return p.configured(args[1:], "--dest", "outputDir", "dist", "vue.config.js", "vue.config.cjs")
}

func (p *Project) angular(args []string) ([]Output, error) {
	if len(args) == 0 || args[0] != "build" && args[0] != "b" {
		return nil, fmt.Errorf("it is not known what ng %s writes", strings.Join(args, " "))
	}
	if v := p.option(args[1:], "--output-path"); v != "" {
		return []Output{{Path: path.Clean(v)}}, nil
	}
	text, err := p.read("angular.json")
	var m struct {
		Projects map[string]struct {
			Architect struct {
				Build struct{ Options struct{ OutputPath any } }
			}
		}
	}
	if err != nil || json.Unmarshal([]byte(text), &m) != nil || len(m.Projects) != 1 {
		return nil, errors.New("angular.json cannot be read, or has several projects")
	}
	for name, project := range m.Projects {
		switch v := project.Architect.Build.Options.OutputPath.(type) {
		case nil:
			return []Output{{Path: path.Join("dist", name)}}, nil
		case string:
			return []Output{{Path: path.Clean(v)}}, nil
		}
	}
	return nil, errors.New("angular.json says in a way that is not read where the build writes")
}

func (p *Project) webpack(args []string) ([]Output, error) {
	files := extended("webpack.config")
	if name := p.option(args, "--config", "-c"); name != "" {
		files = []string{path.Clean(name)}
	}
	// Plugins and modules of these write where they are told to, elsewhere too.
	if err := p.without([]string{"BundleTracker", "HtmlWebpackPlugin", "CopyWebpackPlugin", "CopyPlugin", "ManifestPlugin",
		"WebpackManifestPlugin", "emitFile", "outputPath", "fs", "merge"}, files...); err != nil {
		return nil, err
	}
	if err := p.uncontained(files...); err != nil {
		return nil, err
	}
	if v := p.option(args, "--output-path", "-o"); v != "" {
		return []Output{{Path: path.Clean(v)}}, nil
	}
	return p.configured(args, "", "path", "dist", files...)
}

func (p *Project) esbuild(args []string) ([]Output, error) {
	if v := p.option(args, "--outdir"); v != "" {
		return []Output{{Path: path.Clean(v)}}, nil
	}
	v := p.option(args, "--outfile")
	if v == "" {
		return nil, errors.New("esbuild is not told where to write")
	}
	// Beside the script go its source map, what is imported of CSS, and legal comments.
	if slices.ContainsFunc(args, func(a string) bool {
		return strings.HasPrefix(a, "--sourcemap") || strings.HasPrefix(a, "--loader") || strings.HasPrefix(a, "--metafile") || strings.HasPrefix(a, "--legal-comments")
	}) || slices.ContainsFunc(p.files, func(f string) bool { return path.Ext(f) == ".css" }) {
		return nil, errors.New("esbuild may write more than one file beside the one that it is told")
	}
	return []Output{{Path: path.Clean(v), File: true}}, nil
}

func (p *Project) parcel(args []string) ([]Output, error) {
	if len(args) == 0 || args[0] != "build" || slices.ContainsFunc(p.files, func(f string) bool { return f == ".parcelrc" }) {
		return nil, fmt.Errorf("it is not known what parcel %s writes", strings.Join(args, " "))
	}
	if text, err := p.read("package.json"); err != nil || strings.Contains(text, `"targets"`) || strings.Contains(text, `"distDir"`) {
		return nil, errors.New("package.json names several targets of parcel's")
	}
	if v := p.option(args, "--dist-dir", "-d"); v != "" {
		return []Output{{Path: path.Clean(v)}}, nil
	}
	return []Output{{Path: "dist"}}, nil
}

func (p *Project) astro(args []string) ([]Output, error) {
	if len(args) == 0 || args[0] != "build" {
		return nil, fmt.Errorf("it is not known what astro %s writes", strings.Join(args, " "))
	}
	if err := p.without([]string{"adapter", "root", "server", "hybrid"}, extended("astro.config")...); err != nil {
		return nil, err
	}
	return p.configured(args[1:], "--outDir", "outDir", "dist", extended("astro.config")...)
}

func (p *Project) next(args []string) ([]Output, error) {
	text, err := p.config(extended("next.config")...)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 || args[0] != "build" || !regexp.MustCompile(`\boutput\s*:\s*['"]export['"]`).MatchString(text) {
		return nil, errors.New("an application of Next.js needs Node when it runs, unless it is exported")
	}
	return p.configured(nil, "", "distDir", "out", extended("next.config")...)
}

func (p *Project) tailwind(args []string) ([]Output, error) {
	v := p.option(args, "-o", "--output")
	if v == "" {
		return nil, errors.New("tailwindcss is not told where to write")
	}
	if slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--map") }) || p.option(args, "--cwd", "--content") != "" {
		return nil, errors.New("tailwindcss reads or writes more than its options are read for")
	}
	return []Output{{Path: path.Clean(v), File: true}}, nil
}

func (p *Project) sass(args []string) ([]Output, error) {
	var out []Output
	operands := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return strings.HasPrefix(a, "-") })
	if len(operands) != 2 || strings.Contains(args[0], ":") || p.option(args, "--load-path", "-I") != "" || path.Ext(operands[1]) != ".css" {
		return nil, errors.New("it is not read what sass writes")
	}
	out = append(out, Output{Path: path.Clean(operands[1]), File: true})
	if !slices.Contains(args, "--no-source-map") {
		out = append(out, Output{Path: path.Clean(operands[1]) + ".map", File: true})
	}
	return out, nil
}
