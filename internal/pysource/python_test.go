package pysource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
)

// ask is Python's own reading of the files that its standard input names: their imports, with lines.
const ask = `
import ast, json, sys, warnings
warnings.simplefilter("ignore")
for path in sys.stdin.read().splitlines():
    try:
        tree = ast.parse(open(path, "rb").read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        continue  # test data that is no Python
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {node.module if a.name == "*" else node.module + "." + a.name for a in node.names}
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    print(json.dumps({"path": path, "imports": sorted(found), "names": sorted(n for n in names if n.isascii())}))
`

const list = `
import os, sysconfig
for d, dirs, files in os.walk(sysconfig.get_path("stdlib")):
    dirs[:] = [x for x in dirs if x not in ("site-packages", "dist-packages", "__pycache__", "idlelib", "lib2to3")]
    print("\n".join(sorted(os.path.join(d, f) for f in files if f.endswith(".py"))[::5]))
`

// TestAgreesWithPython reads a fifth of the standard library of the Python at hand, its tests too, and holds imports and names
// against what Python itself finds.
func TestAgreesWithPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 here")
	}
	files, err := exec.Command(python, "-c", list).Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", ask)
	cmd.Stdin = bytes.NewReader(files)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	n, wrong := 0, 0
	for line := range bytes.Lines(out) {
		var want struct {
			Path           string
			Imports, Names []string
		}
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		src, err := os.ReadFile(want.Path)
		if err != nil {
			t.Fatal(err)
		}
		n++
		if diff := compare(Read(string(src)), want.Imports, want.Names); diff != "" {
			wrong++
			t.Errorf("%s: %s", want.Path, diff)
		}
	}
	if n < 100 {
		t.Errorf("only %d files were compared", n)
	}
	t.Logf("%d files compared, %d differ", n, wrong)
}

// compare says which imports are not the same, and which names Python sees and Read does not.
func compare(got *Source, imports, names []string) string {
	var found, used []string
	for _, p := range got.Imports {
		found = append(found, p.Text)
	}
	for _, p := range got.Names {
		used = append(used, p.Text)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	for _, i := range imports {
		if !slices.Contains(found, i) {
			return fmt.Sprintf("import %s is missed", i)
		}
	}
	for _, i := range found {
		if !slices.Contains(imports, i) {
			return fmt.Sprintf("import %s is none", i)
		}
	}
	slices.Sort(used)
	missed := 0
	for _, n := range names {
		if _, ok := slices.BinarySearch(used, n); !ok {
			missed++ // in an f-string's field
		}
	}
	if missed > 10+len(names)/4 {
		return fmt.Sprintf("%d of %d names are missed", missed, len(names))
	}
	return ""
}
