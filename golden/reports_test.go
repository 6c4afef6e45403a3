package golden

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"refit/internal/buildctx"
	"refit/internal/markdown"
	"refit/internal/pullrequest"
	reports "refit/internal/report"
	"refit/passes"
	"refit/transform"
)

// TestSARIF reports every case in one log, holds it to the official schema, and
// applies the fixes as an editor would: all of them make the new files, and each
// alone makes a Dockerfile that is taken.
func TestSARIF(t *testing.T) {
	var b bytes.Buffer
	log := reports.NewSARIF(&b, &reports.SARIFConfig{Root: "/src", Rules: rules()})
	before := map[string]map[string]string{}
	entries := map[string]*reports.Entry{}
	for i, name := range glob(t, "*/*.txtar") {
		for _, v := range []variant{{}, {"strange é/", strange}} {
			if v.change != nil && i%4 != 0 {
				continue
			}
			e, texts := entry(t, name, v)
			if err := log.Plan(e); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := log.Add(e); err != nil {
				t.Fatal(err)
			}
			entries[v.prefix+name], before[v.prefix+name] = e, texts
		}
	}
	if err := log.Close(&reports.Summary{}); err != nil {
		t.Fatal(err)
	}
	if err := validate(t, "../internal/report/testdata/sarif-schema-2.1.0.json", b.Bytes()); err != nil {
		t.Error(err)
	}
	var doc sarifLog
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	fixes := doc.fixes(t)
	several, divided := 0, 0
	for name, e := range entries {
		list := fixes[name]
		holdFixes(t, name, e, before[name], list)
		if len(list) > 1 {
			several++
		}
		divided += len(list)
	}
	t.Logf("%d files, %d fixes; %d files with several", len(entries), divided, several)
	if several < 50 {
		t.Errorf("only %d files have several fixes", several)
	}
}

// TestJSON reports every case in one document and holds it to the published
// schema, which takes nothing else.
func TestJSON(t *testing.T) {
	var b bytes.Buffer
	doc := reports.NewJSON(&b)
	for _, name := range glob(t, "*/*.txtar") {
		e, _ := entry(t, name, variant{})
		for _, c := range e.Beside {
			e.File.Companions = append(e.File.Companions, reports.Companion{Path: c.Name, Content: c.After, New: c.New})
		}
		if err := doc.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := doc.Add(&reports.Entry{File: reports.Failed("broken", "broken:1: no")}); err != nil {
		t.Fatal(err)
	}
	if err := doc.Close(nil); err != nil {
		t.Fatal(err)
	}
	const schema = "../docs/refit.schema.json#/$defs/dryRun"
	if err := validate(t, schema, b.Bytes()); err != nil {
		t.Error(err)
	}
	for _, field := range []string{`"files":`, `"path":`, `"status":`, `"reasonKey":"`, `"text":`, `"new":`} {
		if more := bytes.Replace(b.Bytes(), []byte(field), []byte(`"fresh":1,`+field), 1); validate(t, schema, more) == nil {
			t.Errorf("a new field before %s is taken", field)
		}
	}
}

// TestMarkdown reports every case in one document, which is cut to what a pull
// request may have.
func TestMarkdown(t *testing.T) {
	var b strings.Builder
	doc := pullrequest.New(&b, "refit", rules())
	for _, name := range glob(t, "*/*.txtar") {
		e, _ := entry(t, name, variant{})
		e.File.Diff = strings.Repeat("+RUN true\n", 100)
		if err := doc.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := doc.Close(&reports.Summary{}); err != nil {
		t.Fatal(err)
	}
	if n := b.Len(); n > markdown.Limit || n < markdown.Limit*9/10 {
		t.Errorf("%d bytes, want a little less than %d", n, markdown.Limit)
	}
	if !strings.Contains(b.String(), "Left out: lists of what was held back of ") {
		t.Error("it does not say what is left out")
	}
}

// holdFixes applies the fixes of a case: together and one by one. From what one
// alone makes, refit goes on to the same instructions.
func holdFixes(t *testing.T, name string, e *reports.Entry, before map[string]string, fixes []fix) {
	t.Helper()
	r := e.Result
	want := maps.Clone(before)
	want["Dockerfile"] = r.After
	for _, c := range r.Companions {
		want[c.Path] = c.Content
	}
	if got := apply(t, name, before, fixes...); !maps.Equal(got, want) {
		t.Errorf("%s: the fixes together make\n%s\nwant\n%s", name, got, want)
	}
	for _, f := range fixes {
		alone := apply(t, name, before, f)
		var list []*transform.Pass
		for i := range r.Steps {
			list = append(list, r.Steps[i].Pass)
		}
		var companions []transform.Companion
		for file, text := range alone {
			if file != "Dockerfile" && text != before[file] {
				companions = append(companions, transform.Companion{Path: file, Content: text})
			}
		}
		next, err := e.Rewrite(alone["Dockerfile"], companions, list)
		if err != nil {
			t.Errorf("%s: a fix alone: %v", name, err)
		} else if got, want := sorted(next.After), sorted(r.After); got != want {
			d, _ := transform.UnifiedDiff("Dockerfile", r.After, next.After, true)
			t.Errorf("%s: a fix alone leads elsewhere:\n%s", name, d)
		}
		if compile([]byte(before["Dockerfile"]), nil) == nil {
			if err := compile([]byte(alone["Dockerfile"]), nil); err != nil {
				t.Errorf("%s: BuildKit does not convert what a fix alone makes: %v", name, err)
			}
		}
	}
}

func sorted(text string) string {
	lines := strings.SplitAfter(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// variant is a case with its Dockerfile changed.
type variant struct {
	prefix string // of its name
	change func(string) string
}

// strange is a Dockerfile as an editor on Windows may leave it: with a byte order
// mark and carriage returns, and characters that take two UTF-16 code units.
func strange(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	lines := strings.SplitAfter(strings.TrimPrefix(text, "\ufeff"), "\n")
	if directives := strings.HasPrefix(lines[0], "#"); !directives {
		lines = append([]string{"# 😀 é\n"}, lines...)
	}
	return "\ufeff" + strings.ReplaceAll(strings.Join(lines, ""), "\n", "\r\n")
}

// entry takes a case through its passes, as the file dir/case/Dockerfile. The
// texts are those of the Dockerfile and of the files of its context that change.
func entry(t *testing.T, name string, v variant) (*reports.Entry, map[string]string) {
	t.Helper()
	c, err := readCase(name)
	if err != nil {
		t.Fatal(err)
	}
	list := passes.Default()
	if dir := filepath.Dir(name); dir != "all" {
		if list, err = pick(passes.All(), dir); err != nil {
			t.Fatal(err)
		}
	}
	rewrite := func(src string, companions []transform.Companion, list []*transform.Pass) (*transform.Result, error) {
		opt := c.opt
		if len(companions) > 0 && opt.Context != nil {
			opt.Context = opt.Context.With(companions)
		}
		return transform.Run(name, src, list, &opt)
	}
	if v.change != nil {
		c.dockerfile = v.change(c.dockerfile)
	}
	r, err := rewrite(c.dockerfile, nil, list)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"Dockerfile": r.Before}
	dir := v.prefix + name
	e := &reports.Entry{Place: reports.Place{Rel: dir + "/Dockerfile"}, Result: r, Rewrite: rewrite}
	for _, comp := range r.Companions {
		b := reports.CompanionText{Name: comp.Path, Place: reports.Place{Rel: dir + "/" + comp.Path}, After: comp.Content, New: true}
		if ctx, ok := c.opt.Context.(*buildctx.Context); ok {
			if old, err := ctx.ReadFile(comp.Path); err == nil {
				b.Disk, b.Before, b.New = string(old), string(old), false
				texts[comp.Path] = b.Before
			}
		}
		if b.New || b.Before != b.After {
			e.Beside = append(e.Beside, b)
		}
	}
	e.File = reports.New(name, r, "", nil)
	return e, texts
}

func rules() []reports.Rule {
	var all []reports.Rule
	for _, p := range passes.All() {
		all = append(all, reports.Rule{Pass: p, Group: "all", Level: reports.LevelNote, Help: p.Doc.Text, Markdown: p.Doc.Text})
	}
	return all
}

// validate holds a document to a schema.
func validate(t *testing.T, schema string, doc []byte) error {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	s, err := compiler.Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// sarifLog is what of a log matters to somebody who applies fixes.
type sarifLog struct {
	Runs []struct {
		Results []struct {
			RuleID    string
			Locations []struct {
				PhysicalLocation struct{ ArtifactLocation artifact }
			}
			Fixes []fix
		}
	}
}

type artifact struct{ URI string }

type fix struct {
	ArtifactChanges []struct {
		ArtifactLocation artifact
		Replacements     []struct {
			DeletedRegion struct {
				StartLine, StartColumn, EndLine, EndColumn int
				ByteOffset, ByteLength                     *int
			}
			InsertedContent struct {
				Text   string
				Binary []byte
			}
		}
	}
}

// fixes are those of all results by case.
func (l *sarifLog) fixes(t *testing.T) map[string][]fix {
	all := map[string][]fix{}
	for _, r := range l.Runs[0].Results {
		name := path.Dir(unescape(t, r.Locations[0].PhysicalLocation.ArtifactLocation.URI))
		all[name] = append(all[name], r.Fixes...)
	}
	return all
}

func unescape(t *testing.T, uri string) string {
	t.Helper()
	s, err := url.PathUnescape(uri)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// apply makes a folder's files new by fixes, whose regions are of the old ones.
func apply(t *testing.T, name string, before map[string]string, fixes ...fix) map[string]string {
	t.Helper()
	edits := map[string][]transform.Edit{}
	for _, f := range fixes {
		for _, c := range f.ArtifactChanges {
			file := strings.TrimPrefix(unescape(t, c.ArtifactLocation.URI), name+"/")
			for _, r := range c.Replacements {
				e := transform.Edit{New: r.InsertedContent.Text}
				if d := r.DeletedRegion; d.ByteOffset != nil {
					e.Span = transform.Span{Start: *d.ByteOffset, End: *d.ByteOffset + *d.ByteLength}
					e.New = string(r.InsertedContent.Binary)
				} else {
					e.Span.Start = offset(t, before[file], d.StartLine, d.StartColumn)
					e.Span.End = offset(t, before[file], d.EndLine, d.EndColumn)
				}
				edits[file] = append(edits[file], e)
			}
		}
	}
	after := maps.Clone(before)
	for file, list := range edits {
		slices.SortStableFunc(list, func(a, b transform.Edit) int {
			return cmp.Or(a.Span.Start-b.Span.Start, a.Span.End-b.Span.End)
		})
		at, text := 0, strings.Builder{}
		for _, e := range list {
			if e.Span.Start < at {
				t.Fatalf("%s: %s: replacements overlap", name, file)
			}
			fmt.Fprint(&text, before[file][at:e.Span.Start], e.New)
			at = e.Span.End
		}
		after[file] = text.String() + before[file][at:]
	}
	return after
}

// offset finds a line and column as the standard counts them: in UTF-16 code
// units, without the byte order mark.
func offset(t *testing.T, text string, line, column int) int {
	t.Helper()
	at := 0
	if strings.HasPrefix(text, "\ufeff") {
		at = len("\ufeff")
	}
	for range line - 1 {
		n := strings.IndexByte(text[at:], '\n')
		if n < 0 {
			t.Fatalf("no line %d in %q", line, text)
		}
		at += n + 1
	}
	for column--; column > 0; {
		r := []rune(text[at:min(len(text), at+4)])[0]
		if r == '\n' {
			t.Fatalf("column %d is behind line %d", column, line)
		}
		column -= utf16.RuneLen(r)
		at += len(string(r))
	}
	return at
}
