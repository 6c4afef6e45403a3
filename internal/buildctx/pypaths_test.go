package buildctx

import (
	"path"
	"testing"
)

func TestPyPaths(t *testing.T) {
	const absolute, cwd, source, unknown = ofRoot, ofCwd, ofSource, noPath
	for _, c := range []struct {
		src  string
		base pathBase
		text string
	}{
		{`X = "/data"`, absolute, "/data"},
		{`X = "/" + y`, absolute, "/…"},
		{"b = '/'\nX = b + 'data'", absolute, "/data"},
		{`X = os.path.join(os.sep, "data", name)`, absolute, "/data/…"},
		{`X = os.environ.get("D", "/data")`, absolute, "/data"},
		{`X = os.environ.get("D") or "../data"`, cwd, "../data"},
		{`X = Path.cwd().parent`, cwd, ".."},
		{`X = "../%s" % name`, cwd, "../%s"},
		{`X = Path(__file__).parents[1]`, source, ".."},
		{`X = Path(__file__).resolve().parent.parent / "data"`, source, "../data"},
		{"X = (Path(__file__)\n  .parent)", unknown, ""}, // a line that begins with a dot is not followed
		{"X = (Path(__file__).parent\n  / '..' / 'x')", source, "../x"},
		{"B = Path(__file__)\nB = B.parent\nB = B.parent\nX = B.joinpath('a', 'b')", source, "../a/b"},
		{`X = os.path.dirname(__file__) + "/../x"`, source, "../x"},
		{`X = os.path.dirname(__file__) + "x"`, source, "../…x"},
		{"X = f'{B}/x'\nB = '/data'", absolute, "/data/x"},
		{`X = f"{f(y)}/x"`, unknown, ""},
		{"self.d = '..'\nX = os.path.join(self.d, 'x')", cwd, "../x"},
		{"B = '..'; X = B + '/x'", unknown, ""}, // a second statement of a line is no binding
		{"X = Y\nY = X", unknown, ""},
		{`X = f(y) / "x"`, unknown, ""},
		{`X = [`, unknown, ""},
		{`X = os.path.join(`, unknown, ""},
	} {
		p := newPyPaths([]byte(c.src + "\n"))
		v, _ := p.named("X", len(c.src)+1)
		if got := tidied(v); got != tidied(pyPath{c.base, c.text}) {
			t.Errorf("%s: %v, want %v %q", c.src, got, c.base, c.text)
		}
	}
}

// tidied is a path as it is recorded.
func tidied(v pyPath) pyPath {
	if v.base == noPath {
		return pyPath{}
	}
	return pyPath{v.base, path.Clean(v.text)}
}

func FuzzPyPaths(f *testing.F) {
	f.Add("B = Path(__file__).parent\n(B / '..' / f'{x}').mkdir()\nopen(os.path.join(B, 'x'), 'w')\n")
	f.Add("a = (((\nb = a.b.c(d(e[0], 'f')\n).mkdir(")
	f.Fuzz(func(t *testing.T, src string) {
		s := &pyScanner{out: &Uses{}, seen: map[seenKey]bool{}}
		s.scan("x.py", []byte(src))
		for _, u := range s.out.Climbs {
			if u.What[:2] != ".." {
				t.Errorf("%q climbs to %q", src, u.What)
			}
		}
	})
}
