package buildctx

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCondaEnvironment(t *testing.T) {
	for _, c := range []struct {
		text    string
		names   []string
		local   bool
		problem bool
	}{
		{"name: a\ndependencies:\n- python=3.12\n- pip\n- pip:\n  - flask>=3  # the server\n  - 'uvicorn[standard]'\n", []string{"flask", "uvicorn"}, false, false},
		{"dependencies:\n  - numpy\n", nil, false, false},
		{"dependencies:\n  - pip:\n    - -e .\n    # no\n\n    - gunicorn\n  - numpy\nvariables:\n  A: b\n", []string{"gunicorn"}, true, false},
		{"dependencies: [python, {pip: [flask]}]\n", nil, false, true},
		{"dependencies:\n  - pip: [flask]\n", nil, false, true},
		{"dependencies:\n  - pip:\n    - |\n      flask\n", nil, false, true},
		{"dependencies:\n  - pip:\n    - *common\n", nil, false, true},
	} {
		r, err := FromFS(fstest.MapFS{"environment.yml": {Data: []byte(c.text)}}).Requirements("environment.yml")
		if err != nil {
			t.Fatal(err)
		}
		if r.InstallsLocal != c.local || (r.Problem != "") != c.problem || !c.problem && !slices.Equal(r.Names(), c.names) {
			t.Errorf("%q: %v %v %q", c.text, r.Names(), r.InstallsLocal, r.Problem)
		}
	}
}

func FuzzPipSection(f *testing.F) {
	f.Add("dependencies:\n- pip:\n  - flask\n")
	f.Add("- pip:\n - \n -")
	f.Fuzz(func(t *testing.T, text string) {
		out, ok := pipSection(text)
		if ok && strings.Count(out, "\n") > strings.Count(text, "\n")+1 {
			t.Errorf("more lines than before: %q", out)
		}
	})
}
