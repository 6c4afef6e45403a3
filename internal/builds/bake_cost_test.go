package builds

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBakeCost: what could take all time and memory is noted, and not evaluated.
func TestBakeCost(t *testing.T) {
	var chain, calls, inherits, crossed strings.Builder
	chain.WriteString("variable \"A0\" { default = \"0123456789\" }\n")
	calls.WriteString("function \"f0\" {\n params = [x]\n result = x\n}\n")
	for i := range 40 {
		fmt.Fprintf(&chain, "variable \"A%d\" { default = \"%s\" }\n", i+1, strings.Repeat(fmt.Sprintf("${A%d}", i), 10))
		fmt.Fprintf(&calls, "function \"f%d\" {\n params = [x]\n result = f%d(x) == f%d(x) ? x : x\n}\n", i+1, i, i)
		fmt.Fprintf(&inherits, "target \"t%d\" { inherits = [\"t%d\", \"t%d\"] }\n", i, i+1, i+1)
		fmt.Fprintf(&crossed, "target \"t%d\" { inherits = [\"t0\", \"t%d\", \"t%d\", \"t0\"] }\n", i, i+1, i+1)
	}
	inherits.WriteString("target \"t40\" {}\n")
	crossed.WriteString("target \"t40\" {}\ntarget \"top\" { inherits = [\"t0\"] }\n")
	target := func(expr string) string { return "target \"a\" { dockerfile = " + expr + " }\n" }
	for name, c := range map[string]struct{ src, want string }{
		"width":         {target(`format("%2000000000s", "x")`), "what it costs to call format cannot be told"},
		"width given":   {target(`format("%*s", 2000000000, "x")`), "what it costs to call format cannot be told"},
		"indexed width": {target(`format("%[1]2000000000s", "x")`), "what it costs to call format cannot be told"},
		"made format":   {target(`format("${"%"}${"2000000000s"}", "x")`), "what it costs to call format cannot be told"},
		"range":         {target(`join("", range(2000000000))`), "what it costs to call range cannot be told"},
		"indent":        {target(`indent(2000000000, "a\nb")`), "what it costs to call indent cannot be told"},
		"replace":       {target(strings.Repeat(`replace(`, 12) + `"xxxxxxxxxx"` + strings.Repeat(`, "x", "xxxxxxxxxx")`, 12)), "too"},
		"join":          {target(strings.Repeat(`join("0123456789", split("", `, 9) + `"0123456789"` + strings.Repeat(`))`, 9)), "too"},
		"for":           {target(strings.Repeat(`[for x in `, 9) + `["a", "b", "c", "d"]` + strings.Repeat(` : [x, x, x, x]]`, 9)), "too large"},
		"number":        {target(`"${1e100000000}"`), "too large"},
		"chain":         {chain.String() + target("A40"), "too large"},
		"calls":         {calls.String() + target(`f40("x")`), "too"},
		"targets":       {"target \"a\" {\n context = \"${target.b.context}${target.b.context}\"\n}\ntarget \"b\" {\n context = target.a.context\n}\n", "reference cycle"},
		"depth":         {target(strings.Repeat("(", 60000) + "1" + strings.Repeat(")", 60000)), ""},
		"long":          {target(`"` + strings.Repeat("x", maxBake) + `"`), "is larger than"},
		"matrix":        {"target \"a\" {\n name = \"a${x}${y}\"\n matrix = {\n x = [" + strings.Repeat("1,", 300) + "]\n y = [" + strings.Repeat("1,", 300) + "]\n}\n}\n", "too"},
		"inherits":      {inherits.String(), ""},
		"crossed":       {crossed.String(), "goes round too often"},
		"json":          {`{"variable": {"A": {"default": "${format(\"%2000000000s\", \"x\")}"}}, "target": {"a": {"dockerfile": "${A}"}}}`, "what it costs to call format cannot be told"},
		"json twice":    {`{"variable": [{"A": {"default": "x"}}], "target": {"a": {"dockerfile": "${indent(2000000000, \"x\")}"}, "a": {}}}`, "what it costs to call indent cannot be told"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, file := t.TempDir(), "docker-bake.hcl"
			if strings.HasPrefix(c.src, "{") {
				file = "docker-bake.json"
			}
			write(t, filepath.Join(dir, file), []byte(c.src))
			start := time.Now()
			notes := strings.Join(Find(dir, []string{file}, nil).Notes, "\n")
			if c.want != "" && !strings.Contains(notes, c.want) || name == "inherits" && notes != "" {
				t.Errorf("%.300s", notes)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestBakeCheap: what bake files are made of is evaluated.
func TestBakeCheap(t *testing.T) {
	const src = `
variable "TAG" { default = "1" }
variable "NAMES" { default = ["a", "b"] }
function "dir" {
  params = [x, y]
  result = format("%s/%s", lower(x), y)
}
group "default" { targets = [for n in NAMES : "t-${n}"] }
target "base" { context = join("/", ["x", "y"]) }
target "t" {
  name       = "t-${item.n}"
  matrix     = { item = [{ n = "a", d = 1 }, { n = "b", d = 2 }] }
  context    = target.base.context
  dockerfile = dir("D", "${item.n}.${TAG}")
  args       = { A = replace("a-b", "-", "_"), B = item.d > 1 ? "x" : "y" }
}
`
	dir := t.TempDir()
	write(t, filepath.Join(dir, "docker-bake.hcl"), []byte(src))
	const want = "docker-bake.hcl:9 base: x/y/Dockerfile from x/y\n" +
		"docker-bake.hcl:10 t-a: x/y/d/a.1 from x/y args map[A:a_b B:y]\n" +
		"docker-bake.hcl:10 t-b: x/y/d/b.1 from x/y args map[A:a_b B:x]\n"
	if got := describe(dir, Find(dir, []string{"docker-bake.hcl"}, nil)); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}
