package pysource

import (
	"slices"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for _, test := range []struct {
		what, src                          string
		imports, loads, computed, literals string // separated by spaces; literals by |
	}{
		{"statements", "import os, a.b as c\nfrom x.y import (p as q,\n  r)  # z\nfrom . import s\nfrom .t import u\nfrom v import *\n",
			"os a.b x.y.p x.y.r v", "", "", ""},
		{"places", "def f():\n  'doc'\n  import a\ntry: import b\nexcept ImportError: b = None\nif TYPE_CHECKING:\n\tfrom c import d; import e\n", "a b c.d e", "", "", ""},
		{"Python 2", "print 'import no'\nexec 'x'\nimport a\nprint >>f, ur'b'\nraise E, 'm'\nx = 0777L\n`y`\n", "a", "", "", "import no|x|b|m"},
		{"strings", "\"\"\"doc\nimport no\n\"\"\"\nx = '''\nimport no2\n'''\ny = r'\\'no3'\nz = b\"it's\"\nimport a\n", "a", "", "", "\nimport no2\n|\\'no3|it's"},
		{"f-strings", "x = f\"{d[\"k\"]} {y:{w}} {z!r:>{n}} {{ {'import no'}\"\nimport a\nt = t'{x:\"^9}'\nimport b\nu = f'''{\n v # it's\n}'''\nimport c", "a b c", "", "",
			"{d[\"k\"]} {y:{w}} {z!r:>{n}} {{ {'import no'}|{x:\"^9}|{\n v # it's\n}"},
		{"unclosed", "x = 'abc\nimport a\ny = f'{b\nimport c\n", "a c", "", "", "abc|{b"},
		{"joined", "import a, \\\n  b\nfrom c \\\n  import d\n", "a b c.d", "", "", ""},
		{"yield from", "def f():\n  yield from g()\n  raise X from y\n", "", "", "", ""},
		{"match and type", "match x:\n  case {'k': v}: import a\ntype T = 'U'\ndef f[T: 'V'](): import b\n", "a b", "", "", "k|U|V"},
		{"lazy", "lazy import a\nlazy from b import c\nlazy = 1\n", "a b.c", "", "", ""},
		{"loads", "import_module('a.b')\nimportlib.import_module(\"c\", p)\n__import__('d')\nimport_module(f'e.f.{x}')\nimport_module('.g', __package__)\nimport_module(f'{__name__}.h')\nimport_module('i.' + j)\nimport_module('k.%s' % l)\n",
			"", "a.b c d e.f i k", "", "c|d"},
		{"computed", "import_module(x)\n__import__(n)\nimport_module('a' + b)\nfor e in entry_points(group='g'): e.load()\ndef import_module(x): pass\n", "", "", "import_module __import__ import_module entry_points", "g"},
		{"names", "requests = a.b(c)\n", "", "", "", ""},
	} {
		got := Read(test.src)
		for _, pair := range []struct {
			name string
			got  []Place
			want string
			sep  string
		}{{"imports", got.Imports, test.imports, " "}, {"loads", got.Loads, test.loads, " "}, {"computed", got.Computed, test.computed, " "}} {
			if text := join(pair.got, pair.sep); text != pair.want {
				t.Errorf("%s: %s: %q, want %q", test.what, pair.name, text, pair.want)
			}
		}
		if text := join(got.Strings, "|"); test.literals != "" && test.what != "loads" && text != test.literals {
			t.Errorf("%s: strings %q, want %q", test.what, text, test.literals)
		}
	}
}

func join(places []Place, sep string) string {
	var all []string
	for _, p := range places {
		all = append(all, p.Text)
	}
	return strings.Join(all, sep)
}

func TestLines(t *testing.T) {
	got := Read("'''\n\n'''\nimport a\n\nfrom b import (\n  c,\n)\nx = import_module(\n  'd')\n")
	want := []Place{{"a", 4}, {"b.c", 7}}
	if !slices.Equal(got.Imports, want) || !slices.Equal(got.Loads, []Place{{"d", 10}}) {
		t.Errorf("%v %v", got.Imports, got.Loads)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("import a\nfrom b import (c\n")
	f.Add("f'{x:{y}}' f\"{'{' \nimport_module('a.' + f\"{b!r:\n")
	f.Add("\\\r\nfrom . import\r'''\\\r\n")
	f.Fuzz(func(t *testing.T, src string) {
		lines := strings.Count(src, "\n") + 1
		got := Read(src)
		for _, list := range [][]Place{got.Imports, got.Loads, got.Computed, got.Strings, got.Names} {
			for _, p := range list {
				if p.Line < 1 || p.Line > lines {
					t.Errorf("%q on line %d of %d", p.Text, p.Line, lines)
				}
			}
		}
		for _, p := range got.Imports {
			for part := range strings.SplitSeq(p.Text, ".") {
				if !isName(part) {
					t.Errorf("import of %q", p.Text)
				}
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	src := strings.Repeat("from a.b import c\n\n\ndef f(x, y):\n    \"\"\"Says.\"\"\"\n    return g(f\"{x} and {y:>3}\", 'text', [1, 2, 3])  # why\n\n", 1000)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		Read(src)
	}
}

// TestChosenElsewhere holds that code which imports what data or the environment names is seen as such.
func TestChosenElsewhere(t *testing.T) {
	for text, want := range map[string]int{
		"import pickle\npickle.load(f)\n":                              1,
		"import pickle as p\np.load(f)\n":                              1,
		"import pickle\nh = sha256(pickle.dumps(x))\n":                 0,
		"import pickle\ny = pickle.loads(pickle.dumps(x))\n":           0,
		"import pickle\ny = pickle.loads(x)\npickle.dumps(y)\n":        1,
		"import pickle\nserialize(x, pickle)\n":                        1,
		"import os, pickle, joblib.memory\n":                           1,
		"from pickle import dumps, HIGHEST_PROTOCOL\n":                 0,
		"from pickle import dumps, loads\n":                            1,
		"from pickle import *\n":                                       1,
		"import joblib\njoblib.Parallel(2)(joblib.delayed(f)(x))\n":    0,
		"import shelve\n":                                              1,
		"from joblib import load\n":                                    1,
		"df = pd.read_pickle('x')\n":                                   1,
		"INSTALLED_APPS = ['a'] + env.list('MORE')\n":                  1,
		"INSTALLED_APPS += os.environ['MORE'].split()\n":               1,
		"DEFAULT_FILE_STORAGE = os.environ.get('S', 'a.b')\n":          1,
		"DATABASES = {'default': env.db()}\nSECRET_KEY = env('KEY')\n": 0,
		"INSTALLED_APPS = ['environ']\n":                               0,
	} {
		if src := Read(text); len(src.Computed) != want {
			t.Errorf("%q: %v, want %d", text, src.Computed, want)
		}
	}
}
