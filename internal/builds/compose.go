package builds

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// composeNames and overrideNames are the files that "docker compose" takes by
// itself: the first that is there of each (compose-go, cli.DefaultFileNames).
var (
	composeNames  = []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}
	overrideNames = []string{"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"}
)

func isCompose(name string) bool {
	ext := filepath.Ext(name)
	return (ext == ".yml" || ext == ".yaml") && (strings.HasPrefix(name, "docker-compose.") || strings.HasPrefix(name, "compose.") ||
		strings.HasPrefix(name, "docker-compose-") || strings.HasPrefix(name, "compose-"))
}

// compose reads the project that "docker compose" finds by itself, and each other
// compose file: alone, or, where it only adds to services of the project, on top
// of that.
func (f *finder) compose(names []string) {
	first := func(of []string) []string {
		for _, name := range of {
			if slices.Contains(names, name) {
				return []string{name}
			}
		}
		return nil
	}
	base := first(composeNames)
	project := slices.Concat(base, first(overrideNames))
	if len(base) > 0 {
		if chosen := f.chosen(); chosen != nil {
			project = chosen
		}
		f.project = f.load(project)
		f.out.Builds = append(f.out.Builds, f.project...)
		if len(project) > 1 && project[0] == base[0] { // without the override, as elsewhere than on the developer's machine
			f.out.Builds = append(f.out.Builds, f.load(base)...)
		}
	}
	for _, name := range names {
		if !isCompose(name) || slices.Contains(project, name) || slices.Contains(composeNames, name) || slices.Contains(overrideNames, name) {
			continue
		}
		files := []string{name}
		if len(base) > 0 && f.adds(name) {
			files = append(slices.Clone(base), name)
		}
		f.out.Builds = append(f.out.Builds, f.load(files)...)
	}
}

// adds reports whether a compose file has services without an image and a build
// context of their own: it is made to be read together with another.
func (f *finder) adds(name string) bool {
	doc, err := parseYAML(filepath.Join(f.dir, name))
	if err != nil {
		return false
	}
	for _, service := range doc.services() {
		build := service.get("build")
		if service.get("extends") == nil && (build == nil && service.get("image") == nil || build != nil && build.isMapping() && build.get("context") == nil) {
			return true
		}
	}
	return false
}

// load reads some compose files as one project.
func (f *finder) load(names []string) []Build {
	shown := filepath.Join(f.dir, names[len(names)-1])
	project, unset, err := f.read(names, "")
	if err != nil {
		f.misunderstood(shown, err)
		return nil
	}
	lines := f.lines(names)
	list := f.declared(project, lines)
	if len(unset) == 0 {
		return list
	}
	// What is another with another value depends on a variable that is not set.
	var others []Build
	if project, _, err := f.read(names, "1"); err == nil {
		others = f.declared(project, lines)
	}
	for i := range list {
		at := slices.IndexFunc(others, func(b Build) bool { return b.Name == list[i].Name })
		if at < 0 {
			at, others = 0, []Build{{}}
		}
		list[i].unsettle(&others[at], unset)
	}
	return list
}

// unsettle marks what a build has otherwise when the unset variables have a value.
func (b *Build) unsettle(other *Build, unset []string) {
	if b.Problem != "" {
		return
	}
	if b.Context != other.Context || b.Dockerfile != other.Dockerfile || b.Target != other.Target || !maps.Equal(b.Contexts, other.Contexts) {
		b.Context, b.Dockerfile = "", ""
		b.Problem = "it depends on a variable that is not set: " + strings.Join(unset, ", ")
		return
	}
	for name, value := range b.Args {
		if value != other.Args[name] {
			delete(b.Args, name)
			b.Unknown = append(b.Unknown, name)
		}
	}
	slices.Sort(b.Unknown)
}

// declared are the builds of a project by the names of their services. A service
// that runs the image which another one builds is a build of that too.
func (f *finder) declared(project *types.Project, lines *lines) []Build {
	names := slices.Sorted(maps.Keys(project.Services))
	var list []Build
	for _, name := range names {
		s := project.Services[name]
		at, run := lines.of(name), runOf(&s, project)
		for _, made := range madeFor(&s, project.Services) {
			list = append(list, f.declare(at, &s, made, run, project.Environment)...)
		}
	}
	return list
}

// madeFor are the builds of what a service runs: its own, else those of the
// services that make its image, under whatever spelling.
func madeFor(s *types.ServiceConfig, all types.Services) []*types.BuildConfig {
	if s.Build != nil {
		return []*types.BuildConfig{s.Build}
	}
	if s.Image == "" {
		return nil
	}
	var made []*types.BuildConfig
	for _, name := range slices.Sorted(maps.Keys(all)) {
		o := all[name]
		if o.Build == nil {
			continue
		}
		isNamed := func(tag string) bool { return tag != "" && imageName(tag) == imageName(s.Image) }
		if isNamed(o.Image) || o.Image == "" && isDefaultImage(s.Image, name) || slices.ContainsFunc(o.Build.Tags, isNamed) {
			made = append(made, o.Build)
		}
	}
	return made
}

// declare is the build of a service, and one for each of its hooks.
func (f *finder) declare(at place, s *types.ServiceConfig, made *types.BuildConfig, run *Run, env types.Mapping) []Build {
	b := Build{Name: s.Name, File: at.file, Line: at.line, Run: run, Target: made.Target, Args: map[string]string{}}
	for arg, value := range made.Args.Resolve(f.values.lookup(func(name string) (string, bool) { v, ok := env[name]; return v, ok })) {
		if value != nil {
			b.Args[arg] = *value
		}
	}
	if len(made.AdditionalContexts) > 0 {
		b.Contexts = made.AdditionalContexts
	}
	b.place(f.dir, made.Context, made.Dockerfile)
	if made.DockerfileInline != "" {
		b.Inline = made.DockerfileInline
		b.Dockerfile, b.Problem = "", "its Dockerfile is written in the compose file, which is not rewritten"
	}
	var hidden []string
	if run != nil {
		hidden = run.Hides
	}
	list := []Build{b}
	for _, hook := range slices.Concat(s.PostStart, s.PreStop) {
		b.Run = &Run{Entrypoint: hook.Command, Command: []string{}, User: hook.User, WorkDir: hook.WorkingDir, Hides: hidden}
		list = append(list, b)
	}
	return list
}

// hides are the paths in a container at which something is mounted, over what the
// image has there.
func hides(s *types.ServiceConfig, all types.Services) []string {
	var at []string
	for _, v := range s.Volumes {
		at = append(at, v.Target)
	}
	for _, mount := range s.Tmpfs {
		target, _, _ := strings.Cut(mount, ":")
		at = append(at, target)
	}
	for _, c := range s.Configs {
		at = append(at, target(c.Target, c.Source, "/"))
	}
	for _, c := range s.Secrets {
		at = append(at, target(c.Target, c.Source, "/run/secrets"))
	}
	for _, from := range s.VolumesFrom {
		name, _, _ := strings.Cut(from, ":")
		other, ok := all[name]
		if !ok || len(other.VolumesFrom) > 0 {
			at = append(at, "/") // not known
			continue
		}
		at = append(at, hides(&other, nil)...)
	}
	for i := range at {
		at[i] = path.Clean("/" + at[i])
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// target is where a config or a secret is mounted.
func target(given, source, dir string) string {
	if given == "" {
		given = source
	}
	if path.IsAbs(given) {
		return given
	}
	return path.Join(dir, given)
}

// runOf is what a service changes of how the image runs, nil for nothing.
func runOf(s *types.ServiceConfig, project *types.Project) *Run {
	r := &Run{Entrypoint: s.Entrypoint, Command: s.Command, User: s.User, WorkDir: s.WorkingDir, Hides: hides(s, project.Services)}
	r.Rights = privateFile(s, project)
	if h := s.HealthCheck; h != nil && !h.Disable && len(h.Test) > 1 {
		r.Health = h.Test
	}
	for _, v := range s.Volumes {
		switch {
		case strings.HasSuffix(v.Source, "docker.sock"):
			r.Rights = "it is given " + v.Source
		case !v.ReadOnly && v.Type != types.VolumeTypeTmpfs:
			r.Mounts = append(r.Mounts, v.Target)
		}
	}
	switch {
	case s.Privileged:
		r.Rights = "it is privileged"
	case len(s.CapAdd) > 0:
		r.Rights = "it is given the capability " + s.CapAdd[0]
	case len(s.Devices) > 0:
		r.Rights = "it is given the device " + s.Devices[0].Source
	}
	if r.Entrypoint == nil && r.Command == nil && r.Health == nil && r.User == "" && r.WorkDir == "" && r.Mounts == nil && r.Hides == nil && r.Rights == "" {
		return nil
	}
	return r
}

// privateFile says which secret or configuration the service gets from a file that
// not everybody may surely read: compose mounts the file as it is, with its owner.
func privateFile(s *types.ServiceConfig, project *types.Project) string {
	var files []string
	for _, secret := range s.Secrets {
		files = append(files, project.Secrets[secret.Source].File)
	}
	for _, config := range s.Configs {
		files = append(files, project.Configs[config.Source].File)
	}
	for _, file := range files {
		if file == "" {
			continue
		}
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm()&0o004 == 0 {
			return "it reads " + filepath.Base(file) + ", which only its owner may read, as far as is known here"
		}
	}
	return ""
}
