package builds

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/interpolation"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
)

// read loads compose files as "docker compose" would, but for what no build
// depends on. Variables that are not set, and have no default, have the value
// blank; they are returned.
func (f *finder) read(names []string, blank string) (project *types.Project, unset []string, err error) {
	defer func() {
		if p := recover(); p != nil { // the loader is not made for hostile files
			err = fmt.Errorf("the loader of compose files fails: %v", p)
		}
	}()
	env, err := f.environment()
	if err != nil {
		return nil, nil, err
	}
	details := types.ConfigDetails{WorkingDir: f.dir, Environment: env}
	guard := &guard{root: treeOf(f.dir), dirs: []string{f.dir}, env: env.Clone(), note: func(format string, args ...any) {
		if blank == "" {
			f.note(filepath.Join(f.dir, names[len(names)-1]), format, args...)
		}
	}}
	for _, name := range names {
		text, err := readFile(filepath.Join(f.dir, name))
		if err != nil {
			return nil, nil, err
		}
		if guard.count(int64(len(text))); guard.err != nil {
			return nil, nil, guard.err
		}
		guard.includes(filepath.Join(f.dir, name), text)
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: filepath.Join(f.dir, name), Content: text})
	}
	if guard.err != nil {
		return nil, nil, guard.err
	}
	values := &budget{left: maxValues}
	options := func(o *loader.Options) {
		o.SetProjectName("refit", true)
		o.SkipValidation = true // of the whole schema, which no build depends on
		o.SkipNormalization, o.SkipConsistencyCheck = true, true
		o.SkipResolveEnvironment, o.SkipResolveLabels = true, true
		o.Profiles = []string{"*"}
		o.ResourceLoaders = []loader.ResourceLoader{guard}
		o.Interpolate = &interpolation.Options{
			LookupValue: details.LookupEnv, TypeCastMapping: o.Interpolate.TypeCastMapping,
			Substitute: func(text string, lookup template.Mapping) (string, error) {
				return substitute(text, f.values.lookup(values.lookup(lookup)), blank, &unset)
			},
		}
	}
	project, err = loader.LoadWithContext(context.Background(), details, options)
	switch {
	case err == nil && guard.err != nil:
		err = guard.err
	case err == nil && values.left < 0:
		err = errValues
	}
	slices.Sort(unset)
	return project, slices.Compact(unset), err
}

var errValues = errors.New("the values of its variables are too long")

// substitute is compose's interpolation, with a value for what is not set.
func substitute(text string, lookup template.Mapping, blank string, unset *[]string) (string, error) {
	value := &budget{left: maxValue}
	result, err := template.SubstituteWithOptions(text, template.Mapping(value.lookup(lookup)), template.WithoutLogging,
		template.WithReplacementFunction(func(variable string, lookup template.Mapping, cfg *template.Config) (string, error) {
			value, applied, err := template.DefaultReplacementAppliedFunc(variable, lookup, cfg)
			if err == nil && !applied {
				*unset = append(*unset, strings.Trim(variable, "${}"))
				value = blank
			}
			return value, err
		}))
	if err == nil && value.left < 0 {
		err = errValues
	}
	return result, err
}

// environment is the environment, and what .env adds to it.
func (f *finder) environment() (types.Mapping, error) {
	env := types.Mapping(mapping(f.env))
	added, err := f.dotenv(env)
	return env.Merge(added), err
}

// mapping reads an environment as os.Environ gives it.
func mapping(list []string) map[string]string {
	env := map[string]string{}
	for _, kv := range list {
		if name, value, ok := strings.Cut(kv, "="); ok && name != "" {
			env[name] = value
		}
	}
	return env
}

func (f *finder) dotenv(env types.Mapping) (map[string]string, error) {
	return readEnv(filepath.Join(f.dir, ".env"), treeOf(f.dir), func(name string) (string, bool) { v, ok := env[name]; return v, ok })
}

// chosen are the files of the directory that COMPOSE_FILE in .env names, nil for
// none; compose takes them instead of the usual ones.
func (f *finder) chosen() []string {
	added, err := f.dotenv(nil)
	if err != nil || added["COMPOSE_FILE"] == "" {
		return nil
	}
	separator := added["COMPOSE_PATH_SEPARATOR"]
	if separator == "" {
		separator = string(os.PathListSeparator)
	}
	return strings.Split(added["COMPOSE_FILE"], separator)
}

// oneLine is an error without the line breaks that parsers like.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
