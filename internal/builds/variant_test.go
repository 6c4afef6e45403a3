package builds

import (
	"strings"
	"testing"

	"refit/transform"
)

func TestVariant(t *testing.T) {
	const src = "ARG V=1 W=2\nFROM base:$V AS tool\nRUN tool\nFROM base:$W AS dev\nCMD dev \\\n  --now\nFROM dev AS app\nENTRYPOINT [\"app\"]\nCMD [\"x\"]\n"
	for _, c := range []struct {
		name  string
		build Build
		want  string
	}{
		{"nothing", Build{}, src},
		{"the last stage by name", Build{Target: "APP"}, src},
		{"a stage before it", Build{Target: "dev"}, "ARG V=1 W=2\nFROM base:$V AS tool\nRUN tool\nFROM base:$W AS dev\nCMD dev \\\n  --now\n"},
		{"a number", Build{Target: "0"}, "ARG V=1 W=2\nFROM base:$V AS tool\nRUN tool\n"},
		{"arguments", Build{Target: "tool", Args: map[string]string{"V": "3", "X": "4"}, Unknown: []string{"W"}}, "ARG V=3 W\nFROM base:$V AS tool\nRUN tool\n"},
		{"an argument that needs quotes is unknown", Build{Target: "tool", Args: map[string]string{"V": "a b"}}, "ARG V W=2\nFROM base:$V AS tool\nRUN tool\n"},
		{"a command keeps the lines below in place", Build{Target: "dev", Run: &Run{Command: []string{"a", "<b>"}}},
			"ARG V=1 W=2\nFROM base:$V AS tool\nRUN tool\nFROM base:$W AS dev\nCMD [\"a\",\"<b>\"]\n\n"},
		{"an entrypoint resets the command", Build{Run: &Run{Entrypoint: []string{"e"}, User: "u", WorkDir: "/w", Mounts: []string{"/m"}}},
			strings.Replace(src, "ENTRYPOINT [\"app\"]\nCMD [\"x\"]\n", "ENTRYPOINT [\"e\"]\n\nUSER u\nWORKDIR /w\nVOLUME [\"/m\"]\n", 1)},
		{"a health check", Build{Target: "tool", Run: &Run{Health: []string{"CMD-SHELL", "curl x"}, Rights: "all"}},
			"ARG V=1 W=2\nFROM base:$V AS tool\nRUN tool\nHEALTHCHECK CMD curl x\nUSER root\n"},
		{"one that no line can hold", Build{Target: "tool", Run: &Run{Health: []string{"CMD-SHELL", "a\nb"}}},
			"ARG V=1 W=2\nFROM base:$V AS tool\nRUN tool\nHEALTHCHECK CMD [\"/bin/sh\",\"-c\",\"a\\nb\"]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := transform.Parse("Dockerfile", src, nil)
			if err != nil {
				t.Fatal(err)
			}
			v, err := variantOf(f, &c.build)
			if err != nil || v.src != c.want {
				t.Errorf("%v\n%s\nwant:\n%s", err, v.src, c.want)
			}
		})
	}
}

func TestVariantContexts(t *testing.T) {
	f, err := transform.Parse("Dockerfile", "FROM python:3.12 AS lib\nCOPY --from=lib /a /b\nCOPY --from=node:22 / /n\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := variantOf(f, &Build{Contexts: map[string]string{"python:3.12": "docker-image://python:3.11", "node:22": "./node", "lib": "target:lib"}})
	const want = "FROM python:3.11 AS lib\nCOPY --from=example.invalid/lib /a /b\nCOPY --from=example.invalid/node:22 / /n\n"
	if err != nil || v.src != want {
		t.Errorf("%v\n%s", err, v.src)
	}
}

// A context's name is compared as builders do: with the arguments' values, without
// the default registry, library and tag, also where a step mounts it.
func TestVariantSpelled(t *testing.T) {
	f, err := transform.Parse("Dockerfile", "ARG V=3.11\nFROM python:${V}\nRUN --mount=type=bind,from=docker.io/library/node:latest,target=/n x\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := variantOf(f, &Build{Args: map[string]string{"V": "3.12"},
		Contexts: map[string]string{"docker.io/library/python:3.12": "docker-image://registry.example/py", "node": "./node"}})
	const want = "ARG V=3.12\nFROM registry.example/py\nRUN --mount=type=bind,from=example.invalid/docker.io/library/node:latest,target=/n x\n"
	if err != nil || v.src != want {
		t.Errorf("%v\n%s", err, v.src)
	}
}

// insert is a pass that puts a line before the i-th instruction of files that hold
// a text.
func insert(name, line string, i int, where string) *transform.Pass {
	return &transform.Pass{Name: name, Alters: []string{"*"}, Run: func(f *transform.File) []transform.Finding {
		if i >= len(f.Instructions) || !strings.Contains(f.Src, where) || strings.Contains(f.Src, line) {
			return nil
		}
		at := f.Instructions[i].Body.Start
		return []transform.Finding{{At: f.Instructions[i].Body, Why: name, Edits: []transform.Edit{{Span: transform.Span{Start: at, End: at}, New: line + "\n"}}}}
	}}
}

func TestSettle(t *testing.T) {
	const src = "FROM a AS one\nRUN one\nFROM b AS two\nRUN two\nFROM one\nCMD [\"three\"]\n"
	shown := func(string) string { return "compose.yaml" }
	for _, c := range []struct {
		name  string
		pass  *transform.Pass
		build Build
		held  string
	}{
		{"what the stage does not come by", insert("p", "RUN new", 3, "three"), Build{Target: "one"}, ""},
		{"what it comes by", insert("p", "RUN new", 1, "three"), Build{Target: "one"}, "there is nothing to change there"},
		{"the same in both", insert("p", "RUN new", 1, "RUN one"), Build{Target: "one"}, ""},
		{"a stage before one that a number names", insert("p", "FROM c AS new", 2, "three"), Build{Target: "1"}, "there is nothing to change there"},
		{"a name in its place", insert("p", "FROM c AS new", 0, "three"), Build{Target: "two"}, ""},
		{"no stage of the name", insert("p", "RUN new", 1, "three"), Build{Target: "four"}, ""},
		{"a name that a context has", insert("p", "FROM c AS new", 0, "three"), Build{Contexts: map[string]string{"NEW": "./x"}}, "new is the name of a context that is given to the build, which stands for it"},
		{"a base that a context replaces", insert("p", "FROM docker.io/library/c:latest AS new", 0, "three"), Build{Contexts: map[string]string{"c": "./x"}}, "c is the name of a context that is given to the build, which stands for it"},
		{"another name", insert("p", "FROM c AS new", 0, "three"), Build{Contexts: map[string]string{"old": "./x"}}, ""},
		{"a path under a mount", insert("p", "RUN cp x /opt/venv", 1, "RUN one"), Build{Run: &Run{Hides: []string{"/opt"}}}, "what is mounted at /opt would hide /opt/venv"},
		{"a path beside a mount", insert("p", "RUN cp x /opt/venv", 1, "RUN one"), Build{Run: &Run{Hides: []string{"/opt/v"}}}, ""},
		{"a home under a mount", insert("p", "RUN useradd -m x", 1, "RUN one"), Build{Run: &Run{Hides: []string{"/home/x"}}}, "what is mounted at /home/x would hide /home"},
		{"another command", insert("p", "RUN new", 1, "three"), Build{Run: &Run{Command: []string{"four"}}}, "there is nothing to change there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.build.Name, c.build.Line = "web", 7
			r, err := Settle("Dockerfile", src, []Build{c.build}, shown, func(src string, _ int, v []transform.Veto) (*transform.Result, error) {
				return transform.Run("Dockerfile", src, []*transform.Pass{c.pass}, &transform.Options{Vetoes: v})
			})
			if err != nil {
				t.Fatal(err)
			}
			if c.held == "" {
				if !r.Changed() || len(r.Steps[0].Declines) > 0 {
					t.Errorf("held back: %+v\n%s", r.Steps[0].Declines, r.After)
				}
				return
			}
			if r.Changed() || len(r.Steps[0].Declines) != 1 || r.Steps[0].Declines[0].Why != "not proven for compose.yaml:7 (web): "+c.held {
				t.Errorf("%+v\n%s", r.Steps[0].Declines, r.After)
			}
		})
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		path, mine, theirs string
		want               bool
	}{
		{".dockerignore", ".git\n", "a\n.git\n", true},
		{".dockerignore", ".git\nb\n", ".git\n", false},
		{".dockerignore", "*\n", "*\n!a\n", false},
		{"requirements.txt", "a\n", "b\na\n", false},
		{"requirements.txt", "a\n", "a\n", true},
	} {
		got := covers(&transform.Companion{Path: c.path, Content: c.theirs}, &transform.Companion{Path: c.path, Content: c.mine})
		if got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
