package transform

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// View is what can be told of an image without building it: the properties that
// BuildKit's converter writes into its configuration, the destinations that
// COPY and ADD write, the base, and the names of the stages. The keys are
// "cmd", "entrypoint", "user", "workdir", "shell", "healthcheck", "stopsignal",
// "onbuild", "base", "env:NAME", "label:NAME", "port:N/PROTO", "volume:PATH",
// "path:DEST", "owner:DEST" and "stage:NAME".
type View map[string]string

// View converts the file and returns the view of its final stage. The error is
// a *SyntaxError.
func (f *File) View() (View, error) { return f.view(maxRuns) }

// view shows the converter no more than the given number of plain RUNs.
func (f *File) view(runs int) (View, error) {
	res, err := convert(f.thinned(runs), f.placeholders())
	if err != nil {
		res, err = convert(f.Src, f.placeholders()) // for the right line
	}
	if err != nil {
		return nil, f.earliest(err)
	}
	img := res.Image
	v, err := ConfigurationView(img)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	v.addPaths(img.History)
	for _, s := range f.Stages {
		if s.Name != "" {
			v["stage:"+s.Name] = "named"
		}
	}
	if s := f.Final(); s != nil {
		v.set("base", s.Root().Base.Raw)
	}
	return v, nil
}

// ConfigurationView is the part of a View that an image's configuration tells,
// of a built image too.
func ConfigurationView(img *dockerspec.DockerOCIImage) (View, error) {
	v := View{}
	v.setList("cmd", img.Config.Cmd)
	v.setList("entrypoint", img.Config.Entrypoint)
	v.setList("onbuild", img.Config.OnBuild)
	v.setList("shell", img.Config.Shell)
	v.set("user", img.Config.User)
	v.set("workdir", img.Config.WorkingDir)
	v.set("stopsignal", img.Config.StopSignal)
	for _, kv := range img.Config.Env {
		k, val, _ := strings.Cut(kv, "=")
		v["env:"+k] = val
	}
	for k, val := range img.Config.Labels {
		v["label:"+k] = val
	}
	for p := range img.Config.ExposedPorts {
		v["port:"+p] = "exposed"
	}
	for p := range img.Config.Volumes {
		v["volume:"+p] = "volume"
	}
	if h := img.Config.Healthcheck; h != nil {
		b, err := json.Marshal(h)
		if err != nil {
			return nil, fmt.Errorf("healthcheck: %w", err)
		}
		v["healthcheck"] = string(b)
	}
	return v, nil
}

// Undeclared lists what two views, one of an image as it was and one of an image
// made by the result, do not share although no pass that was applied declares it.
func (r *Result) Undeclared(before, after View) []Difference {
	var applied []*Pass
	for i := range r.Steps {
		if r.Steps[i].Status() == Applied {
			applied = append(applied, r.Steps[i].Pass)
		}
	}
	return undeclared(before.differences(after), applied)
}

func (v View) set(key, val string) {
	if val != "" {
		v[key] = val
	}
}

func (v View) setList(key string, list []string) {
	if len(list) > 0 {
		v[key] = fmt.Sprintf("%q", list)
	}
}

// addPaths reads what COPY and ADD write from the history that the converter
// keeps: "COPY --chown=app src /dest # buildkit".
func (v View) addPaths(history []ocispecs.History) {
	dir := "/"
	for _, h := range history {
		text := strings.TrimSuffix(h.CreatedBy, " # buildkit")
		kind, rest, _ := strings.Cut(text, " ")
		switch kind {
		case "WORKDIR":
			dir = rest
		case "COPY", "ADD":
			fields := strings.Fields(rest)
			if len(fields) < 2 {
				continue
			}
			dest := fields[len(fields)-1]
			if !path.IsAbs(dest) {
				dest = path.Join(dir, dest)
			}
			dest = path.Clean(dest)
			flags := 0
			for flags < len(fields)-1 && strings.HasPrefix(fields[flags], "--") {
				flags++
			}
			v["path:"+dest] += strings.Join(fields[flags:len(fields)-1], " ") + ";"
			v["owner:"+dest] += strings.Join(fields[:flags], " ") + ";"
		}
	}
}

// Difference is a property that two views do not share.
type Difference struct {
	Key           string
	Before, After string // "" where the property is absent, or there and empty
}

func (d Difference) String() string {
	switch {
	case d.Before == "" && d.After == "":
		return d.Key + ": empty in one, absent in the other"
	case d.Before == "":
		return fmt.Sprintf("%s added: %s", d.Key, d.After)
	case d.After == "":
		return fmt.Sprintf("%s removed: %s", d.Key, d.Before)
	}
	return fmt.Sprintf("%s: %s → %s", d.Key, d.Before, d.After)
}

// differences lists what b has otherwise than a, by key.
func (v View) differences(b View) []Difference {
	var diffs []Difference
	for k, val := range v {
		if other, ok := b[k]; !ok || other != val {
			diffs = append(diffs, Difference{k, val, other})
		}
	}
	for k, val := range b {
		if _, ok := v[k]; !ok {
			diffs = append(diffs, Difference{k, "", val})
		}
	}
	slices.SortFunc(diffs, func(x, y Difference) int { return strings.Compare(x.Key, y.Key) })
	return diffs
}

// undeclared are the differences that no pattern of the passes covers.
func undeclared(diffs []Difference, passes []*Pass) []Difference {
	return slices.DeleteFunc(diffs, func(d Difference) bool {
		for _, p := range passes {
			if slices.ContainsFunc(p.Alters, func(pattern string) bool { return allows(pattern, d) }) {
				return true
			}
		}
		return false
	})
}

// allows reports whether a pattern declares a difference. A pattern that starts
// with "+" allows additions only: a new key, or a list of copies that holds all
// that it held, in whatever order, and maybe more.
func allows(pattern string, d Difference) bool {
	pattern, onlyMore := strings.CutPrefix(pattern, "+")
	return covers(pattern, d.Key) && (!onlyMore || d.adds())
}

// adds reports whether nothing that was there is gone.
func (d Difference) adds() bool {
	after := strings.Split(d.After, ";")
	for _, copied := range strings.Split(strings.TrimSuffix(d.Before, ";"), ";") {
		i := slices.Index(after, copied)
		if i < 0 && d.Before != "" {
			return false
		}
		if i >= 0 {
			after = slices.Delete(after, i, i+1)
		}
	}
	return true
}

// covers matches a key against a pattern, whose last byte may be a star.
func covers(pattern, key string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(key, prefix)
	}
	return pattern == key
}

// Keys are the view's keys, sorted.
func (v View) Keys() []string { return slices.Sorted(maps.Keys(v)) }
