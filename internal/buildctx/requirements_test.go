package buildctx

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseRequirement(t *testing.T) {
	tests := []struct {
		in   string
		want Requirement
	}{
		{"Flask", Requirement{Name: "flask"}},
		{"gunicorn==20", Requirement{Name: "gunicorn", Spec: "==20"}},
		{"psycopg2-binary>=2.9; python_version>'3'", Requirement{Name: "psycopg2-binary", Spec: ">=2.9", Marker: "python_version>'3'"}},
		{"Foo_Bar.baz [Socks, s3_x] >= 1.0 , != 1.5", Requirement{Name: "foo-bar-baz", Spec: ">=1.0,!=1.5", Extras: []string{"socks", "s3-x"}}},
		{"uvicorn[standard]", Requirement{Name: "uvicorn", Extras: []string{"standard"}}},
		{"x (>=1,<2)", Requirement{Name: "x", Spec: ">=1,<2"}},
		{"x===1.0-weird", Requirement{Name: "x", Spec: "===1.0-weird"}},
		{"x==1.*", Requirement{Name: "x", Spec: "==1.*"}},
		{"pip @ https://example.com/pip-1.0.zip#sha1=aa", Requirement{Name: "pip", URL: "https://example.com/pip-1.0.zip"}},
		{"lib@git+https://example.com/x/lib.git@v1", Requirement{Name: "lib", VCS: "git", URL: "https://example.com/x/lib.git@v1"}},
		{"lib @ file:///srv/lib", Requirement{Name: "lib", Path: "/srv/lib"}},
		{"git+ssh://git@example.com/x/y.git@main#egg=Y_y[extra]&subdirectory=p",
			Requirement{Name: "y-y", Extras: []string{"extra"}, VCS: "git", URL: "ssh://git@example.com/x/y.git@main"}},
		{"https://example.com/torch-1.8.1%2Bcpu-cp38-linux.whl", Requirement{Name: "torch", URL: "https://example.com/torch-1.8.1%2Bcpu-cp38-linux.whl"}},
		{".", Requirement{Path: "."}},
		{".[dev,test]", Requirement{Path: ".", Extras: []string{"dev", "test"}}},
		{"./lib; sys_platform=='linux'", Requirement{Path: "./lib", Marker: "sys_platform=='linux'"}},
		{"../lib", Requirement{Path: "../lib"}},
		{"libs/common", Requirement{Path: "libs/common"}},
		{"wheels/My_Pkg-1.0-py3-none-any.whl", Requirement{Name: "my-pkg", Path: "wheels/My_Pkg-1.0-py3-none-any.whl"}},
		{"my-pkg-1.0.tar.gz", Requirement{Name: "my-pkg", Path: "my-pkg-1.0.tar.gz"}},
		{"file:lib", Requirement{Path: "lib"}},
	}
	for _, tt := range tests {
		tt.want.Raw = tt.in
		got, err := ParseRequirement(tt.in)
		if err != nil || !reflect.DeepEqual(*got, tt.want) {
			t.Errorf("ParseRequirement(%q)\n got %+v, %v\nwant %+v", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"", "-r x", "a b", "==1", "$PKG", "${PKG}==1", "a=1", "a==", "a>=1 b", "é", "a\nb", "[x]"} {
		if got, err := ParseRequirement(in); err == nil {
			t.Errorf("ParseRequirement(%q) = %+v, want an error", in, got)
		}
	}
}

func TestRequirements(t *testing.T) {
	c := files(
		"requirements/prod.txt", `--index-url https://index.example/simple   # ours
--extra-index https://${USER_X}:${TOKEN}@index.example/extra
-r base.txt
--constraint=../constraints.txt
gunicorn==20.0.4 \
    --hash=sha256:aa \
    --hash sha256:bb
`+"  # comment \\\npsycopg2 ; python_version >= '3' # why\r\n-e git+https://example.com/a/b.git#egg=B\n--no-binary psycopg2,Foo_bar --pre\n",
		"requirements/base.txt", "Flask\n\n-cother.txt\nurl#notacomment\n",
		"requirements/other.txt", "six<2\n",
		"constraints.txt", "flask==1\n-r requirements/more.txt",
		"requirements/more.txt", "idna",
	)
	r, err := c.Requirements("/requirements/prod.txt")
	if err != nil {
		t.Fatal(err)
	}
	wantFiles := []string{"requirements/prod.txt", "requirements/base.txt", "requirements/other.txt", "constraints.txt", "requirements/more.txt"}
	if !reflect.DeepEqual(r.Files, wantFiles) {
		t.Errorf("Files = %q", r.Files)
	}
	if got := strings.Join(r.Names(), " "); got != "b flask gunicorn psycopg2" {
		t.Errorf("Names = %q", got)
	}
	if !strings.HasPrefix(r.Problem, `requirements/base.txt:4: `) {
		t.Errorf("Problem = %q", r.Problem)
	}
	var cons []string
	for _, q := range r.Constraints {
		cons = append(cons, q.Name)
	}
	if got := strings.Join(cons, " "); got != "six flask idna" {
		t.Errorf("Constraints = %q", got)
	}
	g := r.Reqs[1]
	if g.Name != "gunicorn" || g.Line != 5 || !reflect.DeepEqual(g.Hashes, []string{"sha256:aa", "sha256:bb"}) {
		t.Errorf("gunicorn = %+v", g)
	}
	p := r.Reqs[2]
	if p.Name != "psycopg2" || p.Marker != "python_version >= '3'" || p.Line != 9 || p.File != "requirements/prod.txt" {
		t.Errorf("psycopg2 = %+v", p)
	}
	if !r.Reqs[3].Editable || r.Reqs[3].VCS != "git" || r.InstallsLocal {
		t.Errorf("editable = %+v, InstallsLocal %v", r.Reqs[3], r.InstallsLocal)
	}
	if got := strings.Join(r.NoBinary, " ") + "|" + strings.Join(r.Vars, " "); got != "psycopg2 foo-bar|TOKEN USER_X" {
		t.Errorf("NoBinary|Vars = %q", got)
	}
	if o := r.Options[1]; o.Name != "--extra-index-url" || o.Line != 2 {
		t.Errorf("option = %+v", o)
	}
}

func TestRequirementsLocal(t *testing.T) {
	for in, want := range map[string]string{
		"-e .\n": ".", ".\n": ".", "--editable=./lib[x]": "./lib", "-e lib": "lib", "a @ file:./a": "./a", "--find-links wheels": "wheels",
		"-f file:///w": "/w", "x-1.0.whl": "x-1.0.whl", "flask\nlibs/a\n": "libs/a",
	} {
		r, err := files("r.txt", in).Requirements("r.txt")
		if err != nil || !r.InstallsLocal || strings.Join(r.LocalPaths, " ") != want || r.Problem != "" {
			t.Errorf("%q: %+v, %v", in, r, err)
		}
	}
	r, err := files("r.txt", "-f https://example.com/wheels\nflask").Requirements("r.txt")
	if err != nil || r.InstallsLocal {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRequirementsProblems(t *testing.T) {
	for in, want := range map[string]string{
		"-r r.txt":                    "r.txt:1: --requirement r.txt includes itself",
		"-r a.txt":                    "a.txt:1: --requirement r.txt includes itself",
		"\n-r none.txt":               "r.txt:2: --requirement none.txt: none.txt is not in the build context",
		"-r hidden.txt":               "r.txt:1: --requirement hidden.txt: hidden.txt: hidden by .dockerignore",
		"-r ../x.txt":                 "r.txt:1: --requirement ../x.txt leaves the build context",
		"-r /app/x.txt":               "r.txt:1: --requirement /app/x.txt is an absolute path",
		"-r https://example.com/r":    "r.txt:1: --requirement names a URL",
		"-r ${ENVIRONMENT}.txt":       "r.txt:1: --requirement ${ENVIRONMENT}.txt depends on the environment",
		"--frobnicate":                `r.txt:1: option "--frobnicate" is unknown`,
		"-r":                          "r.txt:1: option --requirement has no value",
		"flask --hash='x":             "r.txt:1: quote is not closed",
		"flask -r x.txt":              "r.txt:1: option --requirement after a requirement",
		"${PKG}==1":                   "r.txt:1: requirement \"${PKG}==1\": no distribution name",
		"<<<<<<< HEAD":                "r.txt:1: requirement \"<<<<<<< HEAD\": no distribution name",
		"Package Version\n-------\n":  "r.txt:1: requirement \"Package Version\": version specifier \"Version\" not understood",
		"--require-hashes=yes":        "r.txt:1: option --require-hashes takes no value",
		"flask\n-r dir":               "r.txt:2: --requirement dir: dir: not a regular file",
		"--hash=sha256:aa":            "r.txt:1: --hash without a requirement",
		"./libs/${WHICH}":             "r.txt:1: path \"./libs/${WHICH}\" depends on the environment",
		"git+https://example.com/x y": "r.txt:1: requirement \"git+https://example.com/x y\": space in the URL",
	} {
		c := files(".dockerignore", "hidden.txt", "r.txt", in, "a.txt", "-r r.txt", "hidden.txt", "", "dir/x", "")
		r, err := c.Requirements("r.txt")
		if err != nil || r.Problem != want {
			t.Errorf("%q: %v, %v\nwant %s", in, r.Problem, err, want)
		}
	}
	if r, err := files("r.txt", "# nothing\n").Requirements("r.txt"); err != nil || r.Problem != "" || len(r.Files) != 1 {
		t.Errorf("empty: %+v, %v", r, err)
	}
}

func TestRequirementsEncodings(t *testing.T) {
	for name, text := range map[string]string{
		"utf-8 bom":      "\xef\xbb\xbfflask==1\n",
		"utf-16le":       "\xff\xfef\x00l\x00a\x00s\x00k\x00=\x00=\x001\x00\r\x00\n\x00",
		"utf-16be":       "\xfe\xff\x00f\x00l\x00a\x00s\x00k\x00=\x00=\x001\x00\n",
		"latin-1":        "# caf\xe9\nflask==1",
		"crlf":           "flask==1\r\n",
		"cr continued":   "flask\\\r==1\r",
		"crlf continued": "flask\\\r\n==1\r\n",
	} {
		r, err := files("r.txt", text).Requirements("r.txt")
		if err != nil || r.Problem != "" || len(r.Reqs) != 1 || r.Reqs[0].Name != "flask" || r.Reqs[0].Spec != "==1" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestRequirementsHostile(t *testing.T) {
	var distinct strings.Builder
	for i := 0; distinct.Len() < maxReqBytes-100; i++ {
		fmt.Fprintf(&distinct, "./lib%d\n", i)
	}
	inputs := []string{distinct.String()}
	for _, unit := range []string{"a\\\n", "-r r.txt\n", "--pre ", " ", "a#", " #", "[", "a,", "'", "--p\n", "-e .\n", "${A}", "a[b", ";", "@ ", "-"} {
		inputs = append(inputs, strings.Repeat(unit, maxReqBytes/4/len(unit)), "a>"+strings.Repeat(unit, maxReqBytes/4/len(unit)))
	}
	for _, in := range inputs {
		start := time.Now()
		if _, err := files("r.txt", in).Requirements("r.txt"); err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d > patience {
			t.Errorf("%.20q: %v", in, d)
		}
	}
}

func FuzzRequirements(f *testing.F) {
	for _, s := range []string{"flask==1 --hash=a \\\n --hash b", "-r r.txt\n-e .[x]", "a @ git+ssh://x#egg=y", "\xff\xfea", "-f 'x", "a;b", "--=x", "-\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := files("r.txt", s).Requirements("r.txt")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Count(s, "") + 1
		for _, q := range append(r.Reqs, r.Constraints...) {
			if q.Line < 1 || q.Line > lines || q.File != "r.txt" {
				t.Fatalf("%+v is at no line", q)
			}
			if q.Name == "" && q.Path == "" && q.URL == "" {
				t.Fatalf("%+v says nothing", q)
			}
			if q.Name != NormalizeName(q.Name) {
				t.Fatalf("%q is not normalised", q.Name)
			}
			if q.Local() && !r.InstallsLocal {
				t.Fatalf("%+v is local, InstallsLocal is not", q)
			}
		}
	})
}
