package builds

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/buildx/bake/hclparser"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// bakeNames are the files that "docker buildx bake" takes by itself, along with
// those of compose, in the order in which they are merged (buildx, bake.go).
var bakeNames = []string{"docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl"}

func isBake(name string) bool { return slices.Contains(bakeNames, name) }

// bakeFile is what is read of bake files. buildx's own types would bring its
// drivers, and policies, into the program.
type bakeFile struct {
	Groups  []*bakeGroup  `hcl:"group,block" cty:"group"`
	Targets []*bakeTarget `hcl:"target,block" cty:"target"`
}

type bakeGroup struct {
	Name    string   `hcl:"name,label" cty:"name"`
	Targets []string `hcl:"targets,optional" cty:"targets"`
	Rest    hcl.Body `hcl:",remain"`
}

type bakeTarget struct {
	Name       string             `hcl:"name,label" cty:"name"`
	Inherits   []string           `hcl:"inherits,optional" cty:"inherits"`
	Context    *string            `hcl:"context,optional" cty:"context"`
	Dockerfile *string            `hcl:"dockerfile,optional" cty:"dockerfile"`
	Inline     *string            `hcl:"dockerfile-inline,optional" cty:"dockerfile-inline"`
	Target     *string            `hcl:"target,optional" cty:"target"`
	Args       map[string]*string `hcl:"args,optional" cty:"args"`
	Contexts   map[string]string  `hcl:"contexts,optional" cty:"contexts"`
	Tags       []string           `hcl:"tags,optional" cty:"tags"`
	Platforms  []string           `hcl:"platforms,optional" cty:"platforms"`
	Rest       hcl.Body           `hcl:",remain"`

	at place
}

// SetBlockSource implements hclparser.WithBlockSource.
func (t *bakeTarget) SetBlockSource(block *hcl.Block) {
	t.at = place{block.DefRange.Filename, block.DefRange.Start.Line}
}

// Merge takes over what another block of the target's name says; hclparser calls
// it by its name.
func (t *bakeTarget) Merge(o *bakeTarget) {
	for _, p := range []struct{ to, from **string }{
		{&t.Context, &o.Context}, {&t.Dockerfile, &o.Dockerfile}, {&t.Inline, &o.Inline}, {&t.Target, &o.Target},
	} {
		if *p.from != nil {
			*p.to = *p.from
		}
	}
	given := maps.Clone(o.Args)
	maps.DeleteFunc(given, func(_ string, value *string) bool { return value == nil })
	t.Args, t.Contexts = merged(t.Args, given), merged(t.Contexts, o.Contexts)
	t.Inherits = append(slices.Clone(t.Inherits), o.Inherits...)
	if o.at.file != "" {
		t.at = o.at
	}
}

func merged[V any](a, b map[string]V) map[string]V {
	if len(a)+len(b) == 0 {
		return nil
	}
	all := map[string]V{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// GetEvalContexts implements hclparser.WithEvalContexts: a target with a matrix is
// as many targets as that has combinations.
func (t *bakeTarget) GetEvalContexts(base *hcl.EvalContext, block *hcl.Block, load func(hcl.Expression) hcl.Diagnostics) ([]*hcl.EvalContext, error) {
	value, err := attribute(base, block, "matrix", load)
	if err != nil || value == cty.NilVal {
		return []*hcl.EvalContext{base}, err
	}
	if !value.CanIterateElements() || !value.Type().IsMapType() && !value.Type().IsObjectType() {
		return nil, errors.New("matrix must be a map")
	}
	matrix := value.AsValueMap()
	all := []map[string]cty.Value{{}}
	for _, key := range slices.Sorted(maps.Keys(matrix)) {
		if !matrix[key].CanIterateElements() {
			return nil, errors.New("matrix values must be a list")
		}
		if matrix[key].LengthInt()*len(all) > maxMatrix {
			return nil, fmt.Errorf("the matrix has more than %d combinations", maxMatrix)
		}
		var next []map[string]cty.Value
		for _, v := range matrix[key].AsValueSlice() {
			for _, m := range all {
				next = append(next, merged(m, map[string]cty.Value{key: v}))
			}
		}
		all = next
	}
	var contexts []*hcl.EvalContext
	for _, m := range all {
		c := base.NewChild()
		c.Variables = m
		contexts = append(contexts, c)
	}
	return contexts, nil
}

const maxMatrix = 256

// GetName implements hclparser.WithGetName.
func (t *bakeTarget) GetName(ctx *hcl.EvalContext, block *hcl.Block, load func(hcl.Expression) hcl.Diagnostics) (string, error) {
	value, err := attribute(ctx, block, "name", load)
	if err != nil || value == cty.NilVal {
		return block.Labels[0], err
	}
	if value, err = convert.Convert(value, cty.String); err != nil || value.IsNull() || !value.IsKnown() {
		return "", errors.New("the name is no string")
	}
	return value.AsString(), nil
}

// attribute evaluates an attribute of a block, cty.NilVal where it has none.
func attribute(ctx *hcl.EvalContext, block *hcl.Block, name string, load func(hcl.Expression) hcl.Diagnostics) (cty.Value, error) {
	content, _, diags := block.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: name}}})
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	attr, ok := content.Attributes[name]
	if !ok {
		return cty.NilVal, nil
	}
	if diags := load(attr.Expr); diags.HasErrors() {
		return cty.NilVal, diags
	}
	value, diags := attr.Expr.Value(ctx)
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	return value, nil
}

// bake reads the bake files among the names as one.
func (f *finder) bake(names []string) {
	var files []string
	for _, name := range bakeNames {
		if slices.Contains(names, name) {
			files = append(files, filepath.Join(f.dir, name))
		}
	}
	if len(files) == 0 {
		return
	}
	c, err := f.parseBake(files)
	if err != nil {
		f.misunderstood(files[0], err)
		return
	}
	r := &resolver{targets: c.Targets, known: map[*bakeTarget]*bakeTarget{}}
	for _, t := range c.Targets {
		if c.isTemplate(t) {
			continue
		}
		b, err := r.build(f.dir, t)
		if err != nil {
			f.note(t.at.file, "target %s: %s", t.Name, oneLine(err))
			continue
		}
		if !strings.Contains(f.baked, b.Name) { // put together
			b.Name = f.values.hide(b.Name)
		}
		f.out.Builds = append(f.out.Builds, *b)
	}
}

// isTemplate reports a target that others inherit from and that is none to build:
// its name says so, or it names neither a context nor a Dockerfile and no group
// has it.
func (c *bakeFile) isTemplate(t *bakeTarget) bool {
	if !slices.ContainsFunc(c.Targets, func(o *bakeTarget) bool { return slices.Contains(o.Inherits, t.Name) }) {
		return false
	}
	return strings.HasPrefix(t.Name, "_") || t.Context == nil && t.Dockerfile == nil &&
		!slices.ContainsFunc(c.Groups, func(g *bakeGroup) bool { return slices.Contains(g.Targets, t.Name) })
}

func (f *finder) parseBake(files []string) (c *bakeFile, err error) {
	defer func() {
		if p := recover(); p != nil { // the parser is not made for hostile files
			err = fmt.Errorf("the parser of bake files fails: %v", p)
		}
	}()
	env := mapping(f.env) // bake does not read .env for its own files
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	cost := newBakeCost(lookup)
	var parsed []*hcl.File
	for _, path := range files {
		text, err := readFile(path)
		if err != nil {
			return nil, err
		}
		if len(text) > maxBake {
			return nil, fmt.Errorf("%s is larger than %d bytes", path, maxBake)
		}
		parse := hclparse.NewParser().ParseHCL
		if strings.HasSuffix(path, ".json") {
			parse = hclparse.NewParser().ParseJSON
		}
		file, diags := parse(text, path)
		if diags.HasErrors() {
			return nil, diags
		}
		if body, ok := file.Body.(*hclsyntax.Body); ok {
			cost.body(body)
		} else if err := cost.json(text); err != nil {
			return nil, err
		}
		parsed = append(parsed, file)
		f.baked += string(text)
	}
	c = &bakeFile{}
	for i := range f.project { // bake takes the targets of compose files too
		c.Targets = append(c.Targets, targetOf(&f.project[i]))
	}
	if err := cost.check(); err != nil {
		return nil, err
	}
	if _, diags := hclparser.Parse(hclparser.MergeFiles(parsed), hclparser.Opt{LookupVar: f.values.lookup(lookup)}, c); diags.HasErrors() {
		return nil, diags
	}
	return c, nil
}

// build is the build of a target with all that it inherits.
func (r *resolver) build(dir string, t *bakeTarget) (*Build, error) {
	all, err := r.inherited(t, nil)
	if err != nil {
		return nil, err
	}
	b := &Build{Name: t.Name, File: t.at.file, Line: t.at.line, Target: text(all.Target), Contexts: all.Contexts, Args: map[string]string{}}
	for name, value := range all.Args {
		if value != nil {
			b.Args[name] = *value
		}
	}
	context := strings.TrimPrefix(text(all.Context), "cwd://")
	dockerfile, own := strings.CutPrefix(text(all.Dockerfile), "cwd://")
	if own {
		dockerfile = inDir(dir, dockerfile)
	}
	b.place(dir, context, dockerfile)
	if text(all.Inline) != "" {
		b.Inline = text(all.Inline)
		b.Dockerfile, b.Problem = "", "its Dockerfile is written in the bake file, which is not rewritten"
	}
	return b, nil
}

// resolver resolves what targets inherit.
type resolver struct {
	targets []*bakeTarget
	known   map[*bakeTarget]*bakeTarget // that come by no cycle
	cycles  int                         // that were come by
	steps   int
}

// maxSteps bounds the steps that cycles make.
const maxSteps = 10000

// inherited is a target on top of those that it inherits from.
func (r *resolver) inherited(t *bakeTarget, below []string) (*bakeTarget, error) {
	if slices.Contains(below, t.Name) {
		r.cycles++
		return &bakeTarget{}, nil // as in bake, which takes a target for empty while it is resolved
	}
	if r.known[t] != nil {
		return r.known[t], nil
	}
	cycles := r.cycles
	all := &bakeTarget{}
	for _, name := range t.Inherits {
		if r.steps++; r.steps > maxSteps {
			return nil, errors.New("what is inherited goes round too often")
		}
		i := slices.IndexFunc(r.targets, func(t *bakeTarget) bool { return t.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("it inherits from %s, which is not there", name)
		}
		base, err := r.inherited(r.targets[i], append(slices.Clone(below), t.Name))
		if err != nil {
			return nil, err
		}
		all.Merge(base)
	}
	all.Merge(t)
	all.Inherits = nil // is resolved
	if cycles == r.cycles {
		r.known[t] = all
	}
	return all, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// targetOf is the bake target of a compose service.
func targetOf(b *Build) *bakeTarget {
	t := &bakeTarget{Name: strings.ReplaceAll(b.Name, ".", "_"), Contexts: b.Contexts, at: place{b.File, b.Line}}
	if b.Problem == "" {
		dockerfile := b.Dockerfile
		if rel, err := filepath.Rel(b.Context, dockerfile); err == nil && filepath.IsLocal(rel) {
			dockerfile = rel // another context has one of that name
		}
		t.Context, t.Dockerfile = &b.Context, &dockerfile
	}
	if b.Target != "" {
		t.Target = &b.Target
	}
	t.Args = map[string]*string{}
	for name, value := range b.Args {
		t.Args[name] = &value
	}
	return t
}
